import type { BursarEvent, EventOf } from '../events/events.ts';
import type { Amounts } from '../events/resources.ts';
import {
  added,
  type Balances,
  changeHeld,
  closeNode,
  holdOf,
  nearestOpen,
  nodeAt,
  openNode,
  sumsOf,
  type TeamBooks,
} from './books.ts';
import { type Projection, UnfitEventError } from './projection.ts';
import { bookUse, countGrants, openWindow, setLimit, setWindows } from './windows.ts';

/**
 * Who has what: an own fold of the events, sharing no code with the actors, so that their results
 * can be held against each other (INV-1; `check.ts`). Queries are in `balance-lines.ts`.
 */
export const balances: Projection<Balances> = {
  name: 'balances',
  version: 5,
  initial: () => new Map(),
  evolve(state, event) {
    let team = state.get(event.team);
    if (team === undefined) {
      team = {
        resources: {},
        nodes: new Map(),
        holds: new Map(),
        earmarks: new Map(),
        reservations: new Map(),
      };
      state.set(event.team, team);
    }
    apply(team, event);
  },
};

function apply(team: TeamBooks, event: BursarEvent): void {
  switch (event.type) {
    case 'NodeOpened':
      openNode(team, event.path, event.tier, event);
      nodeAt(team, event.path, event).deadlineAtMs = event.deadlineAtMs ?? null;
      return setLimits(team, event, event.limits ?? {});
    case 'LimitsSet':
      return setLimits(team, event, event.limits);
    case 'ToppedUp':
      return topUp(team, event);
    case 'WindowOpened':
      return openWindow(team, event);
    case 'GrantsCounted':
      return countGrants(team, event);
    case 'Transferred':
      return transfer(team, event);
    case 'Distributed':
      return distribute(team, event);
    case 'Reserved':
      return reserve(team, event);
    case 'ReservationEnded':
      changeBooking(team, event, event.reservation, event.returned, -1);
      team.reservations.delete(event.reservation);
      return;
    case 'ReserveChanged':
      return changeReserve(team, event);
    case 'PolicySet':
      team.resources = event.policy.resources;
      return;
    case 'AllocationGranted':
      return grant(team, event);
    case 'AllocationResized':
      return resize(team, event);
    case 'AllocationEnded':
      return end(team, event);
    case 'LateSettled':
      return book(team, event, event.booked, event.returned ?? {});
    case 'Charged':
      return book(team, event, event.amounts, {});
    case 'Adjusted':
      return book(team, event, event.more, event.less);
    case 'PreemptionRequested':
      return earmark(team, event, event.id, event.ask.path, event.earmarked);
    case 'ResourcesReclaimed':
      return earmark(team, event, event.request, undefined, event.earmarked);
    case 'RequestDenied':
      return dropEarmark(team, event.id);
    case 'RequestCancelled':
      return dropEarmark(team, event.request);
    case 'NodeClosing':
      nodeAt(team, event.path, event).isClosing = true;
      return;
    case 'NodeClosed':
      return closeNode(team, event.path, event);
    case 'Frozen':
      nodeAt(team, event.path, event).freezes.add(event.freeze);
      return;
    case 'Unfrozen':
      nodeAt(team, event.path, event).freezes.delete(event.freeze);
      return;
    case 'Stopped':
      nodeAt(team, event.path, event).stops.add(event.stop);
      return;
    case 'StopLifted':
      nodeAt(team, event.path, event).stops.delete(event.stop);
      return;
    default:
      event satisfies WithoutBooks;
      return;
  }
}

/** Events that change nobody's amounts. A new type of event must be put here or above. */
type WithoutBooks = EventOf<
  | 'RequestQueued'
  | 'RequestMoved'
  | 'ShrinkRequested'
  | 'SheddingEnded'
  | 'ApprovalRequested'
  | 'ApprovalGiven'
  | 'ApprovalDeclined'
  | 'AllocationClaimed'
  | 'LeaseRenewed'
  | 'UsageReported'
  | 'UsageQuarantined'
  | 'SettleMissed'
  | 'ContentionDetected'
  | 'StrategySelected'
  | 'ContestEnded'
  | 'GrantVoided'
  | 'AlertRaised'
  | 'AlertCleared'
  | 'ExhaustionForecast'
  | 'ForecastCleared'
  | 'QueueAgeReached'
  | 'QueueAgeCleared'
  | 'CredentialEnrolled'
  | 'CredentialDismissed'
  | 'StopAcknowledged'
  | 'StopCompleted'
  | 'ThresholdCrossed'
  | 'ThresholdRearmed'
  | 'DegradationChanged'
  | 'RecoveryStarted'
  | 'RecoveryAdvanced'
  | 'RecoveryCompleted'
  | 'LeasesExtended'
  | 'BreakerOpened'
  | 'BreakerHalfOpened'
  | 'BreakerClosed'
