import type { Window, WindowSpan } from '../../events/window.ts';
import type { Account } from '../accounts/account.ts';
import type { Node } from '../nodes/node.ts';
import type { Position } from '../team.ts';
import type { Timer } from '../timers.ts';

/** The window that a node defines for a resource; all beneath that define none inherit it. */
export interface WindowInForce extends WindowSpan {
  readonly spec: Window;
  /** When the one before it began; of the first one: its own start. */
  readonly pastStartsAtMs: number;
  /** Where in the log it began: what was recorded before belongs to an earlier one. */
  readonly at: Position;
  /** Its end, where it has one. */
  readonly timer: Timer | null;
}

/** The window that an account is in: its own, or the nearest above; undefined: one without end. */
export function windowOver(from: Node, resource: string): WindowInForce | undefined {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const window = node.accounts.get(resource)?.window;
    if (window != null) return window;
  }
  return undefined;
}

/** Since when use counts on an account; 0: ever since. */
export function countsSinceMs(from: Node, resource: string): number {
  return windowOver(from, resource)?.startsAtMs ?? 0;
}

/** Whether a window or grants on the path ask when something was used. */
export function isTimed(from: Node, resource: string): boolean {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const account = node.accounts.get(resource);
    if (account !== undefined && (account.window !== null || account.grants !== null)) return true;
  }
  return false;
}

/** Spent above the limit, which the next grant pays or a window carries over. */
export function debtIn(account: Account): number {
  if (account.grants !== null) return account.grants.debt;
  if (account.base === null) return 0;
  return Math.max(0, account.spentTree + account.carried - account.base);
}
