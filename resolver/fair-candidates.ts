import { holdsAny } from './contested.ts';
import { mayPreempt } from './may-preempt.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { LiveAllocation, PendingRequest } from './types.ts';
import { compareLeaving, compareWorth } from './victim-order.ts';

/**
 * Who may be asked to give under fair sharing: holders of a contested resource, of
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
  const sideOf = sidesOf(tree, request.node, contested);
  const isLegal = (holder: LiveAllocation): boolean => {
    if (holder.preemptible === false || !holdsAny(holder, contested)) return false;
    const side = sideOf(holder.node);
    if (side === 'none') return false;
    return mayPreempt(side === 'own' ? withinNode : reclaim, request, holder);
  };
  return live.filter(isLegal);
}

/** Of each node: the requester's own, one that borrows what is contested, or out of its reach. */
function sidesOf(
  tree: QuotaTree,
  requester: string,
  contested: readonly string[],
): (node: string) => 'own' | 'borrower' | 'none' {
  const own = new Set(tree.pathOf(requester));
  const root = tree.pathOf(requester).at(-1);
  const judge = (node: string) => {
    const path = tree.pathOf(node);
    if (path.includes(requester)) return 'own';
    // A node on the requester's own way up is no branch that could be compared with it.
    if (own.has(node) || path.at(-1) !== root) return 'none';
    return contested.some((resource) => tree.isBorrowing(node, resource)) ? 'borrower' : 'none';
  };
  const known = new Map<string, ReturnType<typeof judge>>();
  return (node) => {
    const side = known.get(node) ?? judge(node);
    known.set(node, side);
    return side;
  };
}

/** Which of two candidates gives first: one that is leaving already, then the one worth less. */
export function isCheaper(a: LiveAllocation, b: LiveAllocation): boolean {
  return (compareLeaving(a, b) || compareWorth(a, b)) < 0;
}
