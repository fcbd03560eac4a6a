import type { Position } from '../actors/team.ts';
import { decodeBlock } from '../events/block.ts';
import type { BursarEvent } from '../events/events.ts';
import type { Ledger } from '../events/ledger.ts';
import { readEvent } from '../events/upcast.ts';

/** Blocks whose events are kept in memory for repeats; older ones are read from the log. */
const BLOCKS_KEPT_MAX = 64;

/** The events of a block, and its hash once it is durable. */
export interface KeptBlock {
  readonly events: readonly BursarEvent[];
  readonly hash: Uint8Array | undefined;
}

/** Finds recorded events again: a repeat is answered from what was recorded. */
export class RecordedEvents {
  readonly #ledger: Ledger;
  readonly #shard: number;
  readonly #kept = new Map<number, KeptBlock>();

  constructor(ledger: Ledger, shard: number) {
    this.#ledger = ledger;
    this.#shard = shard;
  }

  /** Keeps a block that has just become durable. */
  keep(seq: number, block: KeptBlock): void {
    this.#kept.set(seq, block);
    if (this.#kept.size <= BLOCKS_KEPT_MAX) return;
    const oldest = this.#kept.keys().next().value;
    if (oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The block at a sequence, from memory or from the log. */
  async block(seq: number): Promise<KeptBlock | undefined> {
    const kept = this.#kept.get(seq);
    if (kept !== undefined) return kept;
    const message = await this.#ledger.get(this.#shard, seq);
    if (message?.kind !== 'block') return undefined;
    const { events, hash } = decodeBlock(message.bytes, (raw) => readEvent(raw));
    const block = { events, hash };
    this.keep(seq, block);
    return block;
  }

  async event(at: Position): Promise<BursarEvent | undefined> {
    return (await this.block(at.seq))?.events[at.index];
  }
}
