import type { Node } from './node.ts';

/**
 * Whether a step that a request opened closes when `endingCount` more of its allocations end. It
 * stays while somebody has made it more than that: by a freeze, a stop, a closing of its own, a
 * request that waits or collects on it.
 */
export function closesWith(node: Node, endingCount: number): boolean {
  if (!node.isAuto || node.tier !== 'step' || node.phase !== 'open') return false;
  if (node.liveOwn !== endingCount) return false;
  if (node.stops !== undefined && node.stops.size > 0) return false;
  if (node.queues !== undefined && node.queues.size > 0) return false;
  if (node.reservations !== undefined) return false;
  for (const account of node.accounts.values()) if (account.earmarked > 0) return false;
  return true;
}

/** Whether a step that a request opened has outlived its last allocation for such a reason. */
export function isIdleAutoStep(node: Node): boolean {
  return closesWith(node, 0);
}
