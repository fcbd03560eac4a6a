import type { Policy } from '../events/policy.ts';
import { resourceTypeOf } from '../events/resources.ts';
import { type Account, usePermille } from './account.ts';

/** Thresholds are of consumables: a capacity that is in full use is no emergency. */
export function hasLadder(resource: string): boolean {
  return resourceTypeOf(resource)?.class === 'consumable';
}

/**
 * The rung of the emergency ladder on which an account stands: it climbs where use reaches a
 * rung's upper bound and comes down where it falls below the lower one (semantics §8).
 */
export function rungOf(ladder: Policy['ladder'], account: Account): number {
  if (account.limit === null) return 0;
  const permille = usePermille(account.spentTree + account.heldTree, account.limit);
  let rung = Math.min(account.rung, ladder.length);
  while (rung < ladder.length && permille >= (ladder[rung]?.onPermille ?? Infinity)) rung += 1;
  while (rung > 0 && permille < (ladder[rung - 1]?.offPermille ?? 0)) rung -= 1;
  return rung;
}
