import type { MessageKind, StoredMessage } from './ledger.ts';

/** One try of a publish, with everything that fences it. */
export interface Publish {
  readonly shard: number;
  readonly kind: MessageKind;
  readonly msgId: string;
  readonly bytes: Uint8Array;
  /** The newest epoch message must be at this sequence (0: there must be none). */
  readonly expectedEpochSeq: number;
  /** Blocks only: the log must end at this sequence. */
  readonly expectedSeq?: number;
}

/**
 * What one try brought.
 * - `wrongSequence`: an expectation failed (10071); after a retry not proof of anything
 * - `busy`: the same message, or another one of the shard, is being stored (10164, 10158)
 * - `unavailable`: certainly not stored (503)
 * - `unknown`: no answer
 * - `refused`: not stored and never will be
 */
export type PublishReply =
  | { readonly kind: 'ack'; readonly seq: number }
  | { readonly kind: 'wrongSequence' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'full' }
  | { readonly kind: 'unavailable'; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown }
  | { readonly kind: 'refused'; readonly cause: unknown };

/** The few primitives on which claiming and appending are built, with a clock of its own. */
export interface LogTransport {
  /** Never throws. */
  publish(publish: Publish): Promise<PublishReply>;
  /** Throws LedgerUnavailableError. */
  get(shard: number, seq: number): Promise<StoredMessage | undefined>;
  /** Throws LedgerUnavailableError. */
  lastEpoch(shard: number): Promise<StoredMessage | undefined>;
  /** Throws LedgerUnavailableError. */
  lastSeq(shard: number): Promise<number>;
  /** Monotonic. */
  nowMs(): number;
  pause(ms: number): Promise<void>;
}
