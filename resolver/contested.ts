import type { QuotaTree } from './quota-tree.ts';
import type { LiveAllocation, PendingRequest } from './types.ts';

/** Resources of a request of which there is not enough, or those that it names itself. */
export function contestedOf(tree: QuotaTree, request: PendingRequest): readonly string[] {
  const { amounts, contested, node } = request;
  if (contested !== undefined) return contested;
  return Object.entries(amounts)
    .filter(([resource, amount]) => amount > tree.available(node, resource))
    .map(([resource]) => resource);
}

export function holdsAny({ amounts }: LiveAllocation, resources: readonly string[]): boolean {
  return resources.some((resource) => (amounts[resource] ?? 0) > 0);
}
