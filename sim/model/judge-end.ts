import type { EventOf } from '../../events/events.ts';
import { type Amounts, resourceTypeOf } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import { nearest, parentOf } from './books.ts';
import { concerns } from './concerns.ts';
import { isSameAmounts } from './content.ts';
import { backOf } from './draws.ts';
import { consumablesOf } from './fold-allocation.ts';
import { judgeTaken } from './judge-taken.ts';
import { judgeEarlier } from './judge-windows.ts';
import { oweFreeze, oweRequeue } from './owed.ts';
import { countedBy } from './rates.ts';
import type { Live, State } from './state.ts';
import { stepCloses } from './step-closes.ts';
import { oweEndOfClaim } from './top-ups.ts';
import { isImplausible, useOf } from './use.ts';

type Ended = Bench<EventOf<'AllocationEnded'>>;

/** S §6: an allocation ends once, when it may, and books what it should. */
export function judgeEnd(bench: Ended): void {
  const { state, event, find } = bench;
  const live = state.live.get(event.allocation);
  if (live === undefined) {
    const grave = state.tombstones.get(event.allocation);
    return find(
      'INV-3',
      grave === undefined ? 'it never lived' : `it has ended ${grave.as} before`,
      event.allocation,
    );
  }
  judgeMoment(bench, live);
  if (event.as === 'settled') oweFreeze(bench, live.id, live.path, event.overrun ?? {});
  oweRequeue(bench, live);
  oweEndOfClaim(bench, live);
  judgeBooked(bench, live);
  judgeCorrection(bench, live);
  judgeEarlier(live, event.booked, event.earlier, find, live.id);
  const back = backOf(live, {}, consumablesOf(event.booked));
  if (!isSameAmounts(back, event.toReservation)) {
    find('F-07', `its reservation has back ${text(event.toReservation ?? {})}, not ${text(back)}`);
  }
  if ((event.closesStep === true) !== stepCloses(state, live)) {
    find('S §5', event.closesStep ? 'its step stays open' : 'its step closes with it', live.id);
  }
}

function judgeMoment(bench: Ended, live: Live): void {
  const { state, event, find } = bench;
  const { atMs, as } = event;
  switch (as) {
    case 'settled':
    case 'released':
      if (event.by === undefined) find('S §5', `${as} by nobody`, live.id);
      else if (event.by !== live.agent && event.by !== 'operator') {
        if (state.credentials.get(event.by)?.role !== 'operator') {
          find('S §5', `${event.by} ends what ${live.agent} holds`, live.id);
        }
      }
      return;
    case 'expired':
      if (atMs < live.expiresAtMs) {
        find('INV-10', `expired ${live.expiresAtMs - atMs} ms before its end`, live.id);
      }
      if ((state.nodes.get(live.path)?.deadlineAtMs ?? Infinity) <= live.expiresAtMs) {
        find('S §3', 'it was the deadline of its node that ended it', live.id);
      }
      return;
    case 'unclaimed':
      if (live.claimUntilMs === null) find('S §5', 'it needs no claim', live.id);
      else if (atMs < live.claimUntilMs) find('INV-10', 'revoked before its time', live.id);
      return;
    case 'preempted': {
      const beneficiary = state.waiting.get(live.yieldsTo ?? '');
      if (beneficiary === undefined) find('S §7', 'it yields to nobody', live.id);
      else if (atMs < (beneficiary.graceEndsAtMs ?? 0)) {
        find('INV-10', 'preempted before the end of its grace', live.id);
      }
      return;
    }
    case 'timed_out': {
      const { deadlineAtMs } = state.nodes.get(live.path) ?? {};
      if (deadlineAtMs == null || atMs < deadlineAtMs) find('INV-10', 'no deadline yet', live.id);
      return;
    }
    case 'reclaimed': {
      const used = consumablesOf(live.reported);
      const left = Object.entries(live.items).map(([name]) => [name, used[name] ?? 0]);
      return judgeTaken(bench, live, Object.fromEntries(left));
    }
    case 'fenced':
      if (!isFencedNow(state, live, atMs)) find('S §6.7', 'no stop or close fences it', live.id);
  }
}

/** Beneath a stop or a forced close whose time is over. */
function isFencedNow(state: State, live: Live, atMs: number): boolean {
  for (let node = nearest(state.nodes, live.path); node; node = parentOf(state.nodes, node)) {
    if (node.isClosing && node.fenceAtMs !== null && atMs >= node.fenceAtMs) return true;
    for (const stop of node.stops.values()) {
      if (concerns(stop, live) && !stop.isComplete && atMs >= stop.ackUntilMs) return true;
    }
  }
  return false;
}

