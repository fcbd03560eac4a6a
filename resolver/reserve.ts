import { borrowLevel } from './borrow-level.ts';
import { contestedOf } from './contested.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { Head } from './round-head.ts';
import type { PendingRequest } from './types.ts';

/**
 * What a head that must wait keeps from others meanwhile: what it could claim of its own node, up
 * to its limit where it has to borrow. Nothing, where it can take back all that is its own anyway,
 * or where no eviction would ever be for it.
 */
export function reserveOf(
  tree: QuotaTree,
  { request, borrowLevels }: Head,
  order: 'classic' | 'fair',
): Record<string, number> {
  const { node, amounts } = request;
  const { reclaim } = tree.preemptionOf(node);
  if (reclaim === 'any') return {};
  // Under fair sharing a share gives the right to borrow by eviction too.
  const isByShare = order === 'fair' && reclaim !== 'never';
  if (!isByShare && !mayHopeForAll(tree, request)) return {};
  const reserve: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(amounts)) {
    const { committed, guarantee, limit } = tree.account(node, resource);
    const room = (borrowLevels > 0 ? limit : guarantee) - committed;
    reserve[resource] = Math.max(0, Math.min(amount, room));
  }
  return reserve;
}

/** Whether each resource of which there is too little could be had by an eviction some day. */
function mayHopeForAll(tree: QuotaTree, request: PendingRequest): boolean {
  const { node, amounts } = request;
  const { withinNode, whileBorrowing } = tree.preemptionOf(node);
  if (withinNode !== 'never' || whileBorrowing.policy !== 'never') return true;
  return contestedOf(tree, request).every((resource) => {
    const amount = amounts[resource] ?? 0;
    if (amount <= tree.account(node, resource).guarantee) return true;
    return borrowLevel(tree, node, { [resource]: amount }).isCovered;
  });
}
