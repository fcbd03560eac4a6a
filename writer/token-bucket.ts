/** Tokens per second and at most, for one agent. A command costs one, a recorded denial more. */
export const ADMISSION = {
  tokensPerSecond: 50_000,
  burst: 100_000,
  denialCost: 50,
} as const;

/** Agents remembered before those who have been quiet are forgotten. */
const BUCKETS_MAX = 10_000;

/**
 * Stands before the log: an agent that floods is refused `overloaded` without a record, so that
 * refusals cannot fill the log. Token bucket, refilled by elapsed time.
 */
export class TokenBuckets {
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  /** Takes tokens; 0 if they were there, else how long to wait, ms. */
  take(agent: string, cost: number, nowMs: number): number {
    const bucket = this.#bucketOf(agent, nowMs);
    const filled = bucket.tokens + ((nowMs - bucket.atMs) * ADMISSION.tokensPerSecond) / 1000;
    bucket.tokens = Math.min(ADMISSION.burst, filled);
    bucket.atMs = nowMs;
    if (bucket.tokens < cost) {
      return Math.ceil(((cost - bucket.tokens) * 1000) / ADMISSION.tokensPerSecond);
    }
    bucket.tokens -= cost;
    return 0;
  }

  /** Takes what a decision turned out to cost beyond what was taken before; may go below zero. */
  charge(agent: string, cost: number): void {
    const bucket = this.#buckets.get(agent);
    if (bucket !== undefined) bucket.tokens -= cost;
  }

  #bucketOf(agent: string, nowMs: number) {
    let bucket = this.#buckets.get(agent);
    if (bucket === undefined) {
      if (this.#buckets.size >= BUCKETS_MAX) this.#dropFull(nowMs);
      bucket = { tokens: ADMISSION.burst, atMs: nowMs };
      this.#buckets.set(agent, bucket);
    }
    return bucket;
  }

  /** A bucket that has filled up again says nothing. */
  #dropFull(nowMs: number): void {
    for (const [agent, { tokens, atMs }] of this.#buckets) {
      const filled = tokens + ((nowMs - atMs) * ADMISSION.tokensPerSecond) / 1000;
      if (filled >= ADMISSION.burst) this.#buckets.delete(agent);
    }
  }
}
