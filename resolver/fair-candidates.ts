import { holdsAny } from './contested.ts';
import { isWithin } from './fair-branches.ts';
import { mayPreempt, priorityOf } from './may-preempt.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { LiveAllocation, PendingRequest } from './types.ts';

/**
 * Who may be asked to give under fair sharing, cheapest first: holders of a contested resource, of
 * the requester's own node as its policy for within allows, and of nodes of the same tree that
 * borrow a contested resource as its policy for reclaim allows. What `whileBorrowing` says plays no
 * part here: above its quota a request gets by its share, not by its priority.
 */
export function fairCandidates(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  contested: readonly string[],
): LiveAllocation[] {
  const { withinNode, reclaim } = tree.preemptionOf(request.node);
  const root = tree.pathOf(request.node).at(-1);
  const isLegal = (holder: LiveAllocation): boolean => {
    if (holder.preemptible === false || !holdsAny(holder, contested)) return false;
    if (isWithin(tree, holder.node, request.node)) return mayPreempt(withinNode, request, holder);
    // A node on the requester's own way up is no branch that could be compared with it.
    if (isWithin(tree, request.node, holder.node)) return false;
    if (tree.pathOf(holder.node).at(-1) !== root) return false;
    if (!contested.some((resource) => tree.isBorrowing(holder.node, resource))) return false;
    return mayPreempt(reclaim, request, holder);
  };
  return live.filter(isLegal).sort((a, b) => (isCheaper(a, b) ? -1 : 1));
}

/** Which of two candidates gives first: leaving already, lower priority, younger, by id. */
export function isCheaper(a: LiveAllocation, b: LiveAllocation): boolean {
  const [isLeavingA, isLeavingB] = [a.state === 'evicting', b.state === 'evicting'];
  if (isLeavingA !== isLeavingB) return isLeavingA;
  const [priorityA, priorityB] = [priorityOf(a), priorityOf(b)];
  if (priorityA !== priorityB) return priorityA < priorityB;
  if (a.grantedAtMs !== b.grantedAtMs) return a.grantedAtMs > b.grantedAtMs;
  return a.id < b.id;
}
