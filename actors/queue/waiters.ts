import { parentPathOf } from '../../events/names.ts';
import type { Waiting } from './wait-queue.ts';

/**
 * Who waits on a path and beneath it, by what they ask on, whether the nodes are open or not: so
 * that a freeze, a stop or a closing looks at those alone whom it concerns; and by the pools that
 * they would take. O(depth + pools) a change.
 */
export class Waiters {
  readonly #byPath = new Map<string, Set<Waiting>>();
  readonly #byPool = new Map<string, Set<Waiting>>();

  add(waiting: Waiting): void {
    for (const pool of poolsOf(waiting)) {
      const there = this.#byPool.get(pool);
      if (there === undefined) this.#byPool.set(pool, new Set([waiting]));
      else there.add(waiting);
    }
    for (let at: string | undefined = waiting.ask.path; at !== undefined; at = parentPathOf(at)) {
      const there = this.#byPath.get(at);
      if (there === undefined) this.#byPath.set(at, new Set([waiting]));
      else there.add(waiting);
    }
  }

  remove(waiting: Waiting): void {
    for (const pool of poolsOf(waiting)) {
      const there = this.#byPool.get(pool);
      there?.delete(waiting);
      if (there?.size === 0) this.#byPool.delete(pool);
    }
    for (let at: string | undefined = waiting.ask.path; at !== undefined; at = parentPathOf(at)) {
      const there = this.#byPath.get(at);
      there?.delete(waiting);
      if (there?.size === 0) this.#byPath.delete(at);
    }
  }

  /** Those who ask on a path or beneath it. */
  beneath(path: string): ReadonlySet<Waiting> {
    return this.#byPath.get(path) ?? NOBODY;
  }

  /** Those who would take a pool, wherever they wait. */
  whoWouldTake(pool: string): ReadonlySet<Waiting> {
    return this.#byPool.get(pool) ?? NOBODY;
  }

  /** Whether anybody who waits has pools to choose from. */
  get anyWithPools(): boolean {
    return this.#byPool.size > 0;
  }
}

/** The pools among which a waiting request chooses. */
function poolsOf({ ask }: Waiting): readonly string[] {
  return ask.anyOf?.flatMap(({ pools }) => pools) ?? NO_POOLS;
}

const NO_POOLS: readonly string[] = [];

const NOBODY: ReadonlySet<Waiting> = new Set();
