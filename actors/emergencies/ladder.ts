import type { Policy } from '../../events/policy.ts';
import { type Account, usePermille } from '../accounts/account.ts';
import { isConsumable } from '../accounts/registry.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/**
 * The ladder is of consumables of team and swarm that have no thresholds of their own: a capacity
 * that is in full use is no emergency.
 */
export function hasLadder(
  { resources }: Team,
  { tier, accounts }: Node,
  resource: string,
): boolean {
  if (tier !== 'team' && tier !== 'swarm') return false;
  const account = accounts.get(resource);
  if (account === undefined || account.limit === null || account.alerts !== null) return false;
  return isConsumable(resources, resource);
}

/**
 * The limit that use is measured by: less what the emergency reserve keeps, which nobody else can
 * use. So what is left for ordinary work is exhausted at 100 %, reserve or not.
 */
export function ladderLimit({ limit, reserved }: Pick<Account, 'limit' | 'reserved'>): number {
  return (limit ?? 0) - reserved;
}

/**
 * The rung of the emergency ladder on which an account stands: it climbs where use reaches a
 * rung's upper bound and comes down where it falls below the lower one (semantics §8).
 */
export function rungOf(ladder: Policy['ladder'], account: Account): number {
  if (account.limit === null) return 0;
  const permille = usePermille(account.spentTree + account.heldTree, ladderLimit(account));
  let rung = Math.min(account.rung, ladder.length);
  while (rung < ladder.length && permille >= (ladder[rung]?.onPermille ?? Infinity)) rung += 1;
  while (rung > 0 && permille < (ladder[rung - 1]?.offPermille ?? 0)) rung -= 1;
  return rung;
}
