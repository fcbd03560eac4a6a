import { type Block, decodeBlock } from '../events/block.ts';
import {
  afterBlock,
  afterEpoch,
  type ChainPosition,
  chainStart,
  checkBlock,
  checkEpoch,
  isBlockSigned,
} from '../events/chain.ts';
import { decodeEpoch, type Epoch } from '../events/epoch.ts';
import type { StoredMessage } from '../events/ledger.ts';
import { readEvent } from '../events/upcast.ts';
import type { Recorded } from './projection.ts';

/** What can be wrong with a record so that it is kept aside, or with the place where it stands. */
export type PoisonKind =
  | 'undecodable'
  | 'not_genuine'
  | 'gap'
  | 'unreadable_message'
  | 'unreadable_event'
  | 'unfit_event';

/** A record that was kept aside, or a gap in the log. It stays where it is. */
export interface PoisonRecord {
  /** Stream sequence of the message. */
  readonly seq: number;
  /** The event in its block; absent where it is about the message. */
  readonly index?: number;
  readonly kind: PoisonKind;
  readonly reason: string;
}

/** What one message of the log came to. */
export interface Swept {
  readonly seq: number;
  /** Events of a genuine block, in order; none for anything else. */
  readonly recorded: readonly Recorded[];
  readonly poison: readonly PoisonRecord[];
  /** SHA-256 of a genuine block, and its time of commit. */
  readonly block?: { readonly hash: Uint8Array; readonly atMs: number };
  readonly chain: ChainPosition;
}

/**
 * Goes through a shard's messages and hands on what is genuine: signed with the key of the epoch in
 * force. What is not is kept aside with a reason, and the sweep goes on. A genuine block that does
 * not follow the one before it is a gap: it counts, and the gap is reported, because leaving it out
 * too would make things worse. Verifying everything is `events/verify.ts`.
 */
export class LogSweep {
  #chain: ChainPosition;
  readonly #pinnedKeys: readonly Uint8Array[];

  /** @param pinnedKeys raw public keys of owners that are believed without endorsement */
  constructor(
    shard: number,
    pinnedKeys: readonly Uint8Array[],
    from: ChainPosition = chainStart(shard),
  ) {
    this.#chain = from;
    this.#pinnedKeys = pinnedKeys;
  }

  get chain(): ChainPosition {
    return this.#chain;
  }

  /** Undefined for a message at or before the present place: it came again. */
  take(message: StoredMessage): Swept | undefined {
    const { seq } = message;
    if (seq <= this.#chain.seq) return undefined;
    const poison: PoisonRecord[] = [];
    if (seq > this.#chain.seq + 1) poison.push(...this.skipTo(seq, 'they were not given').poison);
    try {
      return message.kind === 'epoch'
        ? this.#takeEpoch(seq, decodeEpoch(message.bytes), poison)
        : this.#takeBlock(
            seq,
            decodeBlock(message.bytes, (value) => value),
            poison,
          );
    } catch (error) {
      return this.#void(seq, 'undecodable', reasonOf(error), poison);
    }
  }

  /** Goes on at `seq` past messages that cannot be had. */
  skipTo(seq: number, reason: string): Swept {
    const first = this.#chain.seq + 1;
    const range = seq - 1 === first ? `message ${first}` : `messages ${first} to ${seq - 1}`;
    this.#chain = { ...this.#chain, seq: seq - 1 };
    const poison: PoisonRecord = {
      seq: first,
      kind: 'unreadable_message',
      reason: `${range}: ${reason}`,
    };
    return { seq: seq - 1, recorded: [], poison: [poison], chain: this.#chain };
  }

  #takeEpoch(seq: number, epoch: Epoch, poison: PoisonRecord[]): Swept {
    const before = this.#chain;
    const fault = checkEpoch(before, epoch, seq, this.#pinnedKeys);
    if (fault?.verdict === 'void') return this.#void(seq, 'not_genuine', fault.detail, poison);
    if (fault !== undefined) poison.push({ seq, kind: 'gap', reason: fault.detail });
    this.#chain = afterEpoch(before, epoch, seq);
    return { seq, recorded: [], poison, chain: this.#chain };
  }

  #takeBlock(seq: number, block: Block<unknown>, poison: PoisonRecord[]): Swept {
    const before = this.#chain;
    if (!isBlockSigned(before, block)) {
      const reason = 'it is not signed by the owner of the epoch in force';
      return this.#void(seq, 'not_genuine', reason, poison);
    }
    const fault = checkBlock(before, block, seq);
    if (fault?.verdict === 'void') return this.#void(seq, 'not_genuine', fault.detail, poison);
    if (fault !== undefined) poison.push({ seq, kind: 'gap', reason: fault.detail });
    this.#chain = afterBlock(underEpochOf(block, before), block, seq);
    const recorded: Recorded[] = [];
    for (const [index, stored] of block.events.entries()) {
      try {
        recorded.push({ event: readEvent(stored), at: { seq, index } });
      } catch (error) {
        poison.push({ seq, index, kind: 'unreadable_event', reason: reasonOf(error) });
      }
    }
    const { hash, atMs } = block;
    return { seq, recorded, poison, block: { hash, atMs }, chain: this.#chain };
  }

  #void(seq: number, kind: PoisonKind, reason: string, poison: readonly PoisonRecord[]): Swept {
    this.#chain = { ...this.#chain, seq };
    return { seq, recorded: [], poison: [...poison, { seq, kind, reason }], chain: this.#chain };
  }
}

/** A block whose epoch message is gone brings its epoch along, so that it is missed once. */
function underEpochOf(block: Block<unknown>, before: ChainPosition): ChainPosition {
  const { epoch } = before;
  if (epoch === undefined || block.epoch === epoch.seq) return before;
  const hash = block.claim?.hash ?? epoch.hash;
  return { ...before, epoch: { ...epoch, seq: block.epoch, hash } };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
