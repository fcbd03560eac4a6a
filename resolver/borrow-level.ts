import type { QuotaTree } from './quota-tree.ts';
import type { Amounts } from './types.ts';

/** From how far up a request would take what its own node has no quota for. */
export interface BorrowLevel {
  /**
   * Height of the lowest subtree whose quota covers the request: 0 = the node itself, 1 = it is
   * lent by siblings, and so on; the height of the whole tree where not even that covers it.
   */
  readonly level: number;
  /** Whether that subtree is smaller than the whole tree: what is inside it can be claimed back. */
  readonly isCovered: boolean;
}

/**
 * The highest level over the resources of a request. Requests that borrow from nearer are served
 * first: what they take was meant for their own branch (Kueue, pkg/scheduler/preemption/classical).
 */
export function borrowLevel(tree: QuotaTree, node: string, amounts: Amounts): BorrowLevel {
  let level = 0;
  let isCovered = tree.parentOf(node) !== null;
  for (const [resource, amount] of Object.entries(amounts)) {
    if (amount <= 0) continue;
    const one = levelOf(tree, node, resource, amount);
    level = Math.max(level, one.level);
    isCovered &&= one.isCovered;
  }
  return { level, isCovered };
}

function levelOf(tree: QuotaTree, node: string, resource: string, amount: number): BorrowLevel {
  const path = tree.pathOf(node);
  if (path.length === 1) return { level: 0, isCovered: false };
  let left = amount;
  for (const each of path) {
    const isRoot = tree.parentOf(each) === null;
    if (!tree.isBorrowing(each, resource, left)) {
      return { level: each === node ? 0 : heightOf(tree, each), isCovered: !isRoot };
    }
    left = tree.askedOfParent(each, resource, left);
  }
  return { level: heightOf(tree, path.at(-1) ?? node), isCovered: false };
}

/** Steps down to the furthest leaf. */
function heightOf(tree: QuotaTree, node: string): number {
  let height = 0;
  for (const child of tree.childrenOf(node)) height = Math.max(height, heightOf(tree, child) + 1);
  return height;
}
