import { parentPathOf } from '../../events/names.ts';
import type { Waiting } from './wait-queue.ts';

/**
 * Who waits on a path and beneath it, by what they ask on, whether the nodes are open or not: so
 * that a freeze, a stop or a closing looks at those alone whom it concerns. O(depth) a change.
 */
export class Waiters {
  readonly #byPath = new Map<string, Set<Waiting>>();

  add(waiting: Waiting): void {
    for (let at: string | undefined = waiting.ask.path; at !== undefined; at = parentPathOf(at)) {
      const there = this.#byPath.get(at);
      if (there === undefined) this.#byPath.set(at, new Set([waiting]));
      else there.add(waiting);
    }
  }

  remove(waiting: Waiting): void {
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
}

const NOBODY: ReadonlySet<Waiting> = new Set();
