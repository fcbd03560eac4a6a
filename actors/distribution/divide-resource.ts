import { amountText } from '../../events/amount-text.ts';
import type { Refusal } from '../../events/answers.ts';
import type { CommandOf } from '../../events/commands.ts';
import type { DistributionSets, ShareTerms } from '../../events/distribution.ts';
import type { Division, Share } from '../../events/division.ts';
import { refuse } from '../../events/refusals.ts';
import { ALLOCATIONS } from '../../events/resources.ts';
import { divide, type Part } from '../../resolver/divide.ts';
import { exactSum } from '../../resolver/share-claim.ts';
import { fits, leavesRange } from '../accounts/admission.ts';
import { strangeResource } from '../accounts/known-resource.ts';
import { typeIn } from '../accounts/registry.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { chooseMethod } from './choose-method.ts';
import { hadBefore, ORDER_OF, partOf } from './part-of.ts';
import { setAsideGrowth, supplyOf, uncommittedLimit } from './supply.ts';

/** What is asked of one division. */
type Asked = Pick<
  CommandOf<'distribute'>,
  'method' | 'sets' | 'keepPermille' | 'amounts' | 'children'
>;

/** How one resource of a parent is divided over its children, or why it cannot be. */
export function divideResource(
  team: Team,
  parent: Node,
  open: readonly Node[],
  resource: string,
  termsOf: (child: Node) => ShareTerms,
  asked: Asked,
): Division | Refusal {
  const { sets, method, keepPermille } = asked;
  const wrong = wrongResource(team, resource, sets, open);
  if (wrong !== undefined) return wrong;
  const isBack = method === 'previous';
  const known = isBack ? open.filter((child) => hadBefore(child, resource) !== null) : open;
  if (isBack && (known.length === 0 || parent.divided?.get(resource)?.sets !== sets)) {
    const message = `no ${sets}s of ${resource} were divided anew on ${parent.path}: there is nothing to go back to`;
    return refuse('malformed', message, { field: 'method' });
  }
  const children = known.filter((child) => child.accounts.get(resource)?.window == null);
  if (children.length === 0 || (asked.children !== undefined && children.length < known.length)) {
    const message = `a child of ${parent.path} has a window of ${resource} of its own, and no part in that of its parent`;
    return refuse('window_not_possible', message);
  }
  const total = totalOf(team, parent, children, resource, asked);
  if (typeof total !== 'number') return total;
  const choice = chooseMethod(team, children, termsOf, resource, total, method);
  const parts = children.map((child) =>
    partOf(team, child, resource, termsOf(child), sets, choice.method),
  );
  const wrongBounds = wrongPart(parent, resource, total, parts, children, termsOf);
  if (wrongBounds !== undefined) return wrongBounds;
  const floors = Number(exactSum(parts.map(({ floor }) => floor)));
  const wished = Number((BigInt(total) * BigInt(keepPermille)) / 1_000n);
  const kept = Math.min(wished, total - floors);
  const isLimit = sets === 'limit';
  const given = divide(total - kept, parts, ORDER_OF[choice.method], isLimit && !isBack);
  const shares = parts.map((part, place) => {
    const child = children[place] as Node;
    const { min, max } = termsOf(child);
    const is = given.get(part.id) ?? 0;
    return shareOf(team, child, resource, part, is, sets, min?.[resource], max?.[resource]);
  });
  if (!isLimit) {
    const refused = unkept(parent, children, resource, shares);
    if (refused !== undefined) return refused;
  }
  return { resource, total, kept, ...choice, shares };
}

/** What a child has by a division, as it is recorded. */
export function shareOf(
  team: Team,
  child: Node,
  resource: string,
  { id, floor, need, weight, priority }: Part,
  is: number,
  sets: DistributionSets,
  min: number | undefined,
  max: number | undefined,
): Share {
  const account = child.accounts.get(resource);
  const was = sets === 'limit' ? (account?.limit ?? null) : (account?.guarantee ?? 0);
  const isNew = sets === 'guarantee' && was === 0 && is > 0;
  const isLent = isNew && typeIn(team.resources, resource)?.class === 'capacity';
  return {
    child: id,
    was,
    is,
    floor,
    need,
    weight,
    priority,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(isLent ? { lend: null } : {}),
  };
}