>;

function setLimits(
  team: TeamBooks,
  event: EventOf<'NodeOpened' | 'LimitsSet'>,
  limits: EventOf<'LimitsSet'>['limits'],
): void {
  const node = nodeAt(team, event.path, event);
  for (const [resource, set] of Object.entries(limits)) {
    const { limit, guarantee, lend, thresholds, per } = set;
    if (per !== undefined) {
      if (limit == null) node.rates.delete(resource);
      else node.rates.set(resource, { limit, ...per });
      continue;
    }
    const sums = sumsOf(node, resource);
    if (lend !== undefined) sums.lend = lend;
    if (limit !== undefined) setLimit(sums, limit);
    if (guarantee !== undefined) sums.guarantee = guarantee;
    if (thresholds !== undefined) sums.thresholds = thresholds;
  }
  setWindows(node, event);
}

function topUp(team: TeamBooks, event: EventOf<'ToppedUp'>): void {
  const node = nodeAt(team, event.path, event);
  for (const [resource, amount] of Object.entries(event.amounts)) {
    const sums = sumsOf(node, resource);
    // What a grant adds is said by the event that counts it.
    if (event.grant === undefined) setLimit(sums, added(sums.base ?? 0, amount));
  }
}

/** Limits move; between siblings guarantees too, and who had none lends as the giver does. */
function transfer(team: TeamBooks, event: EventOf<'Transferred'>): void {
  const [from, to] = [nodeAt(team, event.from, event), nodeAt(team, event.to, event)];
  for (const [resource, amount] of Object.entries(event.amounts)) {
    const [giver, taker] = [sumsOf(from, resource), sumsOf(to, resource)];
    const moved = event.guarantees[resource] ?? 0;
    setLimit(giver, added(giver.base ?? 0, -amount));
    setLimit(taker, added(taker.base ?? 0, amount));
    if (moved > 0 && taker.guarantee === 0) taker.lend = giver.lend;
    giver.guarantee = added(giver.guarantee, -moved);
    taker.guarantee = added(taker.guarantee, moved);
  }
}

/** A parent's division over its children; what grants add to a limit is part of a share. */
function distribute(team: TeamBooks, event: EventOf<'Distributed'>): void {
  for (const { resource, shares } of event.divisions) {
    for (const { child, is, lend } of shares) {
      const sums = sumsOf(nodeAt(team, `${event.path}/${child}`, event), resource);
      if (lend === null) sums.lend = null;
      if (event.sets === 'guarantee') sums.guarantee = is;
      else setLimit(sums, added(is, -sums.granted));
    }
  }
}

function reserve(team: TeamBooks, event: EventOf<'Reserved'>): void {
  const { reservation: id, path, items, startsAtMs, endsAtMs, by = 'bursar' } = event;
  if (team.reservations.has(id)) throw new UnfitEventError(event, `${id} is reserved already`);
  const booking = { path, amounts: new Map(), by, items, startsAtMs, endsAtMs };
  team.reservations.set(id, booking);
  changeBooking(team, event, id, items, 1);
}

/** What a swarm keeps for emergencies, as it is said to be. */
function changeReserve(team: TeamBooks, event: EventOf<'ReserveChanged'>): void {
  const { path, resource, target, change } = event;
  const sums = sumsOf(nodeAt(team, path, event), resource);
  sums.reserved = added(sums.reserved, change);
  sums.reserveTarget = target;
  const missing = target - sums.reserved;
  sums.reserveDrawn = Math.min(missing, Math.max(0, sums.reserveDrawn - Math.max(0, change)));
}

function drawReserve(team: TeamBooks, event: EventOf<'AllocationGranted'>): void {
  if (event.reserve === undefined) return;
  const swarm = nodeAt(team, event.reserve.path, event);
  for (const [resource, amount] of Object.entries(event.reserve.drawn)) {
    const sums = sumsOf(swarm, resource);
    sums.reserved = added(sums.reserved, -amount);
    sums.reserveDrawn = added(sums.reserveDrawn, amount);
  }
}

