import { strict as assert } from 'node:assert';
import type { EventOf } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import { climbOf, type ResourceClimb } from '../accounts/account.ts';
import { addDue, climb, holding, spending } from '../accounts/climb.ts';
import { isConsumable } from '../accounts/registry.ts';
import { noteFailures, probeEnded, probeGranted } from '../breakers/evolve-breaker.ts';
import { closeNode, nodeOf, openNode, wakeRate } from '../nodes/evolve-node.ts';
import type { Node } from '../nodes/node.ts';
import { givesUpAtMs, leaveQueue } from '../queue/evolve-queue.ts';
import { gaugesOn } from '../rates/rates.ts';
import { noteGrowth } from '../recovery/evolve-recovery.ts';
import { drawReserve } from '../reserves/evolve-reserve.ts';
import { approvalsExtended, leaveApprovals } from '../rules/approvals.ts';
import {
  type Allocation,
  accountKey,
  type CountedRate,
  type Position,
  type Team,
} from '../team.ts';
import { bookEarlier, usedNow } from '../windows/book-earlier.ts';
import { drawFrom, replenish } from './evolve-reservation.ts';
import { dropHolder, noteHolder } from './holders.ts';

/** The live allocation that an event names. */
export function allocationOf(team: Team, id: string): Allocation {
  const allocation = team.allocations.get(id);
  assert(allocation !== undefined, `${id} is live`);
  return allocation;
}

const NONE: Amounts = {};

export function granted(team: Team, event: EventOf<'AllocationGranted'>, at: Position): void {
  assert(!team.allocations.has(event.id), `${event.id} is granted once`);
  const evictions = team.waiting.get(event.id)?.evictions ?? 0;
  if (event.via === 'approval') leaveApprovals(team, event.id);
  else if (event.via !== 'request') leaveQueue(team, event.id, event);
  if (team.contests.size > 0) team.runtime.resolver(team.name, event);
  for (const { path, tier } of event.opened ?? []) openNode(team, path, tier, true, null, event);
  const node = nodeOf(team, event.ask.path);
  const reservation = drawFrom(team, event);
  drawReserve(team, event);
  climb(team, node, 'granted', event, holding(event.items), 1);
  const askedAtMs = event.atMs - (event.waitedMs ?? 0);
  const allocation: Allocation = {
    id: event.id,
    agent: event.by,
    node,
    ask: event.ask,
    items: event.items,
    priority: event.priority,
    grantedAtMs: event.atMs,
    counted: event.rates === undefined ? undefined : countedOf(node, event.rates),
    grantedAt: at,
    expiresAtMs: event.expiresAtMs,
    heardAtMs: event.atMs,
    reported: {},
    claimUntilMs: event.claimUntilMs ?? null,
    attempt: event.attempt ?? 0,
    endsByMs: event.endsByMs ?? Infinity,
    evictions,
    isProtected: evictions >= team.policy.preemption.evictionsMax,
    yieldsTo: null,
    graceEndsAtMs: null,
    stops: [],
    deadlineAtMs: askedAtMs + (event.ask.deadlineMs ?? Infinity),
    expiry: addDue(team, event.expiresAtMs, 'expire', event.id),
    reservation,
    drawn: event.drawn ?? NONE,
    askedAtMs,
    topUp: event.topUp ?? null,
    marks: undefined,
  };
  reservation?.holders.add(allocation);
  team.allocations.set(allocation.id, allocation);
  node.allocations ??= new Set();
  node.allocations.add(allocation);
  noteHolder(allocation);
  if (event.topUp !== undefined) team.agenda.rests.add(event.id);
  if (event.probe) probeGranted(team, event);
  if (event.claimUntilMs !== undefined) addDue(team, event.claimUntilMs, 'claim', event.id);
}

