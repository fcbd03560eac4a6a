import type { Earlier, EventOf } from '../../events/events.ts';
import type { Bench } from './bench.ts';
import type { Account } from './nodes.ts';
import { spentTree } from './spent.ts';
import type { State } from './state.ts';

/** S §4: a window ends at its end or by command, and tells what was spent in it and what is owed. */
export function judgeWindow({ state, event, sent, find }: Bench<EventOf<'WindowOpened'>>): void {
  const { path, resource, span, spent, carried, by, atMs } = event;
  const node = state.nodes.get(path);
  const account = node?.accounts.get(resource);
  if (node === undefined || account?.window == null)
    return find('S §4', 'no window is there', path);
  const { endsAtMs, carryDebt } = account.window;
  if (by === undefined) {
    if (endsAtMs === null || span.startsAtMs < endsAtMs) find('INV-10', 'it ends too early', path);
    if (span.startsAtMs > atMs) find('INV-10', 'the next one begins later', path);
  } else if (span.startsAtMs !== atMs) find('S §4', 'the next one begins at once', path);
  const used = spentTree(state.nodes, node, resource, path);
  if (spent !== used) find('INV-13', `${spent} were spent in it, not ${used}`, path);
  const command = sent
    ?.of('resetWindow', by, event.id)
    .find((reset) => reset.path === path && reset.resource === resource);
  if (by !== undefined && sent !== null && command === undefined) {
    find('S §5', 'nobody reset it', path);
  }
  if (by !== undefined && sent === null) return;
  const isCarried = command?.carryDebt ?? carryDebt;
  if (isCarried !== (carried !== undefined)) find('S §4', `debt is carried: ${!isCarried}`, path);
  if (carried === undefined || account.grants.size > 0 || account.granted > 0) return;
  const debt = account.base === null ? 0 : Math.max(0, used + account.carried - account.base);
  if (carried !== debt) find('S §4', `a debt of ${carried}, not ${debt}, is carried over`, path);
}

/**
 * S §4: what grants add to a limit is what they have covered and what is left of them. Bounds it: it
 * covers no more than was ever used, leaves no more than was granted, and takes no more than it gave.
 */
export function judgeGrants({ state, event, find }: Bench<EventOf<'GrantsCounted'>>): void {
  const { path, resource, change, dueAtMs, atMs } = event;
  const node = state.nodes.get(path);
  const account = node?.accounts.get(resource);
  if (node === undefined || account === undefined) return find('S §4', 'no account', path);
  const granted = account.granted + change;
  const most = mostOf(state, path, resource, account);
  if (granted < 0) find('S §4', `grants add ${granted}`, path);
  if (granted > most) find('S §4', `grants add ${granted}, more than ${most}`, path);
  if (dueAtMs !== undefined && dueAtMs > atMs) find('INV-10', 'its time has not come', path);
}

function mostOf(state: State, path: string, resource: string, account: Account): number {
  const node = state.nodes.get(path);
  const used = node === undefined ? 0 : spentTree(state.nodes, node, resource);
  let sum = used + account.carried;
  for (const amount of account.grants.values()) sum += amount;
  return sum;
}

export function judgeVoided({ state, event, sent, find }: Bench<EventOf<'GrantVoided'>>): void {
  const accounts = [...(state.nodes.get(event.path)?.accounts.values() ?? [])];
  const isThere = accounts.some(({ grants }) => grants.has(event.grant));
  if (!isThere) find('S §4', `there is no grant ${event.grant}`, event.path);
  const isSent = sent
    ?.of('voidGrant', event.by, event.id)
    .some(({ path, grant }) => path === event.path && grant === event.grant);
  if (isSent === false) find('S §5', 'nobody voided it', event.path);
}

/** S §8: thresholds are of accounts that have some. */
export function judgeAlert({
  state,
  event,
  find,
}: Bench<EventOf<'AlertRaised' | 'AlertCleared'>>): void {
  const account = state.nodes.get(event.path)?.accounts.get(event.resource);
  if (account?.hasThresholds !== true) find('S §8', 'it has no thresholds', event.path);
}

/**
 * S §4: of what the end of an allocation books, up to the amount held when a window ended is of that
 * window, and the rest of now.
 */
export function judgeEarlier(
  held: { readonly marks: Readonly<Record<string, readonly { atMs: number; held: number }[]>> },
  booked: Readonly<Record<string, number>>,
  earlier: Earlier | undefined,
  find: Bench['find'],
  id: string,
): void {
  const told = new Map<string, number>();
  for (const { usedAtMs, amounts } of earlier ?? []) {
    for (const [name, amount] of Object.entries(amounts)) {
      told.set(`${name} ${usedAtMs}`, (told.get(`${name} ${usedAtMs}`) ?? 0) + amount);
    }
  }
  for (const [name, marks] of Object.entries(held.marks)) {
    let before = 0;
    for (const mark of marks) {
      const part = Math.min(booked[name] ?? 0, mark.held) - before;
      if (part <= 0) continue;
      before += part;
      const key = `${name} ${mark.atMs - 1}`;
      if (told.get(key) !== part) find('S §4', `${part} ${name} are of the window before`, id);
      told.delete(key);
    }
  }
  for (const key of told.keys()) find('S §4', `${key} is of no window before`, id);
}
