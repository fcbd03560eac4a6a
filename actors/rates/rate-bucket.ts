/**
 * A token bucket: `limit` flow in over `ms` milliseconds, evenly, up to `burst`. The level is kept
 * times `ms`, so that it is exact: each millisecond adds `limit`, each unit taken costs `ms`.
 * Source: the leaky bucket as a meter, ITU-T I.371 and RFC 2697.
 */
export class RateBucket {
  readonly #ms: bigint;
  #limit: bigint;
  #full: bigint;
  #level: bigint;
  #atMs: number;

  /** Full at first. */
  constructor(ms: number, limit: number, burst: number, atMs: number) {
    this.#ms = BigInt(ms);
    this.#limit = BigInt(limit);
    this.#full = BigInt(burst) * this.#ms;
    this.#level = this.#full;
    this.#atMs = atMs;
  }

  /** What can be taken at an instant. */
  roomAt(nowMs: number): number {
    const level = this.#levelAt(nowMs);
    return level <= 0n ? 0 : Number(level / this.#ms);
  }

  /** What is missing from full at an instant, rounded up. */
  missingAt(nowMs: number): number {
    return Number((this.#full - this.#levelAt(nowMs) + this.#ms - 1n) / this.#ms);
  }

  /** The first instant, from now on, at which an amount can be taken. */
  readyAtMs(nowMs: number, amount: number): number {
    const needed = BigInt(amount) * this.#ms;
    const short = needed - this.#levelAt(nowMs);
    if (short <= 0n) return nowMs;
    if (needed > this.#full || this.#limit === 0n) return Infinity;
    return nowMs + Number((short + this.#limit - 1n) / this.#limit);
  }

  /** Takes an amount; a negative one is given back, never above full. */
  take(atMs: number, amount: number): void {
    const level = this.#levelAt(atMs) - BigInt(amount) * this.#ms;
    this.#level = level < this.#full ? level : this.#full;
    this.#atMs = atMs;
  }

  /** From now on another limit; what is saved up stays, but for what the burst does not hold. */
  change(atMs: number, limit: number, burst: number): void {
    const level = this.#levelAt(atMs);
    this.#limit = BigInt(limit);
    this.#full = BigInt(burst) * this.#ms;
    this.#level = level < this.#full ? level : this.#full;
    this.#atMs = atMs;
  }

  /** Level at the last change, times `ms`, for comparing two buckets. */
  level(): { readonly atMs: number; readonly level: string } {
    return { atMs: this.#atMs, level: this.#level.toString() };
  }

  #levelAt(nowMs: number): bigint {
    const level = this.#level + BigInt(nowMs - this.#atMs) * this.#limit;
    return level < this.#full ? level : this.#full;
  }
}