/** Adds to what a reservation keeps, or takes from it. */
function changeBooking(
  team: TeamBooks,
  event: BursarEvent,
  id: string | undefined,
  amounts: Amounts,
  sign: 1 | -1,
): void {
  const booking = team.reservations.get(id ?? '');
  if (booking === undefined) throw new UnfitEventError(event, `${id} is no reservation`);
  const node = nodeAt(team, booking.path, event);
  for (const [resource, amount] of Object.entries(amounts)) {
    const sums = sumsOf(node, resource);
    sums.booked = added(sums.booked, sign * amount);
    const left = booking.amounts.get(resource) ?? 0;
    booking.amounts.set(resource, added(left, sign * amount));
  }
}

function grant(team: TeamBooks, event: EventOf<'AllocationGranted'>): void {
  if (team.holds.has(event.id)) throw new UnfitEventError(event, `${event.id} is live already`);
  const { path } = event.ask;
  const isOpened = (event.opened ?? []).some((opened) => opened.path === path);
  if (!isOpened) nodeAt(team, path, event);
  if (event.via !== 'request' && event.via !== 'approval') dropEarmark(team, event.id);
  for (const opened of event.opened ?? []) openNode(team, opened.path, opened.tier, event);
  const { reservation } = event;
  const amounts = new Map(Object.entries(event.items));
  team.holds.set(event.id, {
    path,
    amounts,
    ...(reservation === undefined ? {} : { reservation }),
  });
  if (event.drawn !== undefined) changeBooking(team, event, reservation, event.drawn, -1);
  drawReserve(team, event);
  nodeAt(team, path, event).liveOwn += 1;
  for (const [resource, amount] of Object.entries(event.items)) {
    changeHeld(team, path, resource, amount, event);
  }
}

function resize(team: TeamBooks, event: EventOf<'AllocationResized'>): void {
  const hold = holdOf(team, event.allocation, event);
  for (const [resource, amount] of Object.entries(event.items)) {
    changeHeld(team, hold.path, resource, amount - (hold.amounts.get(resource) ?? 0), event);
    hold.amounts.set(resource, amount);
  }
  const { toReservation: back } = event;
  if (back !== undefined) changeBooking(team, event, hold.reservation, back, 1);
}

function end(team: TeamBooks, event: EventOf<'AllocationEnded'>): void {
  const hold = holdOf(team, event.allocation, event);
  const node = nodeAt(team, hold.path, event);
  team.holds.delete(event.allocation);
  node.liveOwn -= 1;
  const { toReservation: back } = event;
  if (back !== undefined) changeBooking(team, event, hold.reservation, back, 1);
  for (const [resource, amount] of hold.amounts) {
    changeHeld(team, hold.path, resource, -amount, event);
  }
  bookUse(team, node, event.booked, event.earlier, 1);
  if (event.closesStep) closeNode(team, hold.path, event);
}

function book(
  team: TeamBooks,
  event: EventOf<'LateSettled' | 'Charged' | 'Adjusted'>,
  more: Amounts,
  less: Amounts,
): void {
  const node = nodeAt(team, event.path, event);
  bookUse(team, node, more, event.earlier, 1);
  bookUse(team, node, less, 'earlierReturned' in event ? event.earlierReturned : undefined, -1);
}

/**
 * Sets amounts aside for a waiting request: on its node, or where that is not open yet on the
 * nearest open one above. Further amounts go to the same place.
 */
function earmark(
  team: TeamBooks,
  event: EventOf<'PreemptionRequested' | 'ResourcesReclaimed'>,
  request: string,
  askedPath: string | undefined,
  amounts: Amounts,
): void {
  let earmarked = team.earmarks.get(request);
  if (earmarked === undefined) {
    if (askedPath === undefined) throw new UnfitEventError(event, `${request} does not wait`);
    earmarked = { path: nearestOpen(team, askedPath, event), amounts: new Map() };
    team.earmarks.set(request, earmarked);
  }
  const node = nodeAt(team, earmarked.path, event);
  for (const [resource, amount] of Object.entries(amounts)) {
    sumsOf(node, resource).earmarked += amount;
    earmarked.amounts.set(resource, (earmarked.amounts.get(resource) ?? 0) + amount);
  }
}

/** A request waits no longer; whatever was set aside for it is free. */
function dropEarmark(team: TeamBooks, request: string): void {
  const earmarked = team.earmarks.get(request);
  if (earmarked === undefined) return;
  team.earmarks.delete(request);
  const node = team.nodes.get(earmarked.path);
  if (node === undefined) return;
  for (const [resource, amount] of earmarked.amounts) sumsOf(node, resource).earmarked -= amount;
}
