import type { QuotaTree } from './quota-tree.ts';

/**
 * The node whose limit decides how much of a resource a request at `id` could get now: of all on its
 * path the one with the least room, innermost first. What a node keeps for itself and does not use
 * is room that those above it are not asked for.
 * @returns null where nothing on the path has a limit
 */
export function bindingNodeOf(tree: QuotaTree, id: string, resource: string): string | null {
  let binding: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  let unasked = 0;
  for (const node of tree.pathOf(id)) {
    const { limit, committed, kept } = tree.account(node, resource);
    const room = limit - committed + unasked;
    if (room < least) [binding, least] = [node, room];
    unasked += Math.max(0, kept - committed);
  }
  return binding;
}