function judgeBooked(bench: Ended, live: Live): void {
  const { event, find } = bench;
  const { booked, isEstimated } = bookedAtEnd(bench, live);
  if (!isSameAmounts(booked, event.booked) && !isSetApart(bench, live, booked)) {
    find('S §6.1', `books ${text(event.booked)}, not ${text(booked)}`, live.id);
  }
  if (!isSameAmounts(event.booked, consumablesOf(event.booked))) {
    find('S §3', 'a capacity is not spent', live.id);
  }
  const overrun: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(event.booked)) {
    const over = amount - (live.items[resource] ?? 0);
    if (over > 0) overrun[resource] = over;
  }
  if (!isSameAmounts(overrun, event.overrun)) {
    find(
      'S §6.1',
      `an overrun of ${text(overrun)} is told as ${text(event.overrun ?? {})}`,
      live.id,
    );
  }
  judgeReturned(bench, live);
  // Where all that was told is set apart, nothing is booked that could be an estimate.
  const isNothing = Object.keys(event.booked).length === 0;
  if (isEstimated !== null && !isNothing && isEstimated !== (event.estimated === true)) {
    find('S §6.5', isEstimated ? 'not marked as estimated' : 'marked as estimated', live.id);
  }
}

/** A settle says what of the money held is free again. */
function judgeReturned({ event, find }: Ended, live: Live): void {
  const returned: Record<string, number> = {};
  for (const [resource, held] of Object.entries(consumablesOf(live.items))) {
    const left = held - (event.booked[resource] ?? 0);
    if (event.as === 'settled' && left > 0) returned[resource] = left;
  }
  if (!isSameAmounts(returned, event.returned)) {
    find('S §6.1', `${text(returned)} comes back, not ${text(event.returned ?? {})}`, live.id);
  }
}

/** what was really used of a rate is what its settle states, where that is another amount. */
function judgeCorrection({ state, event, sent, find }: Ended, live: Live): void {
  if (sent === null) return;
  const settles = sent.of('settle', event.by, event.id);
  const stated = settles.find(({ allocation }) => allocation === live.id)?.actual ?? 'unknown';
  for (const [resource, actual] of Object.entries(event.rates ?? {})) {
    if (stated !== 'unknown' && stated[resource] === actual) continue;
    find('R-17', `nobody stated ${actual} ${resource}`, live.id);
  }
  if (stated === 'unknown' || event.as !== 'settled') return;
  for (const { asked, resource } of countedBy(state, live.id)) {
    const actual = stated[resource];
    if (asked === 0 || typeof actual !== 'number' || actual === asked) continue;
    if (event.rates?.[resource] === undefined)
      find('R-17', `${resource} is not corrected`, live.id);
  }
}

/** What an end has to book; `isEstimated` is null where both are right. */
function bookedAtEnd(
  { state, event, sent, find }: Ended,
  live: Live,
): { booked: Amounts; isEstimated: boolean | null } {
  if (event.as !== 'settled') {
    const booked = consumablesOf(live.reported);
    const isAny = Object.values(booked).some((amount) => amount > 0);
    return { booked, isEstimated: event.as === 'released' || !isAny ? null : true };
  }
  const commands = sent?.of('settle', event.by, event.id) ?? [];
  const uses = commands
    .filter(({ allocation }) => allocation === live.id)
    .map(({ actual }) => ({ actual, ...useOf(actual, live.items, live.reported) }));
  const meant = uses.find(({ booked }) => isSameAmounts(booked, event.booked)) ?? uses[0];
  if (meant !== undefined) {
    for (const [resource, amount] of Object.entries(meant.stated)) {
      if (isImplausible(state, resource, amount)) {
        find('S §6.1', `${amount} ${resource} is implausible and booked`, live.id);
      }
    }
    return { booked: meant.booked, isEstimated: meant.isEstimated };
  }
  if (sent !== null) find('S §6.1', 'nobody settled it', live.id);
  return { booked: event.booked, isEstimated: null };
}

/** S §2: what no account can hold is set apart: only resources left out differ. */
function isSetApart({ state, event }: Ended, live: Live, booked: Amounts): boolean {
  return Object.entries(booked).every(([resource, amount]) => {
    if ((event.booked[resource] ?? 0) === amount) return true;
    const root = state.nodes.get(state.team)?.accounts.get(resource);
    return (
      event.booked[resource] === undefined &&
      resourceTypeOf(resource)?.class === 'consumable' &&
      (root?.committed ?? 0) + amount - (live.items[resource] ?? 0) > Number.MAX_SAFE_INTEGER
    );
  });
}

function text(amounts: Amounts): string {
  return JSON.stringify(amounts);
}