/** Refuses what cannot be divided at all. */
function wrongResource(
  team: Team,
  resource: string,
  sets: DistributionSets,
  children: readonly Node[],
): Refusal | undefined {
  const strange = strangeResource(team, resource);
  if (strange !== undefined) return strange;
  const type = typeIn(team.resources, resource);
  if (type?.class === 'rate') {
    const message = `${resource} is a rate, which no node holds: set it by setLimits`;
    return refuse('malformed', message, { field: 'amounts' });
  }
  if (type?.exclusive) {
    return refuse('exclusive_resource', `${resource} is exclusive: one cannot be divided`);
  }
  if (resource !== ALLOCATIONS || sets !== 'limit') return undefined;
  for (const { liveTree, accounts, path } of children) {
    const uncounted = liveTree - (accounts.get(resource)?.heldTree ?? 0);
    if (uncounted === 0) continue;
    const message = `${uncounted} that live beneath ${path} are not counted; set it before`;
    return refuse('allocation_live', message);
  }
  return undefined;
}

/** What is divided: what is asked for, or all that there is. */
function totalOf(
  team: Team,
  parent: Node,
  children: readonly Node[],
  resource: string,
  { amounts, sets }: Asked,
): number | Refusal {
  const asked = amounts[resource] ?? 'all';
  const supply = supplyOf(team, parent, children, resource, sets);
  if (asked === 'all' && supply === null) {
    const message = `no tier over the children of ${parent.path} limits ${resource}: say how much to divide`;
    return refuse('unknown_resource', message);
  }
  const isBound = sets === 'limit' && team.policy.overcommit === 'refuse';
  const bound = isBound ? uncommittedLimit(parent, children, resource) : null;
  if (asked === 'all') return Math.min(supply as number, bound ?? Infinity);
  if (supply !== null && asked > supply) {
    const message = `${parent.path} has ${amountText(supply, resource)} for these children, not ${asked}`;
    return refuse('does_not_fit', message);
  }
  if (bound === null || asked <= bound) return asked;
  const message = `${resource}: beside the limits of its other children ${parent.path} has ${amountText(bound, resource)}, not ${asked}`;
  return refuse('overcommit_refused', message);
}

/** Refuses bounds that contradict each other, and floors that do not fit together. */
function wrongPart(
  parent: Node,
  resource: string,
  total: number,
  parts: readonly Part[],
  children: readonly Node[],
  termsOf: (child: Node) => ShareTerms,
): Refusal | undefined {
  for (const child of children) {
    const { min, max } = termsOf(child);
    const [least, most] = [min?.[resource] ?? 0, max?.[resource] ?? Infinity];
    if (least <= most) continue;
    const message = `${child.path} is to have at least ${least} and at most ${amountText(most, resource)}`;
    return refuse('malformed', message, { field: 'children' });
  }
  const floors = exactSum(parts.map(({ floor }) => floor));
  if (floors <= BigInt(total)) return undefined;
  const message = `the children of ${parent.path} have used, hold, are promised or must have ${amountText(floors, resource)}, of ${total}`;
  return refuse('does_not_fit', message);
}

/** Refuses guarantees for which there is no room on some tier. */
export function unkept(
  parent: Node,
  children: readonly Node[],
  resource: string,
  shares: readonly Share[],
): Refusal | undefined {
  const set = shares.map((share, place) => {
    const node = children[place] as Node;
    const lend = share.lend === null ? null : (node.accounts.get(resource)?.lend ?? 0);
    return { node, guarantee: share.is, lend };
  });
  const growth = setAsideGrowth(set, resource);
  if (growth <= 0) return undefined;
  if (leavesRange(parent, { [resource]: growth })) {
    return refuse('amount_out_of_range', `${resource}: a sum would leave the range of 2^53`);
  }
  if (fits(parent, { [resource]: growth })) return undefined;
  const message = `${parent.path} cannot set ${amountText(growth, resource)} aside beside what is used`;
  return refuse('guarantee_does_not_fit', message);
}
