import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { latestStartMs, leaseMs, nodeEndOf, type Terms, termsOf } from './ask-terms.ts';
import { barsOf, missingOf } from './barred.ts';
import type { Bench } from './bench.ts';
import { fits } from './books.ts';
import { isSame, isSameAmounts } from './content.ts';
import { besideReservation, judgeDraw, needsBeside } from './draws.ts';
import { rulesAt } from './eviction-rules.ts';
import { judgeBackfill } from './judge-backfill.ts';
import { judgeProbe } from './judge-breakers.ts';
import { judgeReserveDraw, passesBy } from './judge-reserve.ts';
import { levelBarOf } from './levels.ts';
import { aheadWhereDrawn, type Place } from './line.ts';
import { isItsOwn } from './own-share.ts';
import { judgePools } from './pools.ts';
import { asRanked } from './rank.ts';
import { shortRates } from './rates.ts';
import { needsBesideDraw } from './reserves.ts';
import { slowStartsShort } from './slow-start.ts';
import type { State } from './state.ts';
import { withoutEarmark } from './tentative.ts';
import { isToolBarred } from './tools.ts';
import { judgeKept } from './top-ups.ts';

type Granted = Bench<EventOf<'AllocationGranted'>>;

/** S §4 and §7: what may be admitted, and how. */
export function judgeGrant(bench: Granted): void {
  const { state, event, find } = bench;
  const { ask, items } = event;
  const waiting = state.waiting.get(event.id);
  for (const bar of barsOf(state, ask.path, event.priority)) {
    find('INV-9', `granted on ${ask.path}, which is ${bar}`, event.id);
  }
  if (levelBarOf(state, ask, event.priority) !== undefined) {
    find('INV-19', `granted on ${ask.path}, whose level does not admit it`, event.id);
  }
  judgeOpened(bench);
  const terms = termsOf(ask, state);
  judgeAmounts(bench, terms);
  withoutEarmark(state, waiting, () => {
    const asked =
      event.reserve === undefined
        ? needsBeside(state, ask, items)
        : needsBesideDraw(state, ask.path, items, event.reserve);
    for (const { node, resource, need, room } of asked) {
      if (need <= room) continue;
      find('INV-2', `${node.path} has ${room} ${resource} left, ${need} are admitted`, event.id);
    }
    for (const { node, resource, need, room } of shortRates(state, ask.path, event.rates ?? {})) {
      find('INV-17', `${node.path} has ${room} ${resource} left, ${need} are granted`, event.id);
    }
    judgeSlowStart(bench);
    judgeTurn(bench);
    judgeLargest(bench, terms);
  });
  judgeDraw(bench);
  judgePools(bench);
  judgeReserveDraw(bench);
  if (isToolBarred(state, event.by, ask)) find('T-12', 'a tool is not allowed', event.id);
  judgeProbe(bench);
  judgeKept(bench, terms);
  judgeVia(bench);
  judgeTimes(bench);
}

/** what a slow start keeps back is not given out. */
function judgeSlowStart({ state, event, find }: Granted): void {
  const { ask, id, items, priority, via } = event;
  if (via === 'preemption') return;
  for (const { path, resource, need, room } of slowStartsShort(state, ask, priority, items)) {
    find('INV-21', `${path} gives out ${room} ${resource} more, ${need} are granted`, id);
  }
}

function judgeOpened({ state, event, find }: Granted): void {
  const { opens, reasons } = missingOf(state, event.ask.path);
  const expected = reasons.length > 0 ? [] : opens;
  if (!isSame(expected, event.opened ?? [])) {
    find('S §5', `opens ${JSON.stringify(event.opened ?? [])}, not ${JSON.stringify(expected)}`);
  }
}

/** Each item between its least and its want, `partial` told truly, one common fraction. */
function judgeAmounts(
  { event, find }: Granted,
  { want, whole, least, rates, unbounded }: Terms,
): void {
  if (!isSameAmounts(rates, event.rates)) {
    find('R-17', 'other rates are counted than were asked for', event.id);
  }
  const { items, id } = event;
  for (const resource of unbounded) find('S §5', `${resource} has no bound`, id);
  const resources = new Set([...Object.keys(want), ...Object.keys(items)]);
  let isPartial = false;
  for (const resource of resources) {
    const got = items[resource];
    const most = want[resource];
    if (got === undefined || most === undefined) {
      if (!unbounded.includes(resource)) find('INV-2', `the bundle is not whole: ${resource}`, id);
      continue;
    }
    if (got > most) find('S §5', `${got} ${resource} granted, ${most} asked`, id);
    if (got < (least[resource] ?? 0)) find('S §5', `${got} ${resource} is below the least`, id);
    if (got < (whole[resource] ?? 0)) isPartial = true;
  }
  if (isPartial !== (event.partial === true)) {
    find('S §5', isPartial ? 'a part is not called so' : 'all of it is called a part', id);
  }
  if (isPartial) judgeFraction(event, want, least, find);
}

