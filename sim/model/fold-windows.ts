import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { accountOf, parentOf, touch } from './books.ts';
import { isDivided, owe } from './branches.ts';
import type { Account } from './nodes.ts';
import { windowOver } from './spent.ts';
import type { State } from './state.ts';
import { beginLike, endWindow } from './uses.ts';

/** Takes what an event says of windows and grants into the books. */
export function foldWindows(state: State, event: BursarEvent): void {
  switch (event.type) {
    case 'NodeOpened':
    case 'LimitsSet':
      return begin(state, event);
    case 'WindowOpened':
      return next(state, event);
    case 'GrantsCounted': {
      const node = state.nodes.get(event.path);
      if (node === undefined) return;
      const account = accountOf(state.nodes, node, event.resource);
      owe(state, node);
      account.granted += event.change;
      account.carried = event.carried ?? account.carried;
      setBase(account, account.base);
      return touch(state.nodes, node, event.resource);
    }
    case 'GrantVoided':
      for (const { grants } of state.nodes.get(event.path)?.accounts.values() ?? []) {
        grants.delete(event.grant);
      }
      return;
    default:
      return;
  }
}

/** Sets the base limit of an account; grants come on top, within the exact integers. */
export function setBase(account: Account, base: number | null): void {
  account.base = base;
  const sum = (base ?? 0) + account.granted;
  account.limit = base === null ? null : Math.min(sum, Number.MAX_SAFE_INTEGER);
}

/** A window that is set on a node at work has begun when the one above it did. */
function begin(state: State, event: EventOf<'NodeOpened' | 'LimitsSet'>): void {
  const node = state.nodes.get(event.path);
  for (const [resource, span] of Object.entries(event.windows ?? {})) {
    const spec = event.limits?.[resource]?.window;
    if (node === undefined || spec === undefined) continue;
    const parent = parentOf(state.nodes, node);
    const above = parent === undefined ? null : windowOver(state.nodes, parent, resource);
    const account = accountOf(state.nodes, node, resource);
    const isFirst = account.window === null;
    account.window = { ...span, carryDebt: spec.carryDebt };
    if (isFirst && above !== null) beginLike(state.nodes, node, resource, above);
    touch(state.nodes, node, resource);
  }
}

function next(state: State, event: EventOf<'WindowOpened'>): void {
  const node = state.nodes.get(event.path);
  if (node === undefined) return;
  const { resource, span } = event;
  const account = accountOf(state.nodes, node, resource);
  for (const { path, items, marks } of state.live.values()) {
    const held = items[resource] ?? 0;
    if (!isWithin(path, node.path) || held <= (marks[resource]?.at(-1)?.held ?? 0)) continue;
    marks[resource] = [...(marks[resource] ?? []), { atMs: span.startsAtMs, held }];
  }
  for (const other of state.nodes.values()) {
    const isShared =
      isWithin(other.path, node.path) &&
      windowOver(state.nodes, other, resource) === node.path &&
      other.accounts.has(resource);
    if (!isShared) continue;
    accountOf(state.nodes, other, resource).rung = 0;
    accountOf(state.nodes, other, resource).told = {};
    if (isDivided(state, other, resource)) owe(state, other);
  }
  endWindow(state.nodes, node, resource);
  account.carried = event.carried ?? 0;
  account.window = { ...span, carryDebt: account.window?.carryDebt ?? false };
  touch(state.nodes, node, resource);
}
