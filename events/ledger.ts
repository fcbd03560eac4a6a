/**
 * The port to the log. Two adapters stand behind it, `ledger-jetstream.ts` and `ledger-memory.ts`,
 * under one contract suite (`test/ledger-contract.ts`).
 *
 * A shard's log is one sequence of messages without gaps, from 1. An epoch message claims the shard
 * for a process; a block carries events. Whoever claimed last is the only one who can append.
 */
export interface Ledger {
  /** How long the log is and whether it is whole. Throws LedgerUnavailableError. */
  head(shard: number): Promise<LogHead>;

  /** The newest epoch message, for the next claim. Throws LedgerUnavailableError. */
  lastEpoch(shard: number): Promise<StoredMessage | undefined>;

  /**
   * Makes the caller the shard's only owner, if `previousEpochSeq` is still the newest epoch. After
   * it no older owner can append anything, so what the log then holds is all that there ever was.
   * Throws ClaimLostError, LedgerFullError, LedgerRefusedError, LedgerUnavailableError.
   */
  claim(shard: number, request: ClaimRequest): Promise<ShardClaim>;

  /**
   * Appends one block. One may be in flight per shard: a second one is a broken invariant and throws
   * an AssertionError. Outcomes are values; throws LogRegressedError when the log has become shorter
   * and LedgerRefusedError when the broker says something that no retry can change.
   */
  append(claim: ShardClaim, request: AppendRequest): Promise<AppendOutcome>;

  /** One message, or undefined if the log has none there. Throws LedgerUnavailableError. */
  get(shard: number, seq: number): Promise<StoredMessage | undefined>;

  /**
   * Messages `fromSeq` to `toSeq`, both included, in order and without gaps. `toSeq` must not be
   * behind the head. Throws LogUnreadableError naming the first sequence that cannot be had, and
   * LedgerUnavailableError when the broker stays away.
   */
  read(shard: number, fromSeq: number, toSeq: number): AsyncIterable<StoredMessage>;

  /**
   * Messages from `fromSeq` on, first those that are there, then each new one, until the signal is
   * aborted. Survives restarts of the broker. Throws LogUnreadableError.
   */
  tail(shard: number, fromSeq: number, signal: AbortSignal): AsyncIterable<StoredMessage>;
}

export const MessageKind = { epoch: 'epoch', block: 'block' } as const;
export type MessageKind = (typeof MessageKind)[keyof typeof MessageKind];

/** A message as the log gives it back; nothing in it has been checked. */
export interface StoredMessage {
  readonly shard: number;
  readonly seq: number;
  readonly kind: MessageKind;
  /** As the writer named it; undefined for a message that no ledger wrote. */
  readonly msgId: string | undefined;
  /** The broker's time of storing it, ms since 1970. */
  readonly storedAtMs: number;
  readonly bytes: Uint8Array;
}

/** What the broker says of a shard's log. */
export interface LogHead {
  readonly shard: number;
  /** 1 in a whole log, also when it is empty. */
  readonly firstSeq: number;
  /** 0 when the log is empty. */
  readonly lastSeq: number;
  readonly messages: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Birth of the stream, ISO 8601. Another one means another stream. */
  readonly createdAt: string;
}

export interface ClaimRequest {
  /** An epoch message, encoded: see `epoch.ts`. */
  readonly epoch: Uint8Array;
  /** Unique to this attempt; a retry after an unknown outcome is known by it. */
  readonly nonce: string;
  /** Sequence of the epoch message that this one follows; 0 if there is none. */
  readonly previousEpochSeq: number;
}

/** The right to append to a shard, until somebody claims after it. */
export interface ShardClaim {
  readonly shard: number;
  /** Stream sequence of the epoch message. Replay to here, then serve. */
  readonly epochSeq: number;
  /** The broker's time of the claim, ms since 1970, to compare one's clock with. */
  readonly brokerAtMs: number;
  readonly previousEpochSeq: number;
}

export interface AppendRequest {
  /** Sequence of the last message that the writer knows; the block gets the next one. */
  readonly expectedSeq: number;
  /** Unique to these bytes: see `blockMessageId`. */
  readonly msgId: string;
  /** A block, encoded: see `block.ts`. */
  readonly bytes: Uint8Array;
}

/**
 * How an append ended.
 * - `stored`: durable at `seq`; only now may anything of it leave the process
 * - `fenced`: somebody else owns the shard; `by` is his message in the block's place
 * - `full`: the stream has reached its size; not stored
 * - `notStored`: certainly not stored, in spite of retries until the deadline
 * - `unknown`: neither the ack nor reading back could be had until the deadline
 */
export type AppendOutcome =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'fenced'; readonly by: FencedBy }
  | { readonly kind: 'full' }
  | { readonly kind: 'notStored'; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown };

export type FencedBy = Pick<StoredMessage, 'seq' | 'kind' | 'msgId'>;
