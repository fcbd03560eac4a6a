import type { DriveSpeed } from './drive-options.ts';
import { WORKLOAD_LIMITS } from './limits.ts';
import type { Plan } from './plan.ts';

/**
 * Most runs that a drive has under way at once. Without pauses the record's own peak keeps the
 * contention that it had; runs without times have no peak, so a small number stands in for it.
 */
export function lanesOf(plan: Plan, speed: DriveSpeed, asked: number | undefined): number {
  if (asked !== undefined) return asked;
  if (speed !== 'max' && plan.clocklessRuns === 0) return Number.POSITIVE_INFINITY;
  const clockless = plan.clocklessRuns === 0 ? 1 : WORKLOAD_LIMITS.clocklessRunsAtOnce;
  return Math.max(plan.peakOverlap, clockless);
}

/** Work under way, at most so much at once. */
export class Lanes {
  readonly #countMax: number;
  readonly #underWay = new Set<Promise<void>>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get underWayCount(): number {
    return this.#underWay.size;
  }

  /** Resolves when there is room for one more. */
  async room(): Promise<void> {
    while (this.#underWay.size >= this.#countMax) await Promise.race(this.#underWay);
  }

  /** Begins work that handles its own errors. */
  begin(work: () => Promise<void>): void {
    const underWay = work().finally(() => this.#underWay.delete(underWay));
    this.#underWay.add(underWay);
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }
}
