import type { Amounts } from '../../events/resources.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/**
 * Whether use above what was held is more than a settle may book without a freeze of its run: the
 * lowest bound counts, of policy `overrunMax` and of `overrunLimit` on any tier of the path
 * (semantics §6.1).
 */
export function isFarOver(team: Team, from: Node, overrun: Amounts | undefined): boolean {
  for (const resource in overrun) {
    if ((overrun[resource] as number) > overrunLimitOf(team, from, resource)) return true;
  }
  return false;
}

function overrunLimitOf(team: Team, from: Node, resource: string): number {
  let lowest = team.policy.overrunMax?.[resource] ?? Infinity;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const limit = node.accounts.get(resource)?.overrunLimit ?? null;
    if (limit !== null && limit < lowest) lowest = limit;
  }
  return lowest;
}
