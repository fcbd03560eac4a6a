import type { Publish, PublishReply } from './log-transport.ts';
import type { MemoryLog } from './memory-log.ts';

/**
 * Decisions that a simulator takes for the in-memory ledger. Each hook may return a promise: the
 * message is delayed until it resolves. The ledger itself has no timers and no randomness.
 */
export interface LedgerFaults {
  /** Before a message is judged. */
  beforeStore?(publish: Publish): BeforeStore | Promise<BeforeStore>;
  /** After it was stored, before the ack leaves. */
  afterStore?(publish: Publish, seq: number): AfterStore | Promise<AfterStore>;
  /** Before a single read, a look at the head or the newest epoch. */
  beforeGet?(shard: number): BeforeGet | Promise<BeforeGet>;
}

/**
 * - `lose`: the message never arrives and no answer comes
 * - `wrongSequence`: refused like a failed expectation, without reason
 * - `unavailable`: refused because there is no leader
 * - `full`: refused because the stream is full
 */
export type BeforeStore = 'pass' | 'lose' | 'wrongSequence' | 'unavailable' | 'full';
export type AfterStore = 'pass' | 'loseAck';
export type BeforeGet = 'pass' | 'unavailable';

/**
 * The way between an in-memory ledger and its store. Whoever makes one decides when, and whether,
 * what is sent arrives, and when its answer does; `atBroker` is what happens there.
 */
export interface LedgerLink {
  /** Never throws. */
  publish(publish: Publish, atBroker: () => PublishReply): Promise<PublishReply>;
  /** Throws LedgerUnavailableError, and what `atBroker` throws. */
  look<Seen>(shard: number, atBroker: () => Seen): Promise<Seen>;
  /** As `look`, for a part of a replay. */
  read<Seen>(shard: number, atBroker: () => Seen): Promise<Seen>;
  /** Resolves when the broker can be reached, after `withinMs`, or when the signal is aborted. */
  untilReachable(withinMs: number, signal: AbortSignal): Promise<void>;
  /** Resolves when a log has come to hold `seq`, was damaged, or the signal is aborted. */
  changed(log: MemoryLog, seq: number, signal: AbortSignal): Promise<void>;
}
