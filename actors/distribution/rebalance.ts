import type { Division } from '../../events/division.ts';
import type { BursarEvent } from '../../events/events.ts';
import type { RebalanceRules } from '../../events/rebalance-rules.ts';
import { divide, type Part } from '../../resolver/divide.ts';
import { exactSum } from '../../resolver/share-claim.ts';
import { dividerOf } from '../branches/branch-refusal.ts';
import { isDivided } from '../branches/share-branches.ts';
import { stamp } from '../context.ts';
import { barredFor } from '../nodes/decide-node.ts';
import { type Node, nameOf } from '../nodes/node.ts';
import { accountOfKey, type Team } from '../team.ts';
import type { Due } from '../timers.ts';
import { shareOf, unkept } from './divide-resource.ts';
import { type Divided, schedule } from './divided.ts';
import { partOf } from './part-of.ts';

/**
 * Looks at a division whose time has come: what some children do not use goes to those who
 * want it, if that is more than the dead zone. The sum of the shares stays what it is, and nobody
 * falls below what it has committed. Where nothing moves it is looked at again later.
 */
export function rebalanceDue(team: Team, due: Due, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(due.id);
  const parent = team.nodes.get(path);
  const divided = parent?.divided?.get(resource);
  const rules = team.policy.rebalance;
  if (parent === undefined || divided === undefined || rules === null) return [];
  const isOpen = barredFor(parent, 'grown') === undefined;
  const division = isOpen ? rebalanced(team, parent, resource, divided, rules) : undefined;
  if (division === undefined) {
    schedule(team, parent, resource, atMs);
    return [];
  }
  const { sets } = divided;
  const why = 'rebalance' as const;
  return [{ ...stamp('Distributed', team, atMs), path, sets, why, divisions: [division] }];
}

/** How it would be divided by demand; undefined where that is not worth it, or not possible. */
function rebalanced(
  team: Team,
  parent: Node,
  resource: string,
  divided: Divided,
  { method, deadZonePermille }: RebalanceRules,
): Division | undefined {
  const { sets } = divided;
  const children = [...parent.children]
    .filter((child) => isMovable(team, child, resource, divided))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const parts = children.map((child): Part => {
    const { weight, priority, min, max } = divided.shares.get(nameOf(child)) ?? NO_TERMS;
    const terms = {
      ...(min === undefined ? {} : { min: { [resource]: min } }),
      ...(max === undefined ? {} : { max: { [resource]: max } }),
    };
    return { ...partOf(team, child, resource, terms, sets, 'demand'), weight, priority };
  });
  const had = children.map((child) => hadOf(child, resource, sets));
  const exact = exactSum(had);
  if (exact > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const total = Number(exact);
  if (exactSum(parts.map(({ floor }) => floor)) > exact) return undefined;
  const order = method === 'fair' ? 'fair' : 'proportional';
  const given = divide(total, parts, order, true);
  let moved = 0;
  for (const [place, { id }] of parts.entries()) {
    moved += Math.max(0, (given.get(id) ?? 0) - (had[place] ?? 0));
  }
  const isWorthIt = BigInt(moved) * 1_000n > BigInt(total) * BigInt(deadZonePermille);
  if (!isWorthIt) return undefined;
  const shares = parts.map((part, place) => {
    const { min, max } = divided.shares.get(part.id) ?? NO_TERMS;
    const is = given.get(part.id) ?? 0;
    return shareOf(team, children[place] as Node, resource, part, is, sets, min, max);
  });
  if (sets === 'guarantee' && unkept(parent, children, resource, shares)) return undefined;
  const kept = total - Number(exactSum(given.values()));
  const factors = { children: parts.length, moved, deadZonePermille };
  return { resource, total, kept, method, rule: 'rebalance', factors, shares };
}

const NO_TERMS = { weight: 1_000, priority: 100, min: undefined, max: undefined };

/**
 * Whether a child took part and still can: it is open, its limit is of its parent's window, and is
 * not the share of a branch by now.
 */
function isMovable(team: Team, child: Node, resource: string, { shares, sets }: Divided): boolean {
  const account = child.accounts.get(resource);
  const run = dividerOf(child);
  if (run !== undefined && isDivided(team, run, resource)) return false;
  if (child.phase !== 'open' || account === undefined || !shares.has(nameOf(child))) return false;
  return account.window === null && (sets === 'guarantee' || account.limit !== null);
}

function hadOf(child: Node, resource: string, sets: Divided['sets']): number {
  const account = child.accounts.get(resource);
  return (sets === 'limit' ? account?.limit : account?.guarantee) ?? 0;
}
