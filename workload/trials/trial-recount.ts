import type { BursarEvent } from '../../events/events.ts';
import { priorityName } from '../../events/priority.ts';
import { Course } from '../course.ts';
import { addAmount } from '../money.ts';
import { AGENT_NODE } from './drive-trial.ts';
import type { TrialPlan } from './trial-plan.ts';

/** How a pool stood at one time. */
export type PoolPoint = {
  /** Since the first place was taken. */
  readonly atMs: number;
  /** Places taken, and those of them whose agents are at work. */
  readonly held: number;
  readonly working: number;
};

/** One pool as the log alone tells of it. */
export type PoolRecount = {
  readonly path: string;
  /** Its places; null: it had no limit. */
  readonly slots: number | null;
  /** Most places held at once. */
  readonly peak: number;
  readonly trials: number;
  readonly timedOut: number;
  /** Time of agents that was booked, ms as recorded. */
  readonly computeMs: number;
  /** By time; real ms of the writer's clock. */
  readonly points: readonly PoolPoint[];
};

/** What the log tells of the trials that were driven. Times are real ms of the writer's clock. */
export type TrialRecount = {
  readonly pools: readonly PoolRecount[];
  /** How long after its deadline each agent that was timed out had ended. */
  readonly timedOutAfterMs: readonly number[];
  /** Agents that ended later than their deadline in any other way: must be none. */
  readonly overstayed: number;
  /** Waits for a place, by the name of the priority; those served at once with 0. */
  readonly waitsMs: ReadonlyMap<string, readonly number[]>;
};

type Pool = {
  slots: number | null;
  peak: number;
  trials: number;
  timedOut: number;
  computeMs: number;
  held: number;
  working: number;
  readonly course: Course<PoolPoint>;
};
type Hold = { readonly pool: string; readonly kind: 'place' | 'agent'; readonly path: string };

/**
 * Recounts from the events of a log what became of the places and limits of driven trials. It knows
 * what was asked of the governor and nothing of what its answers were.
 */
export class TrialCount {
  readonly #trials: ReadonlySet<string>;
  readonly #pools = new Map<string, Pool>();
  readonly #deadlines = new Map<string, number>();
  readonly #holds = new Map<string, Hold>();
  readonly #timedOutAfterMs: number[] = [];
  readonly #waitsMs = new Map<string, number[]>();
  #overstayed = 0;
  /** When the first place was taken; what others did before is of another drive. */
  #sinceMs: number | undefined;

  constructor({ swarms }: TrialPlan) {
    this.#trials = new Set(swarms.flatMap(({ trials }) => trials.map(({ path }) => path)));
    for (const { path } of swarms) {
      const sums = { slots: null, peak: 0, trials: 0, timedOut: 0, computeMs: 0 };
      const course = new Course<PoolPoint>(({ held }) => held);
      this.#pools.set(path, { ...sums, held: 0, working: 0, course });
    }
  }

  /** Events of one team must come in the order of the log. */
  take(event: BursarEvent): void {
    switch (event.type) {
      case 'NodeOpened':
      case 'LimitsSet': {
        const pool = this.#pools.get(event.path);
        const limit = event.limits?.['concurrency']?.limit;
        if (pool !== undefined && limit !== undefined) pool.slots = limit;
        if (event.type === 'NodeOpened' && event.deadlineAtMs !== undefined) {
          this.#deadlines.set(event.path, event.deadlineAtMs);
        }
        return;
      }
      case 'AllocationGranted':
        return this.#granted(event);
      case 'AllocationEnded':
        return this.#ended(event);
      case 'LateSettled': {
        const pool = this.#pools.get(poolOf(event.path));
        const { booked, returned } = event;
        if (pool === undefined) return;
        const more = (booked['compute_ms'] ?? 0) - (returned?.['compute_ms'] ?? 0);
        pool.computeMs = addAmount(pool.computeMs, more);
        return;
      }
      default:
        return;
    }
  }

  end(): TrialRecount {
    return {
      pools: [...this.#pools].map(([path, { course, held: _, working: __, ...sums }]) => ({
        path,
        ...sums,
        points: course.points(),
      })),
      timedOutAfterMs: this.#timedOutAfterMs,
      overstayed: this.#overstayed,
      waitsMs: this.#waitsMs,
    };
  }

  #granted(event: Extract<BursarEvent, { type: 'AllocationGranted' }>): void {
    const { id, team, ask, items, atMs } = event;
    const pool = this.#pools.get(poolOf(ask.path));
    if (pool === undefined || !this.#trials.has(runOf(ask.path))) return;
    const isAgent = ask.path.endsWith(`/${AGENT_NODE}`);
    const hold = { pool: poolOf(ask.path), path: ask.path } as const;
    this.#holds.set(`${team} ${id}`, { ...hold, kind: isAgent ? 'agent' : 'place' });
    if (isAgent) return this.#change(pool, atMs, { working: 1 });
    pool.trials += 1;
    this.#change(pool, atMs, { held: items['concurrency'] ?? 0 });
    const priority = priorityName(ask.priority ?? 100);
    const waits = this.#waitsMs.get(priority) ?? [];
    waits.push(event.waitedMs ?? 0);
    this.#waitsMs.set(priority, waits);
  }

  #ended(event: Extract<BursarEvent, { type: 'AllocationEnded' }>): void {
    const { allocation, team, atMs, booked } = event;
    const hold = this.#holds.get(`${team} ${allocation}`);
    const pool = hold && this.#pools.get(hold.pool);
    if (hold === undefined || pool === undefined) return;
    this.#holds.delete(`${team} ${allocation}`);
    const isAgent = hold.kind === 'agent';
    this.#change(pool, atMs, isAgent ? { working: -1 } : { held: -1 });
    if (!isAgent) return;
    pool.computeMs = addAmount(pool.computeMs, booked['compute_ms'] ?? 0);
    const afterMs = atMs - (this.#deadlines.get(hold.path) ?? Infinity);
    if (event.as === 'timed_out') {
      pool.timedOut += 1;
      this.#timedOutAfterMs.push(afterMs);
    } else if (afterMs > 0) this.#overstayed += 1;
  }

  #change(pool: Pool, atMs: number, { held = 0, working = 0 }): void {
    pool.held += held;
    pool.working += working;
    pool.peak = Math.max(pool.peak, pool.held);
    this.#sinceMs ??= atMs;
    pool.course.add({ atMs: atMs - this.#sinceMs, held: pool.held, working: pool.working });
  }
}

/** `team/swarm/run` of a path beneath it. */
function runOf(path: string): string {
  return path.split('/', 3).join('/');
}

/** `team/swarm` of a path beneath it. */
function poolOf(path: string): string {
  return path.split('/', 2).join('/');
}
