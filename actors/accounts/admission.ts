import type { Shortage } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Node } from '../nodes/node.ts';
import { type Account, askedAbove, availableIn, promisedTo, setAsideOf } from './account.ts';

/**
 * Hypothetical changes of `committed`, for planning: what would fit if these allocations were
 * gone. Nothing in the team changes.
 */
export class Overlay {
  readonly #committed = new Map<Account, number>();

  committedOf(account: Account): number {
    return account.committed + (this.#committed.get(account) ?? 0);
  }

  /** Pretends all of these changes at once; `sign` -1 takes them back. */
  addAll(from: Node, changes: Amounts, sign: 1 | -1 = 1): void {
    for (const resource in changes) this.add(from, resource, sign * (changes[resource] as number));
  }

  /** Pretends that a node holds `change` more (or less) of a resource. */
  add(from: Node, resource: string, change: number): void {
    let growth = change;
    for (let node: Node | undefined = from; node && growth !== 0; node = node.parent) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      const asked = askedAbove(account, this.committedOf(account), growth);
      this.#committed.set(account, (this.#committed.get(account) ?? 0) + growth);
      growth = asked;
    }
  }
}

/**
 * The walk that decides: must every tier take `amount` more of a resource at `from`? A parent is
 * asked only for the growth of what its child sets aside. Calls `visit` on each asked account.
 */
function walk(
  from: Node,
  resource: string,
  amount: number,
  overlay: Overlay | undefined,
  visit: (node: Node, account: Account, needed: number, available: number) => void,
  below?: Node,
): void {
  let needed = amount;
  for (let node: Node | undefined = from; node && needed > 0; node = node.parent) {
    if (node === below) return;
    const account = node.accounts.get(resource);
    if (account === undefined) continue;
    const committed = overlay === undefined ? account.committed : overlay.committedOf(account);
    const limit = account.limit ?? Infinity;
    visit(node, account, needed, limit - committed);
    needed = askedAbove(account, committed, needed);
  }
}

/** Whether all items fit on every tier from `from` to the root. The hot path: no allocation. */
export function fits(from: Node, items: Amounts, overlay?: Overlay): boolean {
  for (const resource in items) {
    let needed = items[resource] as number;
    for (let node: Node | undefined = from; node && needed > 0; node = node.parent) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      const committed = overlay === undefined ? account.committed : overlay.committedOf(account);
      if (account.limit !== null && needed > account.limit - committed) return false;
      needed = askedAbove(account, committed, needed);
    }
  }
  return true;
}

/**
 * Every account that cannot take the items, innermost first.
 * @param below looks only at the tiers beneath this node
 */
export function shortagesOf(
  from: Node,
  items: Amounts,
  overlay?: Overlay,
  below?: Node,
): Shortage[] {
  const short: Shortage[] = [];
  for (const [resource, amount] of Object.entries(items)) {
    const note = (node: Node, _account: Account, needed: number, available: number) => {
      if (needed <= available) return;
      short.push({ path: node.path, resource, needed, available: Math.max(0, available) });
    };
    walk(from, resource, amount, overlay, note, below);
  }
  return short;
}

/** The short account nearest the root: there the request waits. */
export function outermostOf(short: readonly Shortage[]): Shortage {
  return short.reduce((outer, next) => (next.path.length < outer.path.length ? next : outer));
}

/** Largest amount of one resource, at most `wanted`, that fits from a node to the root. */
export function roomFor(from: Node, resource: string, wanted: number): number {
  return Math.min(wanted, roomAt(from, resource));
}

/**
 * Room at a node: its own, and no more than its parent can take beyond what is set aside for the
 * node and not used yet. Infinity where no tier has a limit.
 */
function roomAt(node: Node, resource: string): number {
  const above = node.parent === undefined ? Infinity : roomAt(node.parent, resource);
  const account = node.accounts.get(resource);
  if (account === undefined) return above;
  const unused = Math.max(0, setAsideOf(account) - account.committed);
  return Math.max(0, Math.min(availableIn(account), unused + above));
}

/**
 * Whether the amount would not even fit an empty tree: only guarantees set aside, and reserves.
 * @param isKept whether emergency reserves are not for this request
 */
export function neverFits(from: Node, items: Amounts, isKept: boolean): boolean {
  for (const [resource, amount] of Object.entries(items)) {
    let needed = amount;
    for (let node: Node | undefined = from; node && needed > 0; node = node.parent) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      const { limit, childrenIdle, reserveTarget } = account;
      const kept = childrenIdle + (isKept ? reserveTarget : 0);
      const isBound = limit !== null && !isShareOf(node, resource);
      if (isBound && needed > limit - kept) return true;
      needed = askedAbove(account, childrenIdle, needed);
    }
  }
  return false;
}

/** Whether a limit is the share of a branch: it grows when others leave, up to that of the run. */
function isShareOf({ isBranch, parent }: Node, resource: string): boolean {
  return isBranch && (parent?.accounts.get(resource)?.limit ?? null) !== null;
}

/**
 * Whether the children of a node can count on so much more, beside what they and others were
 * promised before; what is lent meanwhile does not matter.
 */
export function promiseFits(parent: Node, resource: string, growth: number): boolean {
  let needed = growth;
  for (let node: Node | undefined = parent; node && needed > 0; node = node.parent) {
    const account = node.accounts.get(resource);
    if (account === undefined) continue;
    const { limit, childrenPromised, guarantee } = account;
    if (limit !== null && needed > limit - childrenPromised) return false;
    needed = Math.max(guarantee, childrenPromised + needed) - promisedTo(account);
  }
  return true;
}

/** Whether growing by so much would leave the range of safe integers on some tier. */
export function leavesRange(from: Node, growth: Amounts, overlay?: Overlay): boolean {
  for (const resource in growth) {
    const amount = growth[resource] as number;
    if (amount <= 0) continue;
    for (let node: Node | undefined = from; node; node = node.parent) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      const committed = overlay === undefined ? account.committed : overlay.committedOf(account);
      if (amount > Number.MAX_SAFE_INTEGER - committed) return true;
    }
  }
  return false;
}

/** Room over the whole path, or null where no tier limits the resource. */
export function effectiveAvailable(from: Node, resource: string): number | null {
  const room = roomAt(from, resource);
  return room === Infinity ? null : room;
}

/** The tightest limit over the path, or null. */
export function effectiveLimit(from: Node, resource: string): number | null {
  let tightest: number | null = null;
  for (let node: Node | undefined = from; node; node = node.parent) {
    const limit = node.accounts.get(resource)?.limit ?? null;
    if (limit !== null && (tightest === null || limit < tightest)) tightest = limit;
  }
  return tightest;
}

/** Room shown of one account: never below 0, null where it has no limit. */
export function shownAvailable(account: Account): number | null {
  const available = availableIn(account);
  return available === Infinity ? null : Math.max(0, available);
}