/** An allocation ends: what was held returns, what is booked stays spent. */
export function ended(team: Team, event: EventOf<'AllocationEnded'>, at: Position): void {
  const allocation = allocationOf(team, event.allocation);
  const { node } = allocation;
  dropHolder(allocation);
  team.allocations.delete(allocation.id);
  node.allocations?.delete(allocation);
  team.timers.remove(allocation.expiry);
  if (allocation.yieldsTo !== null) team.agenda.collects.add(allocation.yieldsTo);
  if (allocation.topUp !== null) team.agenda.barred.add(allocation.topUp);
  if (event.toReservation !== undefined) replenish(team, allocation, event, event.toReservation);
  allocation.reservation?.holders.delete(allocation);
  if (event.rates !== undefined) correctRates(team, allocation, event);
  const now = usedNow(event.booked, event.earlier);
  climb(team, node, 'ended', event, settling(allocation, now), -1);
  bookEarlier(team, node, event.earlier, event.atMs);
  noteFailures(team, allocation.id, node.path, event.failed, event.atMs);
  probeEnded(team, allocation.id, event.as === 'settled');
  team.tombstones.set(allocation.id, {
    path: node.path,
    openingNo: node.openingNo,
    agent: allocation.agent,
    as: event.as,
    booked: event.booked,
    held: allocation.items,
    isSettled: event.as === 'settled',
    at,
    digest: event.as === 'settled' || event.as === 'released' ? event.digest : undefined,
    atMs: event.atMs,
    endedAt: at,
    endedAtMs: event.atMs,
    bookedAtEnd: event.booked,
    marks: allocation.marks,
  });
  for (const { path, stop } of allocation.stops) {
    const inForce = team.nodes.get(path)?.stops?.get(stop);
    if (inForce === undefined) continue;
    inForce.remainingCount -= 1;
    if (event.as === 'fenced') {
      inForce.fencedCount += 1;
      inForce.fencedAgents.add(allocation.agent);
    }
    if (inForce.remainingCount === 0) team.agenda.stops.add(accountKey(path, stop));
  }
  if (event.closesStep) closeNode(team, node, event, false);
}

/** The gauges on which a grant has just counted. */
function countedOf(from: Node, rates: Amounts): CountedRate[] {
  const counted: CountedRate[] = [];
  for (const [resource, amount] of Object.entries(rates)) {
    if (amount === 0) continue;
    for (const [node, gauge] of gaugesOn(from, resource)) {
      counted.push({ node, gauge, resource, amount });
    }
  }
  return counted;
}

/** A settle states another use of a rate than the grant has counted. */
function correctRates(
  team: Team,
  { counted, grantedAtMs }: Allocation,
  { rates, atMs }: EventOf<'AllocationEnded'>,
): void {
  for (const { node, gauge, resource, amount } of counted ?? []) {
    const actual = rates?.[resource];
    if (actual === undefined) continue;
    gauge.correct(grantedAtMs, atMs, amount, actual);
    wakeRate(team, node, resource);
  }
}

export function lateSettled(team: Team, event: EventOf<'LateSettled'>, at: Position): void {
  const tomb = team.tombstones.get(event.allocation);
  assert(tomb !== undefined && !tomb.isSettled, `${event.allocation} settles late once`);
  correct(team, event, event.booked, event.returned ?? {});
  noteFailures(team, undefined, event.path, event.failed, event.atMs);
  team.tombstones.set(event.allocation, {
    ...tomb,
    booked: combined(tomb.booked, event.booked, event.returned ?? {}),
    isSettled: true,
    at,
    digest: event.digest,
    atMs: event.atMs,
  });
}

export function adjusted(team: Team, event: EventOf<'Adjusted'>): void {
  const tomb = team.tombstones.get(event.allocation);
  assert(tomb !== undefined, `${event.allocation} has ended`);
  correct(team, event, event.more, event.less);
  const booked = combined(tomb.booked, event.more, event.less);
  // Until it is settled, a correction is of what the end has booked.
  const bookedAtEnd = tomb.isSettled ? tomb.bookedAtEnd : larger(tomb.bookedAtEnd, booked);
  team.tombstones.set(event.allocation, { ...tomb, booked, bookedAtEnd });
}

export function renewed(team: Team, event: EventOf<'LeaseRenewed'>): void {
  const allocation = allocationOf(team, event.allocation);
  assert(event.expiresAtMs >= allocation.expiresAtMs, 'a renewal never shortens a lease');
  setExpiry(team, allocation, event.expiresAtMs);
  claim(allocation, event);
  climb(team, allocation.node, 'renewed', event, []);
}

export function reported(team: Team, event: EventOf<'UsageReported'>): void {
  const allocation = allocationOf(team, event.allocation);
  allocation.reported = event.used;
  noteFailures(team, allocation.id, allocation.node.path, event.failed, event.atMs);
  claim(allocation, event);
  climb(team, allocation.node, 'reported', event, []);
}

export function resized(team: Team, event: EventOf<'AllocationResized'>): void {
  const allocation = allocationOf(team, event.allocation);
  if (event.topUp !== undefined) leaveQueue(team, event.topUp, event);
  const shrunk: ResourceClimb[] = [];
  const grown: ResourceClimb[] = [];
  const growth: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(event.items)) {
    const change = amount - (allocation.items[resource] ?? 0);
    (change > 0 ? grown : shrunk).push(climbOf(resource, change, 0, 0));
    if (change > 0) growth[resource] = change;
  }
  if (event.topUp === undefined) noteGrowth(allocation.node, allocation.priority, growth);
  if (event.toReservation !== undefined) replenish(team, allocation, event, event.toReservation);
  if (shrunk.length > 0) climb(team, allocation.node, 'shrunk', event, shrunk);
  if (grown.length > 0) climb(team, allocation.node, 'grown', event, grown);
  dropHolder(allocation);
  allocation.items = { ...allocation.items, ...event.items };
  noteHolder(allocation);
  claim(allocation, event);
}

