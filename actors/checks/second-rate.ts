import type { RateMeter } from '../../events/resources.ts';

/**
 * A rate counted a second time, from the words of the events alone, for INV-17. Neither way of
 * counting is that of the gauge: a window is a map of instants with a running sum, a bucket the
 * theoretical arrival time of the generic cell rate algorithm (ITU-T I.371).
 */
export interface SecondRate {
  /** Counts an amount at an instant; a negative one at the instant of a grant takes back. */
  count(atMs: number, amount: number): void;
  correct(grantedAtMs: number, nowMs: number, change: number): void;
  change(atMs: number, limit: number, burst: number): void;
  /** What is counted and has not come back; of a bucket, rounded up. */
  countedAt(nowMs: number): number;
}

export function newSecondRate(meter: RateMeter, limit: number, atMs: number): SecondRate {
  return meter.by === 'sliding'
    ? new SecondWindow(meter.ms)
    : new SecondBucket(meter.ms, limit, meter.burst ?? limit, atMs);
}

class SecondWindow implements SecondRate {
  readonly #ms: number;
  readonly #byInstant = new Map<number, number>();
  #sum = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  count(atMs: number, amount: number): void {
    if (amount === 0) return;
    this.#byInstant.set(atMs, (this.#byInstant.get(atMs) ?? 0) + amount);
    this.#sum += amount;
    this.countedAt(atMs);
  }

  correct(grantedAtMs: number, _nowMs: number, change: number): void {
    const there = this.#byInstant.get(grantedAtMs);
    if (there === undefined) return;
    this.#sum += change;
    if (there + change === 0) this.#byInstant.delete(grantedAtMs);
    else this.#byInstant.set(grantedAtMs, there + change);
  }

  change(): void {}

  countedAt(nowMs: number): number {
    for (const [atMs, amount] of this.#byInstant) {
      if (nowMs - atMs < this.#ms) break;
      this.#byInstant.delete(atMs);
      this.#sum -= amount;
    }
    return this.#sum;
  }
}

class SecondBucket implements SecondRate {
  readonly #ms: bigint;
  #limit: bigint;
  #burst: bigint;
  /** When all that was taken has flowed in again, times the limit. */
  #arrival: bigint;

  constructor(ms: number, limit: number, burst: number, atMs: number) {
    this.#ms = BigInt(ms);
    this.#limit = BigInt(limit);
    this.#burst = BigInt(burst);
    this.#arrival = this.#now(atMs);
  }

  count(atMs: number, amount: number): void {
    const cost = BigInt(amount) * this.#ms;
    const now = this.#now(atMs);
    const from = this.#arrival > now ? this.#arrival : now;
    this.#arrival = from + cost > now ? from + cost : now;
  }

  correct(_grantedAtMs: number, nowMs: number, change: number): void {
    this.count(nowMs, change);
  }

  change(atMs: number, limit: number, burst: number): void {
    const owed = this.#owedAt(atMs) + (BigInt(burst) - this.#burst) * this.#ms;
    this.#limit = BigInt(limit);
    this.#burst = BigInt(burst);
    this.#arrival = this.#now(atMs) + (owed > 0n ? owed : 0n);
  }

  countedAt(nowMs: number): number {
    return Number((this.#owedAt(nowMs) + this.#ms - 1n) / this.#ms);
  }

  #owedAt(nowMs: number): bigint {
    const owed = this.#arrival - this.#now(nowMs);
    return owed > 0n ? owed : 0n;
  }

  #now(atMs: number): bigint {
    return BigInt(atMs) * this.#limit;
  }
}
