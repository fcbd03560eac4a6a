import { parentPathOf } from '../../events/names.ts';
import type { ModelNode, Nodes } from './nodes.ts';

/**
 * What was used on a node itself, by the windows in whose past it lies: the names of the nodes that
 * define them, each between spaces. A use counts on a node unless the window over it has ended since.
 */
export type Uses = Map<string, number>;

/** Whether a use lies in the past of a window. */
export function lies(past: string, window: string | null): boolean {
  return window !== null && past.includes(` ${window} `);
}

/** S §4: spent on a node and beneath, in the window over each of some nodes. */
export function spentTree(
  nodes: Nodes,
  node: ModelNode,
  resource: string,
  ...windows: (string | null)[]
): number {
  let sum = 0;
  for (const [past, amount] of node.accounts.get(resource)?.uses ?? []) {
    if (windows.every((window) => !lies(past, window))) sum += amount;
  }
  for (const path of node.children) {
    const child = nodes.get(path);
    if (child !== undefined) sum += spentTree(nodes, child, resource, ...windows);
  }
  return sum;
}

/** Spent on the node itself, with what children spent in windows of theirs that have ended. */
export function spentOwn(nodes: Nodes, node: ModelNode, resource: string): number {
  const window = windowOver(nodes, node, resource);
  let sum = spentTree(nodes, node, resource, window);
  for (const path of node.children) {
    const child = nodes.get(path);
    if (child === undefined) continue;
    sum -= spentTree(nodes, child, resource, window, windowOver(nodes, child, resource));
  }
  return sum;
}

/** Of what a node has committed, what is none of its parent's: debt, and use before its window. */
export function uncounted(nodes: Nodes, node: ModelNode, resource: string): number {
  const parent = nodes.get(parentPathOf(node.path) ?? '');
  const account = node.accounts.get(resource);
  if (account === undefined || account.window === null) return 0;
  if (parent === undefined) return account.carried;
  const above = windowOver(nodes, parent, resource);
  const own = spentTree(nodes, node, resource, node.path);
  return account.carried + own - spentTree(nodes, node, resource, node.path, above);
}

/** The node that defines the window over a node, or null. */
export function windowOver(nodes: Nodes, from: ModelNode, resource: string): string | null {
  for (
    let node: ModelNode | undefined = from;
    node !== undefined;
    node = nodes.get(parentPathOf(node.path) ?? '')
  ) {
    if (node.accounts.get(resource)?.window != null) return node.path;
  }
  return null;
}
