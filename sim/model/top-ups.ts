import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { ALLOCATIONS } from '../../events/resources.ts';
import { type Terms, termsOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import type { Bench } from './bench.ts';
import { needs } from './books.ts';
import { isSameAmounts } from './content.ts';
import { neverFits } from './empty-tree.ts';
import { judgeGrowth } from './judge-breakers.ts';
import { aheadWhereDrawn } from './line.ts';
import type { Live, State, Waiting } from './state.ts';

/** O-03: a part whose agent would wait for the rest keeps a claim, which joins a queue at once. */
export function judgeKept(
  { state, event, find, owe }: Bench<EventOf<'AllocationGranted'>>,
  { want, whole }: Terms,
): void {
  const { id, ask, items, topUp } = event;
  // What a level has cut off is not claimed.
  const partial = Object.entries(want).some(([name, amount]) => (items[name] ?? 0) < amount);
  const wouldWait = ask.topUpLater === true && (ask.maxWaitMs ?? 0) > 0;
  const isKept =
    partial &&
    wouldWait &&
    state.waiting.size < LIMITS.queueDepthMax &&
    !neverFits(state, ask.path, whole, event.priority);
  if (isKept !== (topUp !== undefined)) {
    find('O-03', isKept ? 'no claim is kept for the rest' : 'a claim is kept for nothing', id);
  }
  if (topUp === undefined) return;
  owe({
    rule: 'O-03',
    message: `the claim of ${id} for the rest does not wait`,
    id,
    isPaidBy: (next) => next.type === 'RequestQueued' && next.id === topUp,
  });
}

/** O-03: the claim asks for the rest, in the name of its allocation, as old and as urgent. */
export function judgeClaim({ state, event, find }: Bench<EventOf<'RequestQueued'>>): void {
  const { id, ask, atMs } = event;
  const live = state.live.get(event.of ?? '');
  if (live === undefined || ask.topsUp !== live.id || live.topUp !== id) {
    return find('O-03', 'it is the claim of nothing that lives', id);
  }
  if (event.by !== live.agent || ask.path !== live.path) find('O-03', 'of somebody else', id);
  if (event.priority !== live.priority) find('O-03', 'claimed at another priority', id);
  if (event.queuedAtMs !== live.askedAtMs) find('O-03', 'it is older or younger', id);
  if (event.untilMs !== atMs + (live.ask.maxWaitMs ?? 0)) find('O-03', 'another patience', id);
  const deadlineAtMs = ask.deadlineMs === undefined ? null : atMs + ask.deadlineMs;
  if (deadlineAtMs !== live.deadlineAtMs) find('O-03', 'another deadline', id);
  const { want } = termsOf(ask, state);
  const rest = restOf(state, live);
  if (!isSameAmounts(want, rest)) {
    find('O-03', `claims ${JSON.stringify(want)}, not ${JSON.stringify(rest)}`, id);
  }
}

/** O-03: an allocation grows by its claim: in full, where it fits, and when it is its turn. */
export function judgeGrown(
  { state, event, find }: Bench<EventOf<'AllocationResized'>>,
  topUp: string,
): void {
  const live = state.live.get(event.allocation);
  const claim = state.waiting.get(topUp);
  if (live === undefined || claim?.ask.topsUp !== live.id) {
    return find('O-03', 'no claim of it waits', event.allocation);
  }
  if (event.by !== undefined) find('O-03', 'it grows by itself, not by a command', live.id);
  const { want } = termsOf(claim.ask, state);
  const grown: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(event.items)) {
    grown[resource] = amount - (live.items[resource] ?? 0);
  }
  if (!isSameAmounts(grown, want)) find('O-03', `grows by ${JSON.stringify(grown)}`, live.id);
  judgeGrowth({ state, find }, live.id, live.path, grown);
  for (const bar of barsOf(state, live.path, live.priority)) {
    find('INV-9', `grows on ${live.path}, which is ${bar}`, live.id);
  }
  for (const { node, resource, need, room } of needs(state.nodes, live.path, grown)) {
    if (need <= room) continue;
    find('INV-2', `${node.path} has ${room} ${resource}, grows by ${need}`, live.id);
  }
  for (const { path, resource, first } of aheadWhereDrawn(
    state,
    claim.id,
    live.path,
    grown,
    claim,
  )) {
    find('S §7', `${first.id} waits before it for ${resource} of ${path}`, live.id);
  }
}

/** O-03: a claim ends with its allocation. */
export function oweEndOfClaim({ state, owe }: Pick<Bench, 'state' | 'owe'>, live: Live): void {
  const { id, topUp } = live;
  if (topUp === null || !state.waiting.has(topUp)) return;
  owe({
    rule: 'O-03',
    message: `${id} has ended and its claim waits on`,
    id,
    isPaidBy: (next) => next.type === 'RequestCancelled' && next.request === topUp,
  });
}

/** Whether it is the claim of an allocation that has ended. */
export function isOver({ live }: State, { topsUp }: Waiting['ask']): boolean {
  return topsUp !== undefined && !live.has(topsUp);
}

/** What was asked and is not held; an allocation counts itself. */
function restOf(state: State, { ask, items }: Live): Record<string, number> {
  const rest: Record<string, number> = {};
  for (const [resource, want] of Object.entries(termsOf(ask, state).whole)) {
    const missing = want - (items[resource] ?? 0);
    if (missing > 0 && resource !== ALLOCATIONS) rest[resource] = missing;
  }
  return rest;
}
