import type { Allocation } from '../team.ts';
import type { Node } from './node.ts';

/** The live allocations of a node and of all beneath it. */
export function* allocationsBeneath(node: Node): Generator<Allocation> {
  if (node.liveTree === 0) return;
  if (node.allocations !== undefined) yield* node.allocations;
  for (const child of node.children) yield* allocationsBeneath(child);
}
