import { compareShares, type DominantShare, dominantShare } from './dominant-share.ts';
import { priorityOf } from './may-preempt.ts';
import { compareAge, compareQueued } from './queue-order.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { Head } from './round-head.ts';
import { tried } from './trial.ts';

/**
 * Whose turn it is under fair sharing: at each node of the tree, from the leaves to the root, the
 * heads that its branches have put forward are compared, each with its request granted. A branch
 * that stays inside its quota of what is asked comes first, then the smaller weighted share, then
 * the higher priority, then the longer wait.
 *
 * Other trees do not compete; theirs come in the order of their roots' ids. After Kueue's fair
 * sharing iterator (pkg/scheduler/fair_sharing_iterator.go).
 */
export function nextByShare(tree: QuotaTree, heads: readonly Head[]): Head | undefined {
  const headAt = new Map<string, Head>();
  for (const head of [...heads].sort((a, b) => compareQueued(a.request, b.request))) {
    if (!headAt.has(head.request.node)) headAt.set(head.request.node, head);
  }
  const ways = new Set(heads.flatMap(({ request }) => tree.pathOf(request.node)));
  const root = tree.nodeIds().find((id) => ways.has(id));
  return root === undefined ? undefined : winnerAt(tree, root, headAt, ways);
}

/** A head with the branch that put it forward, as that stands after the grant. */
interface Contender {
  readonly head: Head;
  readonly isBorrowing: boolean;
  /** Null for the head of the node itself, which is no branch of it. */
  readonly share: DominantShare | null;
}

function winnerAt(
  tree: QuotaTree,
  node: string,
  headAt: ReadonlyMap<string, Head>,
  ways: ReadonlySet<string>,
): Head | undefined {
  const own = headAt.get(node);
  const contenders: Contender[] = own ? [{ head: own, isBorrowing: false, share: null }] : [];
  for (const child of tree.childrenOf(node)) {
    const head = ways.has(child) ? winnerAt(tree, child, headAt, ways) : undefined;
    if (head) contenders.push(afterGrant(tree, child, head));
  }
  return contenders.sort(compareContenders)[0]?.head;
}

function afterGrant(tree: QuotaTree, branch: string, head: Head): Contender {
  const { request } = head;
  return tried(tree, (trial) => {
    trial.add(request);
    const isBorrowing = Object.entries(request.amounts).some(
      ([resource, amount]) => amount > 0 && tree.isBorrowing(branch, resource),
    );
    return { head, isBorrowing, share: dominantShare(tree, branch) };
  });
}

function compareContenders(a: Contender, b: Contender): number {
  if (a.isBorrowing !== b.isBorrowing) return a.isBorrowing ? 1 : -1;
  return (
    compareBranchShares(a.share, b.share) ||
    priorityOf(b.head.request) - priorityOf(a.head.request) ||
    compareAge(a.head.request, b.head.request)
  );
}

function compareBranchShares(a: DominantShare | null, b: DominantShare | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return compareShares(a, b);
}
