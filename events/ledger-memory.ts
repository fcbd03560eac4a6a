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
import type { LedgerFaults } from './ledger-faults.ts';
import { LEDGER_LIMITS, type LedgerLimits } from './ledger-limits.ts';
import type { LogTransport, Publish, PublishReply } from './log-transport.ts';
import { type MemoryLog, MemoryStore } from './memory-log.ts';
import { OneInFlight } from './one-in-flight.ts';

/** Time for the in-memory ledger. `pause` of the default resolves at once and moves `nowMs`. */
export interface LedgerClock {
  nowMs(): number;
  pause(ms: number): Promise<void>;
}

export interface MemoryLedgerOptions {
  readonly faults?: LedgerFaults;
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
  readonly #faults: LedgerFaults;
  readonly #clock: LedgerClock;
  readonly #limits: LedgerLimits;
  readonly #transport: LogTransport;

  constructor(options: MemoryLedgerOptions = {}) {
    this.#faults = options.faults ?? {};
    this.#clock = options.clock ?? steppingClock();
    this.#limits = { ...LEDGER_LIMITS, ...options.limits };
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

  async head(shard: number): Promise<LogHead> {
    await this.#reach(shard);
    return this.store.log(shard).head();
  }

  async lastEpoch(shard: number): Promise<StoredMessage | undefined> {
    await this.#reach(shard);
    return this.store.log(shard).lastEpoch();
  }

  async get(shard: number, seq: number): Promise<StoredMessage | undefined> {
    await this.#reach(shard);
    return this.store.log(shard).get(seq);
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
    const log = this.store.log(shard);
    for (let seq = fromSeq; seq <= toSeq; seq += 1) {
      checkLength(log, toSeq);
      yield messageAt(log, seq);
    }
  }

  async *tail(shard: number, fromSeq: number, signal: AbortSignal): AsyncGenerator<StoredMessage> {
    const log = this.store.log(shard);
    for (let seq = fromSeq; !signal.aborted; seq += 1) {
      checkLength(log, seq - 1);
      while (log.lastSeq < seq) {
        await log.changed(signal);
        if (signal.aborted) return;
        checkLength(log, seq - 1);
      }
      yield messageAt(log, seq);
    }
  }

  async #reach(shard: number): Promise<void> {
    const decision = (await this.#faults.beforeGet?.(shard)) ?? 'pass';
    if (decision === 'unavailable') throw new LedgerUnavailableError(shard, new Error('simulated'));
  }

  async #publish(publish: Publish): Promise<PublishReply> {
    const before = (await this.#faults.beforeStore?.(publish)) ?? 'pass';
    switch (before) {
      case 'lose':
        return this.#noAnswer();
      case 'unavailable':
        return { kind: 'unavailable', cause: new Error('simulated: no leader') };
      case 'wrongSequence':
      case 'full':
        return { kind: before };
      case 'pass': {
        const reply = this.store.log(publish.shard).store(publish, this.#clock.nowMs());
        if (reply.kind !== 'ack') return reply;
        const after = (await this.#faults.afterStore?.(publish, reply.seq)) ?? 'pass';
        return after === 'loseAck' ? this.#noAnswer() : reply;
      }
    }
  }

  async #noAnswer(): Promise<PublishReply> {
    await this.#clock.pause(this.#limits.publishTimeoutMs);
    return { kind: 'unknown', cause: new Error('simulated: no answer') };
  }
}

function messageAt(log: MemoryLog, seq: number): StoredMessage {
  const message = log.get(seq);
  if (message === undefined) throw new LogUnreadableError(log.shard, seq);
  return message;
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
