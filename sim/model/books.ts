import { parentPathOf } from '../../events/names.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Account, ModelNode, Nodes } from './nodes.ts';
import { spentOwn, uncounted } from './spent.ts';

/** S §4: own sums and, for each child, what it uses or is guaranteed and does not lend, whichever is more. */
export function committed(nodes: Nodes, node: ModelNode, resource: string): number {
  const account = node.accounts.get(resource);
  if (account?.committed !== undefined) return account.committed;
  let sum = account === undefined ? 0 : sumOf(account) + spentOwn(nodes, node, resource);
  for (const path of node.children) {
    const child = nodes.get(path);
    if (child !== undefined) sum += setAside(nodes, child, resource);
  }
  if (account !== undefined) account.committed = sum;
  return sum;
}

/** What a parent sets aside for a child: its guarantee less what it lends, or what it has committed. */
export function setAside(nodes: Nodes, child: ModelNode, resource: string): number {
  const counted = committed(nodes, child, resource) - uncounted(nodes, child, resource);
  return Math.max(unlent(child.accounts.get(resource)), counted);
}

/** What of a guarantee nobody else may use. */
export function unlent(account: Pick<Account, 'guarantee' | 'lend'> | undefined): number {
  if (account === undefined || account.lend === null) return 0;
  return Math.max(0, account.guarantee - account.lend);
}

function sumOf({ held, earmarked, booked, reserved, carried }: Account): number {
  return held + earmarked + booked + reserved + carried;
}

/** Own held with all descendants. */
export function treeSum(
  nodes: Nodes,
  node: ModelNode,
  resource: string,
  field: 'held' | 'earmarked',
): number {
  let sum = node.accounts.get(resource)?.[field] ?? 0;
  for (const path of node.children) {
    const child = nodes.get(path);
    if (child !== undefined) sum += treeSum(nodes, child, resource, field);
  }
  return sum;
}

/** Limit less committed, below 0 where short; infinite without a limit. */
export function room(nodes: Nodes, node: ModelNode, resource: string): number {
  const limit = node.accounts.get(resource)?.limit ?? null;
  return limit === null ? Number.POSITIVE_INFINITY : limit - committed(nodes, node, resource);
}

/** What an ask needs at one tier. */
export interface Need {
  readonly node: ModelNode;
  readonly resource: string;
  readonly need: number;
  readonly room: number;
}

/**
 * S §4: the walk to the root. At each tier the growth that is asked of it; a parent is asked only
 * for the growth of what it sets aside. Tiers that are asked for nothing are left out.
 */
export function needs(nodes: Nodes, path: string, amounts: Amounts): Need[] {
  const found: Need[] = [];
  for (const [resource, amount] of Object.entries(amounts)) {
    let need = amount;
    let node = nearest(nodes, path);
    // A missing step or run has no account: its whole need is its parent's.
    while (node !== undefined && need > 0) {
      found.push({ node, resource, need, room: room(nodes, node, resource) });
      const before = setAside(nodes, node, resource);
      const used = committed(nodes, node, resource) - uncounted(nodes, node, resource);
      need = Math.max(unlent(node.accounts.get(resource)), used + need) - before;
      node = parentOf(nodes, node);
    }
  }
  return found;
}

/** Whether an ask fits every tier for every resource, as S §4 wants it. */
export function fits(nodes: Nodes, path: string, amounts: Amounts): boolean {
  return needs(nodes, path, amounts).every(({ need, room: left }) => need <= left);
}

/** The most of one resource that still fits on every tier of a path; infinite without limits. */
export function pathRoom(nodes: Nodes, path: string, resource: string): number {
  const node = nearest(nodes, path);
  if (node === undefined) return Number.POSITIVE_INFINITY;
  const parent = parentOf(nodes, node);
  const above =
    parent === undefined ? Number.POSITIVE_INFINITY : pathRoom(nodes, parent.path, resource);
  const counted = committed(nodes, node, resource) - uncounted(nodes, node, resource);
  const kept = setAside(nodes, node, resource) - counted;
  return Math.max(0, Math.min(room(nodes, node, resource), kept + above));
}

/** The tightest limit over a path, or null. */
export function pathLimit(nodes: Nodes, path: string, resource: string): number | null {
  let tightest: number | null = null;
  for (let node = nearest(nodes, path); node !== undefined; node = parentOf(nodes, node)) {
    const limit = node.accounts.get(resource)?.limit ?? null;
    if (limit !== null && (tightest === null || limit < tightest)) tightest = limit;
  }
  return tightest;
}

/** The open node of a path, or its nearest open ancestor. */
export function nearest(nodes: Nodes, path: string): ModelNode | undefined {
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
    const node = nodes.get(at);
    if (node !== undefined) return node;
  }
  return undefined;
}

export function parentOf(nodes: Nodes, node: ModelNode): ModelNode | undefined {
  const path = parentPathOf(node.path);
  return path === undefined ? undefined : nodes.get(path);
}

/** Adds to one own sum and forgets what was counted over the path. */
export function add(
  nodes: Nodes,
  path: string,
  field: 'held' | 'earmarked' | 'booked' | 'reserved',
  amounts: Amounts,
  sign: 1 | -1 = 1,
): void {
  const node = nodes.get(path);
  if (node === undefined) return;
  for (const [resource, amount] of Object.entries(amounts)) {
    accountOf(nodes, node, resource)[field] += sign * amount;
    touch(nodes, node, resource);
  }
}

/** The account of a resource, made with those of all ancestors where it is missing. */
export function accountOf(nodes: Nodes, node: ModelNode, resource: string): Account {
  const known = node.accounts.get(resource);
  if (known !== undefined) return known;
  const made: Account = {
    limit: null,
    base: null,
    granted: 0,
    guarantee: 0,
    lend: 0,
    overrunLimit: null,
    held: 0,
    uses: new Map(),
    carried: 0,
    window: null,
    grants: new Map(),
    hasThresholds: false,
    told: {},
    earmarked: 0,
    booked: 0,
    reserved: 0,
    reserveTarget: 0,
    shedUntilMs: null,
    peakHeld: 0,
    rung: 0,
  };
  node.accounts.set(resource, made);
  const parent = parentOf(nodes, node);
  if (parent !== undefined) accountOf(nodes, parent, resource);
  return made;
}

/** Forgets the counted sums of one resource from a node up to the root. */
export function touch(nodes: Nodes, node: ModelNode, resource: string): void {
  for (let at: ModelNode | undefined = node; at !== undefined; at = parentOf(nodes, at)) {
    const account = at.accounts.get(resource);
    if (account !== undefined) delete account.committed;
  }
}
