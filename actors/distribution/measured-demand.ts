import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/**
 * What a node wants of a resource by what it does: what it has spent in the current window
 * and holds, with all beneath, and what requests wait for there. Counted from the books, so a replay
 * counts the same. O(requests that wait beneath it).
 */
export function demandOf(team: Team, node: Node, resource: string): number {
  const account = node.accounts.get(resource);
  let demand = account === undefined ? 0 : account.spentTree + account.heldTree;
  for (const { ask, earmarked } of team.waiters.beneath(node.path)) {
    // What is set aside for it comes out of the same room.
    const asked = ask.items[resource]?.amount ?? team.policy.bounds[resource] ?? 0;
    demand += Math.max(asked, earmarked[resource] ?? 0);
    if (demand >= Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
  }
  return demand;
}
