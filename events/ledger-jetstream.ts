import { setTimeout as pause } from 'node:timers/promises';
import {
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  type StoredMsg,
  type StreamInfo,
} from 'nats';
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
import { LedgerUnavailableError } from './ledger-errors.ts';
import { ConnectionWatch } from './ledger-jetstream-connection.ts';
import { toLedgerError } from './ledger-jetstream-error.ts';
import { publishOnce } from './ledger-jetstream-publish.ts';
import { LogReader } from './ledger-jetstream-read.ts';
import { LEDGER_LIMITS, type LedgerLimits } from './ledger-limits.ts';
import { kindOfSubject, logNames } from './log-names.ts';
import type { LogTransport } from './log-transport.ts';
import { OneInFlight } from './one-in-flight.ts';

export interface JetStreamLedgerOptions {
  /** For claims, appends and single reads. Of a user who may publish to `ledger.>`, or of a reader. */
  readonly commit: NatsConnection;
  /** For replay and tail, so that a large replay does not stand before a commit. Default: `commit`. */
  readonly replay?: NatsConnection;
  readonly limits?: Partial<LedgerLimits>;
}

/** The log in JetStream. The connections stay the caller's: close them when nothing is under way. */
export class JetStreamLedger implements Ledger {
  readonly #commit: ConnectionWatch;
  readonly #limits: LedgerLimits;
  readonly #reader: LogReader;
  readonly #appends = new OneInFlight();
  readonly #transport: LogTransport;
  #manager: JetStreamManager | undefined;

  constructor(options: JetStreamLedgerOptions) {
    const { commit, replay = commit } = options;
    this.#limits = { ...LEDGER_LIMITS, ...options.limits };
    this.#commit = new ConnectionWatch(commit);
    const replayWatch = replay === commit ? this.#commit : new ConnectionWatch(replay);
    this.#reader = new LogReader(this, replayWatch, this.#limits);
    this.#transport = {
      publish: (publish) => publishOnce(this.#commit, publish, this.#limits.publishTimeoutMs),
      get: (shard, seq) => this.get(shard, seq),
      lastEpoch: (shard) => this.lastEpoch(shard),
      lastSeq: async (shard) => (await this.head(shard)).lastSeq,
      nowMs: () => performance.now(),
      pause: (ms) => pause(ms),
    };
  }

  async head(shard: number): Promise<LogHead> {
    const info = await this.#ask(shard, (manager) => manager.streams.info(logNames.stream(shard)));
    return toHead(shard, info);
  }

  lastEpoch(shard: number): Promise<StoredMessage | undefined> {
    return this.#getMessage(shard, { last_by_subj: logNames.subject(shard, 'epoch') });
  }

  get(shard: number, seq: number): Promise<StoredMessage | undefined> {
    return this.#getMessage(shard, { seq });
  }

  claim(shard: number, request: ClaimRequest): Promise<ShardClaim> {
    return settleClaim(this.#transport, shard, request, this.#limits);
  }

  append(claim: ShardClaim, request: AppendRequest): Promise<AppendOutcome> {
    return this.#appends.run(claim.shard, () =>
      settleAppend(this.#transport, claim, request, this.#limits),
    );
  }

  read(shard: number, fromSeq: number, toSeq: number): AsyncIterable<StoredMessage> {
    return this.#reader.read(shard, fromSeq, toSeq);
  }

  tail(shard: number, fromSeq: number, signal: AbortSignal): AsyncIterable<StoredMessage> {
    return this.#reader.tail(shard, fromSeq, signal);
  }

  async #getMessage(
    shard: number,
    query: { seq: number } | { last_by_subj: string },
  ): Promise<StoredMessage | undefined> {
    try {
      const stored = await this.#ask(shard, (manager) =>
        manager.streams.getMessage(logNames.stream(shard), query),
      );
      return toStoredMessage(shard, stored);
    } catch (error) {
      if (error instanceof LedgerUnavailableError && isNoMessage(error.cause)) return undefined;
      throw error;
    }
  }

  async #ask<Answer>(
    shard: number,
    question: (manager: JetStreamManager) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      await this.#commit.untilConnected(this.#limits.getTimeoutMs);
      return await this.#commit.whileConnected(async () => question(await this.#managerOf()));
    } catch (cause) {
      throw toLedgerError(shard, cause);
    }
  }

  async #managerOf(): Promise<JetStreamManager> {
    this.#manager ??= await this.#commit.connection.jetstreamManager({
      checkAPI: false,
      timeout: this.#limits.getTimeoutMs,
    });
    return this.#manager;
  }
}

const NO_MESSAGE_FOUND = 10037;

function isNoMessage(error: unknown): boolean {
  return error instanceof NatsError && error.api_error?.err_code === NO_MESSAGE_FOUND;
}

function toStoredMessage(shard: number, stored: StoredMsg): StoredMessage | undefined {
  const kind = kindOfSubject(stored.subject);
  if (kind === undefined) return undefined;
  const msgId = stored.header.get('Nats-Msg-Id');
  return {
    shard,
    seq: stored.seq,
    kind,
    msgId: msgId === '' ? undefined : msgId,
    storedAtMs: stored.time.getTime(),
    bytes: stored.data,
  };
}

function toHead(shard: number, { config, created, state }: StreamInfo): LogHead {
  return {
    shard,
    firstSeq: state.last_seq === 0 ? 1 : state.first_seq,
    lastSeq: state.last_seq,
    messages: state.messages,
    deleted: state.num_deleted ?? 0,
    bytes: state.bytes,
    maxBytes: config.max_bytes,
    createdAt: created,
  };
}
