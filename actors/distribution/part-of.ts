import type {
  DistributionMethod,
  DistributionSets,
  ShareTerms,
} from '../../events/distribution.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { DivisionOrder, Part } from '../../resolver/divide.ts';
import { type Account, newAccount } from '../accounts/account.ts';
import { isConsumable } from '../accounts/registry.ts';
import { type Node, nameOf } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { demandOf } from './measured-demand.ts';

/** A method that divides; `auto` stands for one of them. */
export type Method = Exclude<DistributionMethod, 'auto'>;

/** What needs are served first by each method. */
export const ORDER_OF: Readonly<Record<Method, DivisionOrder>> = {
  proportional: 'proportional',
  priority: 'priority',
  fair: 'fair',
  demand: 'proportional',
  goal: 'fair',
  predictive: 'proportional',
  previous: 'proportional',
};

/** A child as it takes part in the division of one resource, by what its terms and its books say. */
export function partOf(
  team: Team,
  child: Node,
  resource: string,
  terms: ShareTerms,
  sets: DistributionSets,
  method: Method,
): Part {
  const account = child.accounts.get(resource) ?? newAccount();
  const most = terms.max?.[resource] ?? null;
  const ceiling = sets === 'limit' ? null : account.limit;
  const floor = Math.max(floorOf(team, account, resource, sets), terms.min?.[resource] ?? 0);
  return {
    id: nameOf(child),
    need: needOf(team, child, resource, terms, method),
    weight: method === 'goal' ? goalWeight(terms) : (terms.weightMilli ?? child.weightMilli),
    priority: terms.priority ?? ExecutionPriority.normal,
    floor: ceiling === null ? floor : Math.min(floor, ceiling),
    max: ceiling === null ? most : Math.min(ceiling, most ?? ceiling),
  };
}

/**
 * What a share is never below: as a limit what is committed, guaranteed or promised to children; as
 * a guarantee what its children can count on, and of a consumable what is used, for it is gone.
 */
function floorOf(
  team: Team,
  { committed, guarantee, granted, childrenPromised }: Account,
  resource: string,
  sets: DistributionSets,
): number {
  const isSpent = isConsumable(team.resources, resource);
  const promised = isSpent ? 0 : childrenPromised;
  if (sets === 'guarantee') return isSpent ? committed : promised;
  // What grants add to a limit is the child's own.
  return Math.max(committed, guarantee, promised, granted);
}

function needOf(
  team: Team,
  child: Node,
  resource: string,
  { need, estimate }: ShareTerms,
  method: Method,
): number | null {
  const [given, guessed] = [need?.[resource], estimate?.[resource]];
  switch (method) {
    case 'proportional':
    case 'priority':
      return given ?? guessed ?? demandOf(team, child, resource);
    case 'demand':
      return demandOf(team, child, resource);
    case 'predictive':
      return withMargin(guessed ?? given ?? demandOf(team, child, resource));
    case 'previous':
      return hadBefore(child, resource);
    case 'fair':
    case 'goal':
      return given ?? null;
    default:
      return method satisfies never;
  }
}

/** What a child had before it was divided last; null: nothing is known, or it had no limit. */
export function hadBefore(child: Node, resource: string): number | null {
  return child.parent?.divided?.get(resource)?.shares.get(nameOf(child))?.was ?? null;
}

/** An estimate that nothing was learned about: a fifth is added, as for requests (semantics §10). */
function withMargin(estimate: number): number {
  const more = (BigInt(estimate) * 6n + 4n) / 5n;
  return Number(more < MOST ? more : MOST);
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER);

/** By how much a goal matters, times what of it is left to do; 0 where it is done. */
function goalWeight({ goal }: ShareTerms): number {
  const { weightMilli = 1_000, progressPermille = 0 } = goal ?? {};
  return weightMilli * (1_000 - progressPermille);
}
