import type { Position } from '../actors/team.ts';
import { decodeBlock } from '../events/block.ts';
import type { BursarEvent } from '../events/events.ts';
import type { Ledger } from '../events/ledger.ts';
import { readEvent } from '../events/upcast.ts';
import type { ShardSizes } from './shard-sizes.ts';

/** A durable block: its events, and its hash as evidence shows it (base64url). */
export interface KeptBlock {
  readonly events: readonly BursarEvent[];
  readonly hash: string;
}

/** Finds recorded events again: a repeat is answered from what was recorded. */
export class RecordedEvents {
  readonly #ledger: Ledger;
  readonly #shard: number;
  readonly #sizes: ShardSizes;
  readonly #kept = new Map<number, KeptBlock>();
  #keptEvents = 0;
  /** Reads under way, so that many repeats of one block read it once. */
  readonly #reading = new Map<number, Promise<KeptBlock | undefined>>();

  constructor(ledger: Ledger, shard: number, sizes: ShardSizes) {
    this.#ledger = ledger;
    this.#shard = shard;
    this.#sizes = sizes;
  }

  /** Keeps a block that has just become durable. */
  keep(seq: number, events: readonly BursarEvent[], hash: Uint8Array): KeptBlock {
    const block = { events, hash: Buffer.from(hash).toString('base64url') };
    if (!this.#kept.has(seq)) this.#keptEvents += events.length;
    this.#kept.set(seq, block);
    const { blocksKeptMax, eventsKeptMax } = this.#sizes;
    for (const [oldest, { events: old }] of this.#kept) {
      const isTooMuch = this.#kept.size > blocksKeptMax || this.#keptEvents > eventsKeptMax;
      if (!isTooMuch || oldest === seq) break;
      this.#kept.delete(oldest);
      this.#keptEvents -= old.length;
    }
    return block;
  }

  /** The hash of a block that is kept. */
  hashOf(seq: number): string | undefined {
    return this.#kept.get(seq)?.hash;
  }

  /**
   * The block at a sequence, from memory or from the log.
   * @throws LedgerUnavailableError, LogFormatError, UnreadableEventError
   */
  block(seq: number): Promise<KeptBlock | undefined> {
    const kept = this.#kept.get(seq);
    if (kept !== undefined) return Promise.resolve(kept);
    let reading = this.#reading.get(seq);
    if (reading === undefined) {
      reading = this.#read(seq).finally(() => this.#reading.delete(seq));
      this.#reading.set(seq, reading);
    }
    return reading;
  }

  async event(at: Position): Promise<BursarEvent | undefined> {
    return (await this.block(at.seq))?.events[at.index];
  }

  async #read(seq: number): Promise<KeptBlock | undefined> {
    const message = await this.#ledger.get(this.#shard, seq);
    if (message?.kind !== 'block') return undefined;
    const { events, hash } = decodeBlock(message.bytes, (raw) => readEvent(raw));
    return this.keep(seq, events, hash);
  }
}
