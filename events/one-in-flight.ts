import assert from 'node:assert/strict';

/**
 * Holds a writer to one append at a time for each shard. With two in flight a fenced owner's second
 * block could match the sequence that the new owner's claim has just taken.
 */
export class OneInFlight {
  readonly #shards = new Set<number>();

  async run<Result>(shard: number, work: () => Promise<Result>): Promise<Result> {
    assert(!this.#shards.has(shard), `shard ${shard} has an append in flight already`);
    this.#shards.add(shard);
    try {
      return await work();
    } finally {
      this.#shards.delete(shard);
    }
  }
}
