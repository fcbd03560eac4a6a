import type { World } from '../world/world.ts';
import { type DurableLog, durableLogOf } from './durable-log.ts';

/** Reads the logs of a world past all faults, each once for as long as nothing is added to it. */
export class LogReader {
  readonly #world: World;
  readonly #publicKey: Uint8Array;
  readonly #read = new Map<number, DurableLog>();

  constructor(world: World, publicKey: Uint8Array) {
    this.#world = world;
    this.#publicKey = publicKey;
  }

  log(shard: number): DurableLog {
    const before = this.#read.get(shard);
    if (before?.lastSeq === this.#world.store.log(shard).lastSeq) return before;
    const log = durableLogOf(this.#world, shard, this.#publicKey);
    this.#read.set(shard, log);
    return log;
  }
}
