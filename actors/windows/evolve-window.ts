import { strict as assert } from 'node:assert';
import type { EventOf } from '../../events/events.ts';
import type { Window, WindowSpan } from '../../events/window.ts';
import { type Account, contributionOf, countedAbove, handUpClimb } from '../accounts/account.ts';
import { addDue, climb, noteChanged } from '../accounts/climb.ts';
import { branchesDue } from '../branches/branching.ts';
import { isDivided } from '../branches/share-branches.ts';
import { allocationsBeneath } from '../nodes/beneath.ts';
import type { Node } from '../nodes/node.ts';
import { accountOf } from '../nodes/node-change.ts';
import { accountKey, type Position, type Team } from '../team.ts';

/**
 * A window ends and the next begins: nothing is spent in it by the node and all that inherit. What
 * was spent stays spent for the tier above, whose window runs on, as its own use; what is held
 * stays held.
 */
export function windowOpened(team: Team, event: EventOf<'WindowOpened'>, at: Position): void {
  const node = team.nodes.get(event.path);
  assert(node !== undefined, `${event.path} is open`);
  const { resource, span, carried } = event;
  const account = accountOf(node, resource);
  const { window } = account;
  assert(window !== null, `${event.path} defines a window of ${resource}`);
  assert(account.spentTree === event.spent, 'a window tells what was spent in it');
  markHeld(node, resource, span.startsAtMs);
  const left = contributionOf(account);
  const handedUp = countedAbove(account);
  // Windows that began and ended while nobody wrote saw no use.
  const isSkipped = event.by === undefined && window.endsAtMs !== span.startsAtMs;
  startAnew(team, node, resource, event, isSkipped);
  account.uncounted = account.carried;
  carryDebt(account, carried ?? 0);
  setWindow(team, node, resource, window.spec, span, at, pastStart(window, span, isSkipped));
  climb(team, node, 'windowed', event, []);
  if (node.parent === undefined) return;
  const change = contributionOf(account) - left;
  climb(team, node.parent, 'windowed', event, [handUpClimb(resource, handedUp, change)]);
}

/** Of a window that took no time: the instant before it ended, at which what it held counts. */
function pastStart(window: WindowSpan, next: WindowSpan, isSkipped: boolean): number {
  const startsAtMs = (isSkipped ? window.endsAtMs : null) ?? window.startsAtMs;
  return Math.max(0, Math.min(startsAtMs, next.startsAtMs - 1));
}

/** Puts a window in force: from a node's limits, or because the one before has ended. */
export function setWindow(
  team: Team,
  node: Node,
  resource: string,
  spec: Window,
  span: WindowSpan,
  at: Position,
  pastStartsAtMs = span.startsAtMs,
): void {
  const account = accountOf(node, resource);
  if (account.window?.timer != null) team.timers.remove(account.window.timer);
  const key = accountKey(node.path, resource);
  const timer = span.endsAtMs === null ? null : addDue(team, span.endsAtMs, 'window', key);
  account.window = { spec, ...span, pastStartsAtMs, at, timer };
}

/** What every live allocation beneath holds at the end of a window is of that window. */
function markHeld(node: Node, resource: string, atMs: number): void {
  for (const allocation of allocationsBeneath(node)) {
    const held = allocation.items[resource] ?? 0;
    const marks = allocation.marks?.get(resource);
    if (held <= (marks?.at(-1)?.held ?? 0)) continue;
    allocation.marks ??= new Map();
    allocation.marks.set(resource, [...(marks ?? []), { atMs, held }]);
  }
}

/** The accounts that share the window, beneath before above. */
function startAnew(
  team: Team,
  node: Node,
  resource: string,
  event: EventOf<'WindowOpened'>,
  isSkipped: boolean,
): void {
  const account = accountOf(node, resource);
  for (const child of node.children) {
    const below = child.accounts.get(resource);
    if (below === undefined) continue;
    const before = contributionOf(below);
    // A window of its own runs on; what was spent in it is nothing of this one.
    if (below.window !== null) below.uncounted = below.carried + below.spentTree;
    else startAnew(team, child, resource, event, isSkipped);
    const change = contributionOf(below) - before;
    account.childrenCommitted += change;
    account.committed += change;
  }
  account.committed -= account.spent;
  account.spentPast = isSkipped ? 0 : account.spentTree;
  account.spent = 0;
  account.spentTree = 0;
  account.rung = 0;
  if (account.alerts !== null) account.alerts = { ...account.alerts, usage: -1, balance: -1 };
  cutGrants(team, node, resource, account, event);
  noteChanged(team, node, resource, true);
  if (isDivided(team, node, resource)) branchesDue(team, node);
}

/** Debt is set aside on its account and nowhere above: there it was spent long ago. */
export function carryDebt(account: Account, carried: number): void {
  const change = carried - account.carried;
  account.carried = carried;
  account.committed += change;
  account.uncounted += change;
}

function cutGrants(
  team: Team,
  node: Node,
  resource: string,
  account: Account,
  event: EventOf<'WindowOpened'>,
): void {
  const { grants } = account;
  if (grants === null) return;
  const isCarrying = event.path === node.path && event.carried !== undefined;
  grants.cut(event.span.startsAtMs, { reset: isCarrying ? 'carrying' : 'forgiving' });
  team.agenda.grants.add(accountKey(node.path, resource));
}
