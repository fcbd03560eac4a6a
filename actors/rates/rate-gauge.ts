import type { RateMeter } from '../../events/resources.ts';
import { newSecondRate, type SecondRate } from '../checks/second-rate.ts';
import { RateBucket } from './rate-bucket.ts';
import { RateWindow } from './rate-window.ts';

/**
 * A rate on one node: what grants have counted, here and beneath, and what time has given back
 * (semantics §3). It is part of no `committed`: nothing is held, and nothing comes back at the end
 * of an allocation. Changed in place, like the accounts.
 */
export class RateGauge {
  readonly meter: RateMeter;
  /** The same count as it follows from the events alone (INV-17). */
  readonly second: SecondRate;
  readonly #kept: RateWindow | RateBucket;
  #limit: number;

  /** Nothing is counted yet: a bucket is full, a window empty. */
  constructor(meter: RateMeter, limit: number, atMs: number) {
    this.meter = meter;
    this.#limit = limit;
    const { ms, by, burst = limit } = meter;
    this.#kept = by === 'sliding' ? new RateWindow(ms) : new RateBucket(ms, limit, burst, atMs);
    this.second = newSecondRate(meter, limit, atMs);
  }

  get limit(): number {
    return this.#limit;
  }

  /** The most that can ever be granted at once. */
  get burst(): number {
    return this.meter.burst ?? this.#limit;
  }

  roomAt(nowMs: number): number {
    if (this.#kept instanceof RateBucket) return this.#kept.roomAt(nowMs);
    return Math.max(0, this.#limit - this.#kept.usedAt(nowMs));
  }

  /** What is counted and not given back. */
  countedAt(nowMs: number): number {
    return this.#kept instanceof RateBucket
      ? this.#kept.missingAt(nowMs)
      : this.#kept.usedAt(nowMs);
  }

  /** The first instant at which there is room for an amount if nobody else comes; Infinity: never. */
  readyAtMs(nowMs: number, amount: number): number {
    if (amount > this.burst) return Infinity;
    return this.#kept instanceof RateBucket
      ? this.#kept.readyAtMs(nowMs, amount)
      : this.#kept.freeAtMs(nowMs, this.#limit - amount);
  }

  count(atMs: number, amount: number): void {
    if (this.#kept instanceof RateBucket) this.#kept.take(atMs, amount);
    else this.#kept.count(atMs, amount);
  }

  /**
   * A grant has really used another amount than it counted. A window corrects it at the instant of
   * the grant, a bucket now. Beyond the ask no more is counted than could ever be granted at once,
   * so that one wild number does not bar everybody for good.
   */
  correct(grantedAtMs: number, nowMs: number, counted: number, actual: number): void {
    const change = this.correctionOf(counted, actual);
    if (this.#kept instanceof RateBucket) this.#kept.take(nowMs, change);
    else this.#kept.correct(grantedAtMs, change);
  }

  /** By how much what is counted changes with a correction. */
  correctionOf(counted: number, actual: number): number {
    return Math.min(actual, Math.max(counted, this.burst)) - counted;
  }

  /** Sets another limit by the same meter; what was counted stays counted. */
  change(atMs: number, limit: number): void {
    this.#limit = limit;
    if (this.#kept instanceof RateBucket) this.#kept.change(atMs, limit, this.burst);
  }

  /** Everything kept, for comparing two gauges. */
  state(): unknown {
    const kept = this.#kept instanceof RateBucket ? this.#kept.level() : this.#kept.entries();
    return { meter: this.meter, limit: this.#limit, kept };
  }
}
