import type { Command } from '../../events/commands.ts';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import type { Priority } from '../../events/priority.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Reservation } from '../allocations/reservation.ts';
import { deepestOpen } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import type { Waiting } from '../queue/wait-queue.ts';
import type { RateGauge } from '../rates/rate-gauge.ts';
import type { Allocation, Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';
import { checkBreakers, checkBreakersOfGrowth } from './invariants-of-breakers.ts';
import { Standing } from './invariants-of-deciding.ts';
import {
  checkAdmission,
  checkEnd,
  checkGrowth,
  checkGuarantees,
  checkId,
  checkPreemption,
  checkReclaim,
  checkTime,
  checkTold,
} from './invariants-of-events.ts';
import { checkLevel, checkSlowStart } from './invariants-of-levels.ts';
import {
  carryCorrection,
  carryMeters,
  carryRates,
  checkRates,
  checkUncounted,
} from './invariants-of-rates.ts';
import {
  checkBack,
  checkDraw,
  checkReservationEnd,
  noteBack,
} from './invariants-of-reservations.ts';
import {
  carryReserve,
  checkReserve,
  checkReserveDraw,
  noteDraw,
} from './invariants-of-reserves.ts';
import { checkStandsStill } from './invariants-of-stops.ts';
import { checkWindows } from './invariants-of-windows.ts';
import { carry, handUp, isUntouched } from './second-books.ts';
import {
  carryBooked,
  carryEarmark,
  carryEndOfStep,
  carryLimits,
  carryTopUp,
  carryTransfer,
  carryUse,
  secondOf,
} from './second-books-events.ts';
import { carryDivision, checkDivision } from './second-books-shares.ts';
import { carryGrants, carryWindow, layEarlier, nowOf } from './second-books-windows.ts';

/** Looks at every event and every decision of a team. Throws InvariantError. */
export interface Watch {
  /** Before an event is applied: whether it may happen at all. */
  before(team: Team, event: BursarEvent, at: Position): void;
  /** After it has been applied: whether it did what it says and nothing else. */
  after(team: Team, event: BursarEvent, at: Position): void;
  /** Before a command is decided. */
  asked(team: Team): void;
  /** After it has been decided and before anything is recorded: deciding has changed nothing. */
  decided(team: Team, command: Command, isRecorded: boolean): void;
}

/**
 * The invariants that stay on in production, computed in a second way: from the words of the event
 * and the state before it, never by the functions that decide and evolve. One for each team, asked
 * by `evolve` and `govern`. Costs O(depth × resources of the event), for a preemption its victims
 * too, for a closing what closes; allocates nothing but on closing. Which is checked where, when
 * and by what test: docs/invariants.md.
 */
export class InvariantWatch implements Watch {
  /** Of the event at work, as it was before. */
  #allocation: Allocation | undefined;
  #waiting: Waiting | undefined;
  #held: Amounts = NOTHING;
  #anchor: Node | undefined;
  #reservation: Reservation | undefined;
  #rates: ReadonlyMap<string, RateGauge> = NO_GAUGES;
  readonly #closing: Node[] = [];
  #allocationCount = 0;
  readonly #standing = new Standing();

  /** Notes first what `after` needs: a replay goes on after a breach (evolve.ts). */
  before(team: Team, event: BursarEvent, at: Position): void {
    this.#allocationCount = team.allocations.size;
    switch (event.type) {
      case 'AllocationGranted':
        this.#beforeGrant(team, event, at);
        break;
      case 'AllocationEnded': {
        const allocation = team.allocations.get(event.allocation);
        this.#allocation = allocation;
        if (event.closesStep === true && allocation) this.#closing.push(allocation.node);
        checkEnd(team, event, allocation, at);
        checkBack(event, allocation, at);
        noteBack(allocation, event.toReservation);
        break;
      }
      case 'AllocationResized':
        this.#beforeResize(team, event, at);
        break;
      case 'PreemptionRequested':
        this.#anchor = deepestOpen(team, event.ask.path);
        checkAsk(team, event, event.ask.path, event.priority, at);
        checkPreemption(team, event, at);
        break;
      case 'ResourcesReclaimed': {
        const waiting = team.waiting.get(event.request);
        this.#waiting = waiting;
        if (waiting === undefined) break;
        checkAsk(team, event, waiting.ask.path, waiting.priority, at);
        break;
      }
      case 'RequestDenied':
        this.#waiting = event.waited === true ? team.waiting.get(event.id) : undefined;
        checkTold(team, event, this.#waiting, at);
        break;
      case 'RequestCancelled':
        this.#waiting = team.waiting.get(event.request);
        break;
      case 'NodeOpened':
      case 'Reserved':
        checkAdmission(team, event, event.path, null, at);
        break;
      case 'LimitsSet':
        this.#rates = new Map(team.nodes.get(event.path)?.rates);
        checkGuarantees(team, event, at);
        break;
      case 'Transferred':
        checkAdmission(team, event, event.from, null, at);
        checkAdmission(team, event, event.to, null, at);
        break;
      case 'Distributed':
        checkDivision(team, event, at);
        break;
      case 'ReserveChanged':
        checkReserve(team, event, at);
        break;
      case 'ReservationEnded':
        this.#reservation = team.reservations.get(event.reservation);
        checkReservationEnd(event, this.#reservation, at);
        break;
      case 'NodeClosed': {
        const node = team.nodes.get(event.path);
        if (node !== undefined) collectClosing(node, this.#closing);
        break;
      }
      case 'StopCompleted':
        checkStandsStill(team, event, at);
        break;
      default:
        checkTold(team, event, undefined, at);
    }
    checkWindows(team, event, at);
    checkTime(team, event, at);
    checkId(team, event, at);
  }

  after(team: Team, event: BursarEvent, at: Position): void {
    switch (event.type) {
      case 'AllocationGranted':
        return this.#afterGrant(team, event, at);
      case 'AllocationEnded':
        return this.#afterEnd(team, event, at);
      case 'AllocationResized':
        return this.#afterResize(event, at);
      case 'LateSettled':
        return carryUse(team, event, at, event.booked, event.returned ?? NOTHING);
      case 'Charged':
        return carryUse(team, event, at, event.amounts, NOTHING);
      case 'Adjusted':
        return carryUse(team, event, at, event.more, event.less);
      case 'PreemptionRequested':
        return carryEarmark(event, at, this.#anchor, event.earmarked);
      case 'ResourcesReclaimed': {
        const on = this.#waiting && team.nodes.get(this.#waiting.earmarkPath);
        return carryEarmark(event, at, on, event.earmarked);
      }
      case 'RequestDenied':
      case 'RequestCancelled':
        return this.#afterLeaving(team, event, at);
      case 'NodeOpened':
      case 'LimitsSet':
        return this.#afterLimits(team, event, at);
      case 'ToppedUp':
        return carryTopUp(team, event, at);
      case 'Transferred':
        return carryTransfer(team, event, at);
      case 'Distributed':
        return carryDivision(team, event, at);
      case 'Reserved':
        return carryBooked(event, at, team.nodes.get(event.path), event.items, 1);
      case 'ReservationEnded':
        return carryBooked(event, at, this.#reservation?.node, event.returned, -1);
      case 'ReserveChanged':
        return carryReserve(team, event, at);
      case 'WindowOpened':
        return carryWindow(team, event, at);
      case 'GrantsCounted':
        return carryGrants(team, event, at);
      case 'NodeClosed':
        return this.#afterClosing(event, at);
      default:
        return;
    }
  }

  asked(team: Team): void {
    this.#standing.note(team);
  }

  decided(team: Team, command: Command, isRecorded: boolean): void {
    this.#standing.check(team, command, isRecorded);
  }

  #beforeGrant(team: Team, event: EventOf<'AllocationGranted'>, at: Position): void {
    this.#waiting = event.via === 'request' ? undefined : team.waiting.get(event.id);
    checkAsk(team, event, event.ask.path, event.priority, at);
    checkSlowStart(team, event, at);
    checkBreakers(team, event, at);
    checkDraw(team, event, at);
    checkReserveDraw(team, event, at);
    if (event.rates !== undefined) checkRates(team, event, at);
  }

  #beforeResize(team: Team, event: EventOf<'AllocationResized'>, at: Position): void {
    const allocation = team.allocations.get(event.allocation);
    this.#allocation = allocation;
    if (allocation === undefined) return;
    this.#held = allocation.items;
    checkBack(event, allocation, at);
    noteBack(allocation, event.toReservation);
    if (event.reclaimed) checkReclaim(event, allocation, event.items, at);
    checkBreakersOfGrowth(team, event, allocation, at);
    if (event.topUp !== undefined) checkGrowth(team, event, allocation, event.topUp, at);
    for (const resource in event.items) {
      if ((event.items[resource] as number) <= (allocation.items[resource] ?? 0)) continue;
      const { path } = allocation.node;
      checkLevel(team, event, path, allocation.priority, at);
      return checkAdmission(team, event, path, allocation.priority, at);
    }
  }

  #afterGrant(team: Team, event: EventOf<'AllocationGranted'>, at: Position): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const node = team.nodes.get(event.ask.path);
    if (node === undefined) return;
    if (waiting !== undefined) this.#release(team, event, waiting, at, event.items);
    for (const resource in event.drawn) {
      const from = team.reservations.get(event.reservation ?? '')?.node;
      if (from) secondOf(from, resource).booked -= event.drawn[resource] as number;
    }
    noteDraw(team, event);
    if (event.rates !== undefined) carryRates(event, at, node);
    for (const resource in event.items) {
      const amount = event.items[resource] as number;
      carry(event, at, node, resource, amount, 0, amount, 0);
    }
    if (team.allocations.size === this.#allocationCount + 1) return;
    miscounted(team, event, at, this.#allocationCount + 1);
  }

  #afterEnd(team: Team, event: EventOf<'AllocationEnded'>, at: Position): void {
    const allocation = this.#allocation as Allocation;
    const { node, items } = allocation;
    this.#allocation = undefined;
    if (event.rates !== undefined) carryCorrection(event, at, allocation);
    const isClosing = this.#closing.pop() !== undefined;
    if (isClosing) carryEndOfStep(event, at, node, items);
    else {
      const { booked, earlier } = event;
      layEarlier(node, earlier, 1);
      for (const resource in items) {
        const held = -(items[resource] as number);
        const spent = nowOf(booked, earlier, resource);
        carry(event, at, node, resource, held, spent, held, spent);
      }
      for (const resource in booked) {
        if (items[resource] !== undefined) continue;
        const spent = nowOf(booked, earlier, resource);
        carry(event, at, node, resource, 0, spent, 0, spent);
      }
    }
    if (team.allocations.size === this.#allocationCount - 1) return;
    miscounted(team, event, at, this.#allocationCount - 1);
  }

  #afterResize(event: EventOf<'AllocationResized'>, at: Position): void {
    const allocation = this.#allocation as Allocation;
    this.#allocation = undefined;
    for (const resource in event.items) {
      const change = (event.items[resource] as number) - (this.#held[resource] ?? 0);
      carry(event, at, allocation.node, resource, change, 0, change, 0);
    }
  }

  #afterLimits(team: Team, event: EventOf<'NodeOpened' | 'LimitsSet'>, at: Position): void {
    const before = this.#rates;
    this.#rates = NO_GAUGES;
    carryLimits(team, event, at);
    const node = team.nodes.get(event.path);
    if (node !== undefined) carryMeters(event, at, node, before);
  }

  /** A denial or cancellation frees what was set aside, and else leaves the books as they are. */
  #afterLeaving(
    team: Team,
    event: EventOf<'RequestDenied' | 'RequestCancelled'>,
    at: Position,
  ): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) return this.#release(team, event, waiting, at);
    if (event.type !== 'RequestDenied') return;
    const anchor = deepestOpen(team, event.ask.path);
    if (anchor === undefined) return;
    for (const resource in event.ask.items) {
      checkUncounted(event, at, anchor, resource);
      if (!isUntouched(anchor, resource)) carry(event, at, anchor, resource, 0, 0, 0, 0);
    }
  }

  /** Gives free what was being collected; what is granted of it is carried with the grant. */
  #release(
    team: Team,
    event: BursarEvent,
    { earmarked, earmarkPath }: Waiting,
    at: Position,
    granted: Amounts = NOTHING,
  ): void {
    const on = team.nodes.get(earmarkPath);
    if (on === undefined) return;
    for (const resource in earmarked) {
      secondOf(on, resource).earmarked -= earmarked[resource] as number;
      if (granted[resource] === undefined) carry(event, at, on, resource, 0, 0, 0, 0);
    }
  }

  #afterClosing(event: EventOf<'NodeClosed'>, at: Position): void {
    const closing = this.#closing;
    for (const node of closing) if (node.parent !== undefined) handUp(event, at, node, node.parent);
    const last = closing[closing.length - 1];
    closing.length = 0;
    if (last?.parent === undefined) return;
    for (const resource of last.accounts.keys()) {
      carry(event, at, last.parent, resource, 0, 0, 0, 0);
    }
  }
}

/** What is asked for may be admitted where it is asked, at the level that is in force there. */
function checkAsk(
  team: Team,
  event: BursarEvent,
  path: string,
  priority: Priority,
  at: Position,
): void {
  checkAdmission(team, event, path, priority, at);
  checkLevel(team, event, path, priority, at);
}

const NOTHING: Amounts = {};
const NO_GAUGES: ReadonlyMap<string, RateGauge> = new Map();

/** Every node that closes with this one, beneath before above. */
function collectClosing(node: Node, found: Node[]): void {
  for (const child of node.children) collectClosing(child, found);
  found.push(node);
}

function miscounted(team: Team, event: BursarEvent, at: Position, expected: number): never {
  const what = 'the number of live allocations';
  const place = { invariant: 'INV-3', path: team.name, what } as const;
  return breached(event, at, { ...place, expected, found: team.allocations.size });
}
