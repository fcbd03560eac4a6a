import { compareBigints, compareIds } from './ratio.ts';

/**
 * Passes are counted in parts so small that a cost over any weight of 1 to 16 is a whole number of
 * them; others are rounded down by less than one part.
 */
const PARTS_PER_UNIT = 720_720n;

/**
 * Stride scheduling across keys (Waldspurger and Weihl 1995, as in Temporal's fair task queues):
 * each task gets a pass, max(virtual time, last pass of its key + cost / weight), and the lowest
 * pass is served first. A key with a backlog gets ever later passes; one that was quiet starts at
 * the virtual time, neither punished nor paid for its silence.
 */
export class StrideClock {
  readonly #lastPasses = new Map<string, bigint>();
  #virtual = 0n;

  /** The pass of a task of this key that comes now. @param weightMilli above 0 */
  passOf(key: string, cost: number, weightMilli: number): bigint {
    const stride = (BigInt(cost) * 1000n * PARTS_PER_UNIT) / BigInt(weightMilli);
    const next = (this.#lastPasses.get(key) ?? 0n) + stride;
    const pass = next > this.#virtual ? next : this.#virtual;
    this.#lastPasses.set(key, pass);
    return pass;
  }

  /** Moves virtual time to the pass of the task that is served. */
  serve(pass: bigint): void {
    if (pass > this.#virtual) this.#virtual = pass;
  }

  /** Drops a key that will not come again; if it does, it starts at the virtual time. */
  forget(key: string): void {
    this.#lastPasses.delete(key);
  }
}

/** One task that waits. */
export interface StrideTask {
  readonly id: string;
  readonly key: string;
  readonly priority: number;
  /** What it takes of the shared resource. */
  readonly cost: number;
  /** Of its key, in thousandths; 0 = after all others of its priority. */
  readonly weightMilli: number;
  readonly arrivedAtMs: number;
}

/**
 * The order in which tasks that all wait already are served: by priority, inside a priority by
 * stride across keys, ties by arrival, then id.
 */
export function orderByStride(tasks: readonly StrideTask[]): StrideTask[] {
  const clocks = new Map<number, StrideClock>();
  const byArrival = [...tasks].sort(
    (a, b) => a.arrivedAtMs - b.arrivedAtMs || compareIds(a.id, b.id),
  );
  const placed = byArrival.map((task) => {
    const clock = clocks.get(task.priority) ?? new StrideClock();
    clocks.set(task.priority, clock);
    const isLast = task.weightMilli === 0;
    return { task, isLast, pass: clock.passOf(task.key, task.cost, task.weightMilli || 1000) };
  });
  // The sort is stable: ties stay in order of arrival.
  placed.sort(
    (a, b) =>
      b.task.priority - a.task.priority ||
      Number(a.isLast) - Number(b.isLast) ||
      compareBigints(a.pass, b.pass),
  );
  return placed.map(({ task }) => task);
}
