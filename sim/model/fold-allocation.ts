import type { BursarEvent, EventOf } from '../../events/events.ts';
import { type Amounts, resourceTypeOf } from '../../events/resources.ts';
import { deadlineOf } from './ask-terms.ts';
import { accountOf, add, nearest, parentOf, treeSum } from './books.ts';
import { concerns } from './concerns.ts';
import { changeLeft } from './fold-ledger.ts';
import { closeNode, openNode } from './fold-node.ts';
import { leaveQueue } from './fold-waiting.ts';
import { correctRates, countRates } from './rates.ts';
import type { Live, State } from './state.ts';
import { use } from './uses.ts';

/** Takes what an event says of allocations into the books. */
export function foldAllocation(state: State, event: BursarEvent): void {
  switch (event.type) {
    case 'AllocationGranted':
      return grant(state, event);
    case 'AllocationEnded':
      return end(state, event);
    case 'AllocationClaimed':
      return change(state, event.allocation, (live) => {
        live.claimUntilMs = null;
        live.heardAtMs = event.atMs;
      });
    case 'LeaseRenewed':
      return change(state, event.allocation, (live) => {
        claim(live, event);
        live.expiresAtMs = event.expiresAtMs;
      });
    case 'AllocationResized':
      return change(state, event.allocation, (live) => {
        claim(live, event);
        add(state.nodes, live.path, 'held', live.items, -1);
        live.items = { ...live.items, ...event.items };
        for (const [resource, amount] of Object.entries(event.toReservation ?? {})) {
          live.drawn[resource] = (live.drawn[resource] ?? 0) - amount;
        }
        changeLeft(state, live.reservation, event.toReservation ?? {}, 1);
        add(state.nodes, live.path, 'held', live.items);
        notePeaks(state, live.path, live.items);
      });
    case 'UsageReported':
      return change(state, event.allocation, (live) => {
        claim(live, event);
        Object.assign(live.reported, event.used);
      });
    case 'LateSettled':
    case 'Adjusted':
      return bookLate(state, event);
    case 'Charged':
      return use(state.nodes, event.path, event.amounts, event.earlier);
    default:
      return;
  }
}

function change(state: State, id: string, take: (live: Live) => void): void {
  const live = state.live.get(id);
  if (live !== undefined) take(live);
}

/** Any command of its agent claims a grant. */
function claim(
  live: Live,
  { by, atMs }: { readonly by?: string | undefined; readonly atMs: number },
): void {
  if (by !== live.agent) return;
  live.claimUntilMs = null;
  live.heardAtMs = atMs;
}

function grant(state: State, event: EventOf<'AllocationGranted'>): void {
  const waited = state.waiting.get(event.id);
  leaveQueue(state, event.id, true);
  for (const { path, tier } of event.opened ?? []) openNode(state, path, tier, true);
  countRates(state, event);
  const { ask } = event;
  state.live.set(event.id, {
    id: event.id,
    path: ask.path,
    agent: event.by,
    ask,
    priority: event.priority,
    grantedAtMs: event.atMs,
    deadlineAtMs: waited?.deadlineAtMs ?? deadlineOf(event.atMs, ask.deadlineMs),
    attempt: event.attempt ?? 0,
    evictions: waited?.evictions ?? 0,
    items: { ...event.items },
    reported: {},
    expiresAtMs: event.expiresAtMs,
    claimUntilMs: event.claimUntilMs ?? null,
    heardAtMs: event.atMs,
    endsByMs: event.endsByMs ?? Infinity,
    yieldsTo: null,
    marks: {},
    reservation: event.reservation ?? null,
    drawn: { ...event.drawn },
    askedAtMs: event.atMs - (event.waitedMs ?? 0),
    topUp: event.topUp ?? null,
  });
  changeLeft(state, event.reservation, event.drawn ?? {}, -1);
  if (event.reserve) add(state.nodes, event.reserve.path, 'reserved', event.reserve.drawn, -1);
  add(state.nodes, ask.path, 'held', event.items);
  notePeaks(state, ask.path, event.items);
}

function end(state: State, event: EventOf<'AllocationEnded'>): void {
  const live = state.live.get(event.allocation);
  if (live === undefined) return;
  correctRates(state, event);
  state.live.delete(live.id);
  const beneficiary = live.yieldsTo === null ? undefined : state.waiting.get(live.yieldsTo);
  if (beneficiary !== undefined) {
    beneficiary.victims = beneficiary.victims.filter((id) => id !== live.id);
  }
  for (const node of state.nodes.values()) {
    for (const stop of node.stops.values()) {
      if (event.as !== 'fenced' || stop.isComplete || !concerns(stop, live)) continue;
      stop.fenced += 1;
      stop.fencedAgents.add(live.agent);
    }
  }
  add(state.nodes, live.path, 'held', live.items, -1);
  use(state.nodes, live.path, event.booked, event.earlier);
  changeLeft(state, live.reservation, event.toReservation ?? {}, 1);
  state.tombstones.set(live.id, {
    id: live.id,
    agent: live.agent,
    ask: live.ask,
    held: live.items,
    reported: live.reported,
    as: event.as,
    endedAtMs: event.atMs,
    deadlineAtMs: live.deadlineAtMs,
    priority: live.priority,
    attempt: live.attempt,
    evictions: live.evictions,
    grantedAtMs: live.grantedAtMs,
    liesAt: live.path,
    marks: live.marks,
    booked: { ...event.booked },
    isSettled: event.as === 'settled',
    isAdjusted: false,
  });
  if (event.closesStep === true) closeNode(state, live.path, false);
}

function bookLate(state: State, event: EventOf<'LateSettled'> | EventOf<'Adjusted'>): void {
  const more = event.type === 'Adjusted' ? event.more : event.booked;
  const less = event.type === 'Adjusted' ? event.less : (event.returned ?? {});
  use(state.nodes, event.path, more, event.earlier);
  use(state.nodes, event.path, less, event.earlierReturned, -1);
  const grave = state.tombstones.get(event.allocation);
  if (grave === undefined) return;
  for (const [resource, amount] of Object.entries(more)) {
    grave.booked[resource] = (grave.booked[resource] ?? 0) + amount;
  }
  for (const [resource, amount] of Object.entries(less)) {
    grave.booked[resource] = (grave.booked[resource] ?? 0) - amount;
  }
  if (event.type === 'LateSettled') grave.isSettled = true;
  else grave.isAdjusted = true;
}

/** Raises the recorded peaks over a path to what is held there now. */
function notePeaks(state: State, path: string, amounts: Amounts): void {
  for (const resource of Object.keys(amounts)) {
    for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
      const account = accountOf(state.nodes, node, resource);
      const held = treeSum(state.nodes, node, resource, 'held');
      account.peakHeld = Math.max(account.peakHeld, held);
    }
  }
}

/** The part of some amounts that is spent once used: capacities come back. */
export function consumablesOf(amounts: Amounts): Record<string, number> {
  return Object.fromEntries(
    Object.entries(amounts).filter(([name]) => resourceTypeOf(name)?.class === 'consumable'),
  );
}
