import type { QuotaTree } from './quota-tree.ts';
import type { Amounts } from './types.ts';

/** From how far up a request would take what its own node has no quota for. */
export interface BorrowLevel {
  /**
   * Height of the lowest subtree whose quota covers the request: 0 = the node itself, 1 = it is
   * lent by siblings, and so on; the height of the whole tree where not even that covers it.
   */
  readonly level: number;
  /** The node of that subtree, by which levels of branches of unequal height can be compared. */
  readonly lender: string;
  /** Whether that subtree is smaller than the whole tree: what is inside it can be claimed back. */
  readonly isCovered: boolean;
}

/**
 * The highest level over the resources of a request. Requests that borrow from nearer are served
 * first: what they take was meant for their own branch (Kueue, pkg/scheduler/preemption/classical).
 */
export function borrowLevel(tree: QuotaTree, node: string, amounts: Amounts): BorrowLevel {
  let level = 0;
  let lender = node;
  let isCovered = tree.parentOf(node) !== null;
  for (const [resource, amount] of Object.entries(amounts)) {
    if (amount <= 0) continue;
    const one = levelOf(tree, node, resource, amount);
    if (one.level > level) ({ level, lender } = one);
    isCovered &&= one.isCovered;
  }
  return { level, lender, isCovered };
}

function levelOf(tree: QuotaTree, node: string, resource: string, amount: number): BorrowLevel {
  const path = tree.pathOf(node);
  if (path.length === 1) return { level: 0, lender: node, isCovered: false };
  let left = amount;
  for (const each of path) {
    const isRoot = tree.parentOf(each) === null;
    if (!tree.isBorrowing(each, resource, left)) {
      const level = each === node ? 0 : heightOf(tree, each);
      return { level, lender: each, isCovered: !isRoot };
    }
    left = tree.askedOfParent(each, resource, left);
  }
  const root = path.at(-1) ?? node;
  return { level: heightOf(tree, root), lender: root, isCovered: false };
}

/** Steps down to the furthest leaf. */
function heightOf(tree: QuotaTree, node: string): number {
  let height = 0;
  for (const child of tree.childrenOf(node)) height = Math.max(height, heightOf(tree, child) + 1);
  return height;
}
