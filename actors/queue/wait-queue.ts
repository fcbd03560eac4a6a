import { strict as assert } from 'node:assert';
import type { AccountName, EventOf } from '../../events/events.ts';
import type { Policy } from '../../events/policy.ts';
import { ExecutionPriority, type Priority } from '../../events/priority.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Timer } from '../timers.ts';
import { RankedList } from './ranked-list.ts';
import { runKeyOf, Turns } from './turns.ts';

/** What ranks a request among others. */
export interface Ranked {
  readonly state: 'queued' | 'preempting';
  readonly priority: Priority;
  /** Queue time, which ranks it. */
  readonly queuedAtMs: number;
  /** Latest start that meets its deadline; Infinity without one. */
  readonly latestStartMs: number;
  readonly ask: ResourceAllocationRequest;
  /** Its turn among the runs that wait for the account. */
  readonly pass: number;
  /** Order of arrival in the team. */
  readonly arrival: number;
}

/** A request that waits for room, or for its victims to yield. */
export interface Waiting extends Ranked {
  readonly id: string;
  readonly agent: string;
  /** The outermost short account; changes when another becomes the bottleneck. */
  account: AccountName;
  /** Its turn there, and how far after it the next of its run comes. */
  pass: number;
  stride: number;
  /** When it joined, for the time it waited. */
  readonly sinceMs: number;
  /** When it joined the queue in which it stands now. */
  joinedAtMs: number;
  untilMs: number;
  readonly attempt: number;
  /** How often its demand was evicted. */
  readonly evictions: number;
  readonly digest: number | undefined;
  /** Set aside for it while its victims yield; empty for a queued one. */
  earmarked: Amounts;
  /** The node on which it is set aside. */
  earmarkPath: string;
  readonly victims: readonly string[];
  /** By which right they are made to yield; null for a queued one. */
  readonly right: EventOf<'PreemptionRequested'>['right'] | null;
  /** When its victims are made to yield; null for a queued one. */
  graceEndsAtMs: number | null;
  /** Kept out of the line by a level of degradation. */
  isHeld: boolean;
  timeout: Timer;
}

type Aging = Policy['aging'];

/** Priority with what waiting adds; never reaches `emergency` (semantics §7). */
export function effectivePriority(waiting: Ranked, nowMs: number, aging: Aging): Priority {
  if (waiting.priority >= ExecutionPriority.emergency) return waiting.priority;
  const buckets =
    Math.floor(nowMs / aging.intervalMs) - Math.floor(waiting.queuedAtMs / aging.intervalMs);
  const aged = waiting.priority + aging.step * Math.max(0, buckets);
  return Math.min(aged, ExecutionPriority.emergency - 1);
}

/**
 * Order of service: a beneficiary of preemption first (what its victims give is its own), then
 * effective priority, least slack, business impact, turn of the run, arrival. Negative: `a` is served before `b`.
 * Requests that preempt thus stand together before all that are queued.
 * All age at the same rate on one grid, so the order of two never changes with time.
 */
export function compareWaiting(a: Ranked, b: Ranked, aging: Aging): number {
  if (a.state !== b.state) return a.state === 'preempting' ? -1 : 1;
  const byPriority = agelessRank(b, aging) - agelessRank(a, aging);
  if (byPriority !== 0) return byPriority;
  if (a.latestStartMs !== b.latestStartMs) return a.latestStartMs < b.latestStartMs ? -1 : 1;
  const byImpact = (b.ask.businessImpact ?? 50) - (a.ask.businessImpact ?? 50);
  return byImpact || a.pass - b.pass || a.arrival - b.arrival;
}

/** Effective priority at time 0: differs from the one at any other time by a constant. */
export function agelessRank(waiting: Ranked, aging: Aging): number {
  if (waiting.priority >= ExecutionPriority.emergency) return Number.MAX_SAFE_INTEGER;
  return waiting.priority - aging.step * Math.floor(waiting.queuedAtMs / aging.intervalMs);
}

/** The requests that wait for one account, in order of service. */
export class WaitQueue {
  #aging: Aging;
  readonly #compare = (a: Ranked, b: Ranked) => compareWaiting(a, b, this.#aging);
  readonly #turns = new Turns();
  readonly #list = new RankedList<Waiting>(this.#compare);
  /** Those who are kept out of the line; their turns stay as they are. */
  readonly #held = new Set<Waiting>();

  constructor(aging: Aging) {
    this.#aging = aging;
  }

  /** How many stand in line. */
  get size(): number {
    return this.#list.size;
  }

  /** Whether nobody waits here, in line or kept out of it. */
  get isEmpty(): boolean {
    return this.#list.size + this.#held.size === 0;
  }

  /** The request to serve next. */
  get head(): Waiting | undefined {
    return this.#list.first;
  }

  add(waiting: Waiting): void {
    if (waiting.stride > 0)
      this.#turns.join(runKeyOf(waiting.ask.path), waiting.pass, waiting.stride);
    if (waiting.isHeld) this.#held.add(waiting);
    else this.#list.add(waiting);
  }

  /** Takes one out of the line, or lets it in again at its place. */
  hold(waiting: Waiting, isHeld: boolean): void {
    if (waiting.isHeld === isHeld) return;
    if (isHeld) {
      assert(this.#list.remove(waiting), `${waiting.id} stands in this queue`);
      this.#held.add(waiting);
    } else {
      assert(this.#held.delete(waiting), `${waiting.id} is kept out of this queue`);
      this.#list.add(waiting);
    }
    waiting.isHeld = isHeld;
  }

  /** Takes one out: it is served, or leaves without. */
  remove(waiting: Waiting, isServed: boolean): void {
    const isThere = waiting.isHeld ? this.#held.delete(waiting) : this.#list.remove(waiting);
    assert(isThere, `${waiting.id} stands in this queue`);
    if (isServed) this.#turns.served(waiting.pass);
    else this.#turns.left(runKeyOf(waiting.ask.path), waiting.pass, waiting.stride);
  }

  /** The turn of a request on a path that would join now. */
  passOf(path: string): number {
    return this.#turns.passOf(runKeyOf(path));
  }

  /** How many are served before this one, which need not be in the queue. */
  countAhead(waiting: Ranked): number {
    return this.#list.countBefore(waiting, this.#compare);
  }

  /** The one that is served directly before this one, if anybody is. */
  lastAhead(waiting: Ranked): Waiting | undefined {
    return this.#list.lastBefore(waiting, this.#compare);
  }

  /** In order of service, as many as are taken out of it. */
  inOrder(): Iterable<Waiting> {
    return this.#list;
  }

  /** Sorts anew after the policy's aging has changed. */
  reorder(aging: Aging): void {
    this.#aging = aging;
    this.#list.reorder();
  }
}
