import type { Earlier } from '../../events/events.ts';
import { type Amounts, resourceTypeOf } from '../../events/resources.ts';
import { accountOf, parentOf, touch } from './books.ts';
import type { Account, ModelNode, Nodes } from './nodes.ts';
import { lies } from './spent.ts';

/** Books a use, or with -1 takes it back; earlier parts lie in the past of windows begun since. */
export function use(
  nodes: Nodes,
  path: string,
  amounts: Amounts,
  earlier: Earlier | undefined,
  sign: 1 | -1 = 1,
): void {
  const node = nodes.get(path);
  if (node === undefined) return;
  const now: Record<string, number> = { ...amounts };
  for (const { usedAtMs, amounts: part } of earlier ?? []) {
    for (const [resource, amount] of Object.entries(part)) {
      now[resource] = (now[resource] ?? 0) - amount;
      put(nodes, node, resource, pastAt(nodes, node, resource, usedAtMs), sign * amount);
    }
  }
  for (const [resource, amount] of Object.entries(now)) {
    if (resourceTypeOf(resource)?.class === 'consumable') {
      put(nodes, node, resource, '', sign * amount);
    }
  }
}

/** A window ends: everything used beneath it so far lies in its past. */
export function endWindow(nodes: Nodes, node: ModelNode, resource: string): void {
  leaveBehind(nodes, node, resource, node.path, () => true);
}

/** A new window begins when the one above it began: what lies in the past of that lies in its. */
export function beginLike(nodes: Nodes, node: ModelNode, resource: string, above: string): void {
  leaveBehind(nodes, node, resource, node.path, (past) => lies(past, above));
}

/** What a closed node has used becomes its parent's. */
export function moveUses(nodes: Nodes, from: Account, to: ModelNode, resource: string): void {
  for (const [past, amount] of from.uses) put(nodes, to, resource, past, amount);
}

function leaveBehind(
  nodes: Nodes,
  node: ModelNode,
  resource: string,
  window: string,
  isMeant: (past: string) => boolean,
): void {
  const account = accountOf(nodes, node, resource);
  const before = [...account.uses];
  account.uses.clear();
  for (const [past, amount] of before) {
    const isNew = isMeant(past) && !lies(past, window);
    put(nodes, node, resource, isNew ? sorted(`${past} ${window} `) : past, amount);
  }
  touch(nodes, node, resource);
  for (const path of node.children) {
    const child = nodes.get(path);
    if (child !== undefined) leaveBehind(nodes, child, resource, window, isMeant);
  }
}

function sorted(past: string): string {
  const names = past.split(' ').filter((name) => name !== '');
  return names.length === 0 ? '' : ` ${names.sort().join(' ')} `;
}

function pastAt(nodes: Nodes, from: ModelNode, resource: string, usedAtMs: number): string {
  let past = '';
  for (let node: ModelNode | undefined = from; node !== undefined; node = parentOf(nodes, node)) {
    const window = node.accounts.get(resource)?.window;
    if (window != null && usedAtMs < window.startsAtMs) past += ` ${node.path} `;
  }
  return sorted(past);
}

function put(nodes: Nodes, node: ModelNode, resource: string, past: string, amount: number): void {
  const { uses } = accountOf(nodes, node, resource);
  const sum = (uses.get(past) ?? 0) + amount;
  if (sum === 0) uses.delete(past);
  else uses.set(past, sum);
  touch(nodes, node, resource);
}
