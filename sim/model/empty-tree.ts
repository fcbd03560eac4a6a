import { isWithin } from '../../events/names.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { Amounts } from '../../events/resources.ts';
import { nearest, parentOf, unlent } from './books.ts';
import type { ModelNode } from './nodes.ts';
import type { State } from './state.ts';

/** S §7: whether an ask would not fit even if nobody held or had spent anything. */
export function neverFits(state: State, path: string, amounts: Amounts, priority: number): boolean {
  return Object.entries(amounts).some(([resource, amount]) => {
    let need = amount;
    for (
      let node = nearest(state.nodes, path);
      node && need > 0;
      node = parentOf(state.nodes, node)
    ) {
      const account = node.accounts.get(resource);
      const kept = keptBeneath(state, node, resource);
      // Whoever may come to draw from the reserve could have all of it.
      const isFor = priority >= ExecutionPriority.critical;
      const reserved = isFor ? 0 : (account?.reserveTarget ?? 0);
      const limit = isShare(state, node, resource) ? null : account?.limit;
      if (need > (limit ?? Number.POSITIVE_INFINITY) - kept - reserved) return true;
      const own = unlent(account);
      need = Math.max(own, kept + need) - Math.max(own, kept);
    }
    return false;
  });
}

/** T-15: the limit of a branch is its share, which grows when others leave. */
function isShare(state: State, node: ModelNode, resource: string): boolean {
  const run = node.isBranch ? parentOf(state.nodes, node) : undefined;
  return (run?.accounts.get(resource)?.limit ?? null) !== null;
}

/** What the guarantees of its children take of a node in which nothing is used. */
function keptBeneath(state: State, node: ModelNode, resource: string): number {
  let kept = 0;
  for (const path of node.children) {
    const child = state.nodes.get(path);
    if (child === undefined || !isWithin(path, node.path)) continue;
    kept += Math.max(unlent(child.accounts.get(resource)), keptBeneath(state, child, resource));
  }
  return kept;
}
