import type { QuotaTree } from './quota-tree.ts';
import type { LiveAllocation } from './types.ts';

/** The nodes from a holder's own up to where its branch meets a request's, which is not among them. */
export function branchOf(tree: QuotaTree, holder: string, requester: string): readonly string[] {
  const own = new Set(tree.pathOf(requester));
  const path = tree.pathOf(holder);
  const meetsAt = path.findIndex((node) => own.has(node));
  return path.slice(0, meetsAt === -1 ? path.length : meetsAt);
}

/**
 * Whether every node of a branch would still have its guarantee in use of the contested resources
 * that a holder there gives back. Asked with the holder out of the tree.
 */
export function keepsGuarantees(
  tree: QuotaTree,
  branch: readonly string[],
  { amounts }: LiveAllocation,
  contested: readonly string[],
): boolean {
  const given = contested.filter((resource) => (amounts[resource] ?? 0) > 0);
  return branch.every((node) =>
    given.every((resource) => {
      const { committed, guarantee } = tree.account(node, resource);
      return committed >= guarantee;
    }),
  );
}