/** S §7: a bundle uses one common fraction of what is wanted; a unit for rounding. */
function judgeFraction(
  { items, id }: EventOf<'AllocationGranted'>,
  want: Terms['want'],
  least: Terms['least'],
  find: Bench['find'],
): void {
  let lowest = 0;
  let highest = 1;
  for (const [resource, most] of Object.entries(want)) {
    const got = items[resource] ?? 0;
    if (most === 0) continue;
    highest = Math.min(highest, (got + 1) / most);
    if (got > (least[resource] ?? 0)) lowest = Math.max(lowest, (got - 1) / most);
  }
  if (lowest > highest) find('S §7', 'the parts of the bundle are not of one fraction', id);
}

/** A part is the largest that fits: one unit more of each item would not. */
function judgeLargest({ state, event, find }: Granted, { want }: Terms): void {
  if (event.partial !== true) return;
  // What others of the same division get is not there yet; with the last of them all is given.
  if (event.shared !== undefined && event.shared.place < event.shared.of) return;
  const more = Object.fromEntries(
    Object.entries(want).map(([resource, most]) => [
      resource,
      Math.min(most, (event.items[resource] ?? 0) + 1),
    ]),
  );
  // A level caps it there.
  if (isSameAmounts(more, event.items)) return;
  if (fits(state.nodes, event.ask.path, more)) find('S §7', 'a larger part would fit', event.id);
}

/** S §7: nobody who is served before it waits on an account that it draws from. */
function judgeTurn({ state, event, find }: Granted): void {
  const self = state.waiting.get(event.id) ?? asRanked(state, event, event.priority);
  if (event.via === 'preemption') return;
  const { ask, id } = event;
  if (event.shared !== undefined && state.policy.queueing !== 'default') {
    find('S §7', `room is divided by the policy ${state.policy.queueing}`, id);
  }
  const drawn = besideReservation(state, ask, event.items);
  const places = aheadWhereDrawn(state, id, ask.path, drawn, self);
  if (event.endsByMs !== undefined) return judgeBackfill(state, event, places, find);
  for (const place of places) {
    if (passesBy(state, event, place)) continue;
    if (!state.waiting.has(id) && takesItsOwn(state, event, place)) continue;
    const { path, resource, first } = place;
    find('S §7', `${first.id} waits before it for ${resource} of ${path}`, id);
  }
}

/** Who asks for his own stands behind nobody but those who collect. */
function takesItsOwn(
  state: State,
  { ask, items }: EventOf<'AllocationGranted'>,
  place: Place,
): boolean {
  if (rulesAt(state, ask.path).reclaim === 'never' || place.first.isPreempting) return false;
  return isItsOwn(state, ask.path, items, place);
}

function judgeVia({ state, event, find }: Granted): void {
  const waiting = state.waiting.get(event.id);
  const isApproved = state.approvals.has(event.id);
  const expected = isApproved
    ? 'approval'
    : waiting === undefined
      ? 'request'
      : waiting.isPreempting
        ? 'preemption'
        : 'queue';
  if (event.via !== expected) find('S §7', `via ${event.via}, not ${expected}`, event.id);
  if (waiting === undefined) return;
  if ((event.attempt ?? 0) !== waiting.attempt) {
    find('S §5', `attempt ${event.attempt ?? 0}, not ${waiting.attempt}`, event.id);
  }
  const evicted = waiting.told.filter((id) => !state.live.has(id));
  if (!isSame([...evicted].sort(), [...(event.preempted ?? [])].sort())) {
    find('S §7', `names [${event.preempted ?? []}] as preempted, not [${evicted}]`, event.id);
  }
}

function judgeTimes({ state, event, find }: Granted): void {
  const { ask, atMs, id } = event;
  const waiting = state.waiting.get(id);
  const nodeEndsAtMs = nodeEndOf(state.nodes, ask.path);
  const leaseUntilMs = Math.min(atMs + leaseMs(ask), nodeEndsAtMs ?? Number.POSITIVE_INFINITY);
  if (event.expiresAtMs !== leaseUntilMs) {
    find('S §5', `a lease of ${event.expiresAtMs - atMs} ms, not ${leaseUntilMs - atMs}`, id);
  }
  const deadlineAtMs =
    waiting?.deadlineAtMs ?? (ask.deadlineMs === undefined ? null : atMs + ask.deadlineMs);
  if (atMs > latestStartMs(ask, deadlineAtMs, nodeEndsAtMs))
    find('S §7', 'it cannot meet its deadline', id);
  const isLater = waiting !== undefined && (event.via === 'queue' || waiting.queuedAtMs < atMs);
  const claim = event.claimUntilMs;
  if (claim !== undefined && claim !== atMs + LIMITS.claimMs) {
    find('S §5', `to be claimed within ${claim - atMs} ms`, id);
  }
  if (isLater && claim === undefined && event.via === 'queue') {
    find('S §5', 'a grant out of the queue has to be claimed', id);
  }
  if (event.via === 'request' && claim !== undefined) find('S §5', 'its agent has the answer', id);
}