/** Any command of its agent on a grant shows that it knows of it; an operator's does not. */
function claim(
  allocation: Allocation,
  { by, atMs }: { readonly by?: string | undefined; readonly atMs: number },
): void {
  if (by !== allocation.agent) return;
  allocation.claimUntilMs = null;
  allocation.heardAtMs = atMs;
}

/** Moves every lease, grace and queue time-out by the length of an outage (semantics §6.4). */
export function leasesExtended(team: Team, byMs: number): void {
  for (const allocation of team.allocations.values()) {
    const { deadlineAtMs } = allocation.node;
    setExpiry(team, allocation, Math.min(allocation.expiresAtMs + byMs, deadlineAtMs));
    if (allocation.claimUntilMs !== null) allocation.claimUntilMs += byMs;
    allocation.endsByMs += byMs;
    allocation.heardAtMs += byMs;
    if (allocation.graceEndsAtMs !== null) allocation.graceEndsAtMs += byMs;
  }
  for (const waiting of team.waiting.values()) {
    waiting.untilMs += byMs;
    if (waiting.graceEndsAtMs !== null) waiting.graceEndsAtMs += byMs;
    team.timers.remove(waiting.timeout);
    waiting.timeout = addDue(team, givesUpAtMs(waiting), 'wait', waiting.id);
  }
  approvalsExtended(team, byMs);
  for (const node of team.nodes.values()) {
    if (node.fenceAtMs !== null) node.fenceAtMs += byMs;
    for (const stop of node.stops?.values() ?? []) stop.ackUntilMs += byMs;
  }
}

function setExpiry(team: Team, allocation: Allocation, expiresAtMs: number): void {
  dropHolder(allocation);
  allocation.expiresAtMs = expiresAtMs;
  noteHolder(allocation);
  team.timers.remove(allocation.expiry);
  allocation.expiry = addDue(team, expiresAtMs, 'expire', allocation.id);
}

/** Held returns; of consumables the booked part is spent. */
function settling({ node, items }: Allocation, booked: Amounts): ResourceClimb[] {
  const climbs: ResourceClimb[] = [];
  for (const resource in items) {
    climbs.push(climbOf(resource, -(items[resource] as number), booked[resource] ?? 0, 0));
  }
  for (const resource in booked) {
    if (items[resource] === undefined) {
      assert(isConsumable(node.resources, resource), 'only consumables are spent');
      climbs.push(climbOf(resource, 0, booked[resource] as number, 0));
    }
  }
  return climbs;
}

/** Books a correction of what was spent. */
function correct(
  team: Team,
  event: EventOf<'LateSettled' | 'Adjusted'>,
  more: Amounts,
  less: Amounts,
): void {
  const node = nodeOf(team, event.path);
  const [moreNow, lessNow] = [usedNow(more, event.earlier), usedNow(less, event.earlierReturned)];
  const climbs: ResourceClimb[] = [];
  for (const resource of new Set([...Object.keys(more), ...Object.keys(less)])) {
    climbs.push(climbOf(resource, 0, (moreNow[resource] ?? 0) - (lessNow[resource] ?? 0), 0));
  }
  climb(team, node, 'booked', event, climbs);
  bookEarlier(team, node, event.earlier, event.atMs);
  bookEarlier(team, node, event.earlierReturned, event.atMs, -1);
}

/** A charge: use that no allocation held. */
export function charged(team: Team, event: EventOf<'Charged'>): void {
  const node = nodeOf(team, event.path);
  climb(team, node, 'booked', event, spending(usedNow(event.amounts, event.earlier)));
  bookEarlier(team, node, event.earlier, event.atMs);
}

function combined(base: Amounts, more: Amounts, less: Amounts): Amounts {
  const sum: Record<string, number> = { ...base };
  for (const [resource, amount] of Object.entries(more)) {
    sum[resource] = (sum[resource] ?? 0) + amount;
  }
  for (const [resource, amount] of Object.entries(less)) {
    sum[resource] = (sum[resource] ?? 0) - amount;
  }
  return sum;
}

function larger(a: Amounts, b: Amounts): Amounts {
  const most: Record<string, number> = { ...a };
  for (const resource in b) {
    most[resource] = Math.max(most[resource] ?? 0, b[resource] as number);
  }
  return most;
}
