import type { Amounts, TreeNode } from './types.ts';

/** What is used at a node, or asked for. */
export interface UseAtNode {
  readonly node: string;
  readonly amounts: Amounts;
}

/**
 * What every node uses with all beneath it. A correction may leave less than nothing in use; that
 * counts as nothing where shares are compared.
 */
export function useByNode(
  nodes: readonly TreeNode[],
  uses: readonly UseAtNode[],
): ReadonlyMap<string, Amounts> {
  const parents = new Map(nodes.map(({ id, parent }) => [id, parent]));
  const totals = new Map<string, Record<string, number>>(nodes.map(({ id }) => [id, {}]));
  for (const { node, amounts } of uses) {
    for (let id: string | null = node; id !== null; id = parents.get(id) ?? null) {
      const total = totals.get(id) ?? {};
      for (const [resource, amount] of Object.entries(amounts)) {
        total[resource] = (total[resource] ?? 0) + amount;
      }
    }
  }
  return totals;
}
