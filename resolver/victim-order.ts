import { priorityOf } from './may-preempt.ts';
import { compareIds } from './ratio.ts';
import type { LiveAllocation } from './types.ts';

/**
 * In which order holders would be asked to give way to a request at a node: those who are leaving
 * already, those of other nodes, lower priority, those that can shrink instead of leaving, the
 * youngest, then by id (Kueue, preemption/common/ordering.go).
 */
export function orderVictims(
  holders: readonly LiveAllocation[],
  requester: string,
): LiveAllocation[] {
  const ownLast = ({ node }: LiveAllocation) => (node === requester ? 1 : 0);
  return [...holders].sort(
    (a, b) => compareLeaving(a, b) || ownLast(a) - ownLast(b) || compareWorth(a, b),
  );
}

/** Those whose eviction is issued already come first: taking them costs nothing. */
export function compareLeaving(a: LiveAllocation, b: LiveAllocation): number {
  const staysLast = ({ state }: LiveAllocation) => (state === 'evicting' ? 0 : 1);
  return staysLast(a) - staysLast(b);
}

/** Lower priority first, then the divisible, the youngest (granted later at one instant), the id. */
export function compareWorth(a: LiveAllocation, b: LiveAllocation): number {
  const wholeLast = ({ min }: LiveAllocation) => (min === undefined ? 1 : 0);
  return (
    priorityOf(a) - priorityOf(b) ||
    wholeLast(a) - wholeLast(b) ||
    b.grantedAtMs - a.grantedAtMs ||
    (b.grantNo ?? 0) - (a.grantNo ?? 0) ||
    compareIds(a.id, b.id)
  );
}
