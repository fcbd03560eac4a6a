import { settleAppend } from './append-protocol.ts';
import { settleClaim } from './claim-protocol.ts';
import type {
  AppendOutcome,
  AppendRequest,
  ClaimRequest,
  Ledger,
  LogHead,
  ShardClaim,
  StoredMessage,
} from './ledger.ts';
import { LedgerUnavailableError, LogRegressedError, LogUnreadableError } from './ledger-errors.ts';
import type { LedgerFaults, LedgerLink } from './ledger-faults.ts';
import { LEDGER_LIMITS, type LedgerLimits } from './ledger-limits.ts';
import { FaultyLink } from './ledger-memory-link.ts';
import type { LogTransport, Publish, PublishReply } from './log-transport.ts';
import { type MemoryLog, MemoryStore } from './memory-log.ts';
import { OneInFlight } from './one-in-flight.ts';

/** Time for the in-memory ledger. `pause` of the default resolves at once and moves `nowMs`. */
export interface LedgerClock {
  nowMs(): number;
  pause(ms: number): Promise<void>;
  /** Wall time of the broker, ms since 1970, with which it stamps what it stores; default `nowMs`. */
  brokerMs?(): number;
}

export interface MemoryLedgerOptions {
  readonly faults?: LedgerFaults;
  /** Default: the store is at hand, and only `faults` stand before it. */
  readonly link?: LedgerLink;
  readonly clock?: LedgerClock;
  readonly limits?: Partial<LedgerLimits>;
  /** Default: a new, empty one. Its logs can be damaged and looked at past all faults. */
  readonly store?: MemoryStore;
}

/**
 * A ledger in memory that behaves like the JetStream one, retries and reading back included, and
 * fails where it is told to. Deterministic: no timers and no randomness of its own.
 */
export class MemoryLedger implements Ledger {
  /** What is kept, past all faults; its logs can be damaged. */
  readonly store: MemoryStore;
  readonly #appends = new OneInFlight();
  readonly #link: LedgerLink;
  readonly #clock: LedgerClock;
  readonly #limits: LedgerLimits;
  readonly #transport: LogTransport;

  constructor(options: MemoryLedgerOptions = {}) {
    this.#clock = options.clock ?? steppingClock();
    this.#limits = { ...LEDGER_LIMITS, ...options.limits };
    const { publishTimeoutMs } = this.#limits;
    this.#link =
      options.link ??
      new FaultyLink(options.faults ?? {}, () => this.#clock.pause(publishTimeoutMs));
    this.store = options.store ?? new MemoryStore();
    this.#transport = {
      publish: (publish) => this.#publish(publish),
      get: (shard, seq) => this.get(shard, seq),
      lastEpoch: (shard) => this.lastEpoch(shard),
      lastSeq: async (shard) => (await this.head(shard)).lastSeq,
      nowMs: () => this.#clock.nowMs(),
      pause: (ms) => this.#clock.pause(ms),
    };
  }

  head(shard: number): Promise<LogHead> {
    return this.#link.look(shard, () => this.store.log(shard).head());
  }

  lastEpoch(shard: number): Promise<StoredMessage | undefined> {
    return this.#link.look(shard, () => this.store.log(shard).lastEpoch());
  }

  get(shard: number, seq: number): Promise<StoredMessage | undefined> {
    return this.#link.look(shard, () => this.store.log(shard).get(seq));
  }

  claim(shard: number, request: ClaimRequest): Promise<ShardClaim> {
    return settleClaim(this.#transport, shard, request, this.#limits);
  }

  append(claim: ShardClaim, request: AppendRequest): Promise<AppendOutcome> {
    return this.#appends.run(claim.shard, () =>
      settleAppend(this.#transport, claim, request, this.#limits),
    );
  }

  async *read(shard: number, fromSeq: number, toSeq: number): AsyncGenerator<StoredMessage> {
    let nextSeq = fromSeq;
    while (nextSeq <= toSeq) {
      const batch = await this.#readBatch(shard, nextSeq, toSeq, NEVER);
      nextSeq += batch.length;
      yield* batch;
    }
  }

  async *tail(shard: number, fromSeq: number, signal: AbortSignal): AsyncGenerator<StoredMessage> {
    const log = this.store.log(shard);
    let nextSeq = fromSeq;
    while (!signal.aborted) {
      const batch = await this.#readBatch(shard, nextSeq, undefined, signal);
      for (const message of batch) {
        if (signal.aborted) return;
        nextSeq += 1;
        yield message;
      }
      if (batch.length === 0 && !signal.aborted) await this.#link.changed(log, nextSeq, signal);
    }
  }

  /**
   * Messages from `fromSeq` on, as many as one answer holds, to `toSeq` or the end of the log. With
   * an end it gives up when the log stays away, without one it never does.
   */
  async #readBatch(
    shard: number,
    fromSeq: number,
    toSeq: number | undefined,
    signal: AbortSignal,
  ): Promise<readonly StoredMessage[]> {
    const { readDeadlineMs, retryPauseMs } = this.#limits;
    const deadlineMs = this.#clock.nowMs() + readDeadlineMs;
    const log = this.store.log(shard);
    for (;;) {
      try {
        return await this.#link.read(shard, () => batchOf(log, fromSeq, toSeq));
      } catch (error) {
        if (!(error instanceof LedgerUnavailableError)) throw error;
        if (toSeq !== undefined && this.#clock.nowMs() >= deadlineMs) throw error;
      }
      await this.#link.untilReachable(readDeadlineMs, signal);
      await this.#clock.pause(retryPauseMs);
      if (signal.aborted) return [];
    }
  }

  #publish(publish: Publish): Promise<PublishReply> {
    const { nowMs, brokerMs = nowMs } = this.#clock;
    return this.#link.publish(publish, () =>
      this.store.log(publish.shard).store(publish, brokerMs.call(this.#clock)),
    );
  }
}

/** Messages that one answer holds. */
const BATCH_MESSAGES = 64;
const NEVER = new AbortController().signal;

/** What is unreadable ends the batch before it, and is an error in the next one. */
function batchOf(log: MemoryLog, fromSeq: number, toSeq: number | undefined): StoredMessage[] {
  checkLength(log, toSeq ?? fromSeq - 1);
  const endSeq = Math.min(toSeq ?? log.lastSeq, fromSeq + BATCH_MESSAGES - 1);
  const batch: StoredMessage[] = [];
  for (let seq = fromSeq; seq <= endSeq; seq += 1) {
    const message = log.get(seq);
    if (message === undefined && batch.length > 0) break;
    if (message === undefined) throw new LogUnreadableError(log.shard, seq);
    batch.push(message);
  }
  return batch;
}

function checkLength(log: MemoryLog, neededSeq: number): void {
  if (log.lastSeq >= neededSeq) return;
  const detail = `it ends at ${log.lastSeq}, not at ${neededSeq} or later`;
  throw new LogRegressedError(log.shard, detail);
}

/** A clock that stands still but for pauses. */
function steppingClock(): LedgerClock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    pause: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
}
