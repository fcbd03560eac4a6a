import type { Command } from '../events/commands.ts';
import type { BursarEvent, EventOf } from '../events/events.ts';
import type { Amounts } from '../events/resources.ts';
import { breached, InvariantError } from './invariant-error.ts';
import {
  checkAdmission,
  checkEnd,
  checkId,
  checkPreemption,
  checkTold,
} from './invariants-of-lives.ts';
import { deepestOpen } from './locate.ts';
import type { Node } from './node.ts';
import { carry, handUp, isUntouched, type SecondBooks } from './second-books.ts';
import type { Allocation, Position, Team } from './team.ts';
import type { Waiting } from './wait-queue.ts';

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
  readonly #closing: Node[] = [];
  #allocationCount = 0;
  /** How the team stood before the decision at work. */
  readonly #stood: Standing = { ...NOTHING_STANDS };

  before(team: Team, event: BursarEvent, at: Position): void {
    if (event.atMs < team.lastAtMs) {
      const place = { invariant: 'INV-10', path: team.name, what: 'the time of an event' } as const;
      breached(event, at, { ...place, expected: `${team.lastAtMs} at least`, found: event.atMs });
    }
    checkId(team, event, at);
    this.#allocationCount = team.allocations.size;
    switch (event.type) {
      case 'AllocationGranted':
        this.#waiting = event.via === 'request' ? undefined : team.waiting.get(event.id);
        return checkAdmission(team, event, event.ask.path, event.priority, at);
      case 'AllocationEnded': {
        const allocation = checkEnd(team, event, at);
        this.#allocation = allocation;
        if (event.closesStep === true) this.#closing.push(allocation.node);
        return;
      }
      case 'AllocationResized':
        return this.#beforeResize(team, event, at);
      case 'PreemptionRequested':
        this.#anchor = deepestOpen(team, event.ask.path);
        checkAdmission(team, event, event.ask.path, event.priority, at);
        return checkPreemption(team, event, at);
      case 'ResourcesReclaimed': {
        const waiting = team.waiting.get(event.request);
        this.#waiting = waiting;
        if (waiting === undefined) return;
        return checkAdmission(team, event, waiting.ask.path, waiting.priority, at);
      }
      case 'RequestDenied':
        this.#waiting = event.waited === true ? team.waiting.get(event.id) : undefined;
        return checkTold(team, event, this.#waiting, at);
      case 'RequestCancelled':
        this.#waiting = team.waiting.get(event.request);
        return;
      case 'NodeOpened':
        return checkAdmission(team, event, event.path, null, at);
      case 'LimitsSet':
        return beforeLimits(team, event, at);
      case 'NodeClosed': {
        const node = team.nodes.get(event.path);
        if (node !== undefined) collectClosing(node, this.#closing);
        return;
      }
      default:
        return checkTold(team, event, undefined, at);
    }
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
        return book(team, event, at, event.booked, event.returned ?? NOTHING);
      case 'Charged':
        return book(team, event, at, event.amounts, NOTHING);
      case 'Adjusted':
        return book(team, event, at, event.more, event.less);
      case 'PreemptionRequested':
        return earmark(event, at, this.#anchor, event.earmarked, 1);
      case 'ResourcesReclaimed': {
        const on = this.#waiting && team.nodes.get(this.#waiting.earmarkPath);
        return earmark(event, at, on, event.earmarked, 1);
      }
      case 'RequestDenied':
      case 'RequestCancelled':
        return this.#afterLeaving(team, event, at);
      case 'NodeOpened':
      case 'LimitsSet':
        return setLimits(team, event, at);
      case 'ToppedUp':
        return topUp(team, event, at);
      case 'NodeClosed':
        return this.#afterClosing(event, at);
      default:
        return;
    }
  }

  asked(team: Team): void {
    const stood = this.#stood;
    stood.allocations = team.allocations.size;
    stood.tombstones = team.tombstones.size;
    stood.waiting = team.waiting.size;
    stood.nodes = team.nodes.size;
    stood.timers = team.timers.size;
    stood.arrivals = team.arrivals;
    stood.notedEver = team.notedEver;
    stood.openings = team.openings;
    stood.lastAtMs = team.lastAtMs;
  }

  decided(team: Team, command: Command, isRecorded: boolean): void {
    const stood = this.#stood;
    if (
      stood.allocations !== team.allocations.size ||
      stood.tombstones !== team.tombstones.size ||
      stood.waiting !== team.waiting.size ||
      stood.nodes !== team.nodes.size ||
      stood.timers !== team.timers.size ||
      stood.arrivals !== team.arrivals ||
      stood.notedEver !== team.notedEver ||
      stood.openings !== team.openings ||
      stood.lastAtMs !== team.lastAtMs
    ) {
      throw changedByDeciding(team, command, 'what the team keeps');
    }
    if (isRecorded || command.op !== 'request') return;
    const anchor = deepestOpen(team, command.path);
    for (const resource in command.items) {
      if (anchor === undefined || isUntouched(anchor, resource)) continue;
      throw changedByDeciding(team, command, `the books of ${resource}`);
    }
  }

  #beforeResize(team: Team, event: EventOf<'AllocationResized'>, at: Position): void {
    const allocation = team.allocations.get(event.allocation);
    this.#allocation = allocation;
    if (allocation === undefined) return;
    this.#held = allocation.items;
    for (const resource in event.items) {
      if ((event.items[resource] as number) <= (allocation.items[resource] ?? 0)) continue;
      return checkAdmission(team, event, allocation.node.path, allocation.priority, at);
    }
  }

  #afterGrant(team: Team, event: EventOf<'AllocationGranted'>, at: Position): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const node = team.nodes.get(event.ask.path);
    if (node === undefined) return;
    if (waiting !== undefined) this.#release(team, event, waiting, at, event.items);
    for (const resource in event.items) {
      const amount = event.items[resource] as number;
      carry(event, at, node, resource, amount, 0, amount, 0);
    }
    if (team.allocations.size === this.#allocationCount + 1) return;
    miscounted(team, event, at, this.#allocationCount + 1);
  }

  #afterEnd(team: Team, event: EventOf<'AllocationEnded'>, at: Position): void {
    const { node, items } = this.#allocation as Allocation;
    this.#allocation = undefined;
    const isClosing = this.#closing.pop() !== undefined;
    if (isClosing) endAndClose(event, at, node, items);
    else {
      const { booked } = event;
      for (const resource in items) {
        const held = -(items[resource] as number);
        const spent = booked[resource] ?? 0;
        carry(event, at, node, resource, held, spent, held, spent);
      }
      for (const resource in booked) {
        if (items[resource] !== undefined) continue;
        const spent = booked[resource] as number;
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

/** No watch at all: for measuring what the watch costs, never for a product. */
export const noWatch: Watch = { before() {}, after() {}, asked() {}, decided() {} };

const NOTHING: Amounts = {};
const NOTHING_STANDS = {
  allocations: 0,
  tombstones: 0,
  waiting: 0,
  nodes: 0,
  timers: 0,
  arrivals: 0,
  notedEver: 0,
  openings: 0,
  lastAtMs: 0,
};
type Standing = Record<keyof typeof NOTHING_STANDS, number>;

/** Every node that closes with this one, beneath before above. */
function collectClosing(node: Node, found: Node[]): void {
  for (const child of node.children) collectClosing(child, found);
  found.push(node);
}

function secondOf(node: Node, resource: string): SecondBooks {
  const account = node.accounts.get(resource);
  if (account === undefined) throw new TypeError(`${node.path} has an account of ${resource}`);
  return account.second;
}

function book(
  team: Team,
  event: EventOf<'LateSettled' | 'Charged' | 'Adjusted'>,
  at: Position,
  more: Amounts,
  less: Amounts,
): void {
  const node = team.nodes.get(event.path);
  if (node === undefined) return;
  for (const resource in more) {
    const spent = (more[resource] as number) - (less[resource] ?? 0);
    carry(event, at, node, resource, 0, spent, 0, spent);
  }
  for (const resource in less) {
    if (more[resource] !== undefined) continue;
    const spent = -(less[resource] as number);
    carry(event, at, node, resource, 0, spent, 0, spent);
  }
}

function earmark(
  event: BursarEvent,
  at: Position,
  on: Node | undefined,
  amounts: Amounts,
  sign: 1 | -1,
): void {
  if (on === undefined) return;
  for (const resource in amounts) {
    secondOf(on, resource).earmarked += sign * (amounts[resource] as number);
    carry(event, at, on, resource, 0, 0, 0, 0);
  }
}

/** The last allocation of a step that a request opened: booked there, then handed up. */
function endAndClose(
  event: EventOf<'AllocationEnded'>,
  at: Position,
  step: Node,
  items: Amounts,
): void {
  const { booked } = event;
  for (const [resource, { second }] of step.accounts) {
    second.held -= items[resource] ?? 0;
    second.spent += booked[resource] ?? 0;
    second.spentTree += booked[resource] ?? 0;
  }
  const parent = step.parent as Node;
  handUp(event, at, step, parent);
  for (const resource of step.accounts.keys()) {
    carry(event, at, parent, resource, 0, 0, -(items[resource] ?? 0), booked[resource] ?? 0);
  }
}

/** A guarantee that takes more of the parent is admitted there. */
function beforeLimits(team: Team, event: EventOf<'LimitsSet'>, at: Position): void {
  const node = team.nodes.get(event.path);
  if (node?.parent === undefined) return;
  for (const resource in event.limits) {
    const guarantee = event.limits[resource]?.guarantee ?? 0;
    if (guarantee <= (node.accounts.get(resource)?.second.share ?? 0)) continue;
    return checkAdmission(team, event, node.parent.path, null, at);
  }
}

function setLimits(team: Team, event: EventOf<'NodeOpened' | 'LimitsSet'>, at: Position): void {
  const node = team.nodes.get(event.path);
  if (node === undefined) return;
  for (const resource in event.limits) {
    const second = secondOf(node, resource);
    const { limit, guarantee } = event.limits[resource] ?? {};
    if (limit !== undefined) second.limit = limit;
    if (guarantee !== undefined) second.guarantee = guarantee;
    carry(event, at, node, resource, 0, 0, 0, 0);
  }
}

function topUp(team: Team, event: EventOf<'ToppedUp'>, at: Position): void {
  const node = team.nodes.get(event.path);
  if (node === undefined) return;
  for (const resource in event.amounts) {
    const second = secondOf(node, resource);
    second.limit = (second.limit ?? 0) + (event.amounts[resource] as number);
    carry(event, at, node, resource, 0, 0, 0, 0);
  }
}

function miscounted(team: Team, event: BursarEvent, at: Position, expected: number): never {
  const what = 'the number of live allocations';
  const place = { invariant: 'INV-3', path: team.name, what } as const;
  return breached(event, at, { ...place, expected, found: team.allocations.size });
}

function changedByDeciding(team: Team, command: Command, what: string): InvariantError {
  return new InvariantError({
    invariant: 'INV-6',
    team: team.name,
    path: 'path' in command && command.path !== undefined ? command.path : team.name,
    what: `${what}, after ${command.op} was decided and before anything of it was recorded,`,
    expected: 'as before',
    found: 'another',
  });
}
