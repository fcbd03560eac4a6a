import type { Node } from './node.ts';
import type { Allocation } from './team.ts';

/** The live allocations of a node and of all beneath it. */
export function* allocationsBeneath(node: Node): Generator<Allocation> {
  if (node.liveTree === 0) return;
  if (node.allocations !== undefined) yield* node.allocations;
  for (const child of node.children) yield* allocationsBeneath(child);
}

/** At most `max` of them that hold some of a resource; looks only where any is held. */
export function holdersBeneath(
  node: Node,
  resource: string,
  max = Infinity,
  found: Allocation[] = [],
): Allocation[] {
  if ((node.accounts.get(resource)?.heldTree ?? 0) === 0) return found;
  if (node.allocations !== undefined) {
    for (const allocation of node.allocations) {
      if (found.length >= max) return found;
      if ((allocation.items[resource] ?? 0) > 0) found.push(allocation);
    }
  }
  for (const child of node.children) {
    if (found.length >= max) return found;
    holdersBeneath(child, resource, max, found);
  }
  return found;
}
