import { strict as assert } from 'node:assert';
import type { Ledger, LogHead, StoredMessage } from '../events/ledger.ts';
import { LogUnreadableError } from '../events/ledger-errors.ts';
import type { Host } from '../host/host.ts';
import { PROJECTION_LIMITS } from './limits.ts';
import { LogSweep, type PoisonRecord, type Swept } from './log-sweep.ts';
import type { Projection, Recorded } from './projection.ts';
import { ProjectorEntry } from './projector-entry.ts';
import { chooseResumePoint, type LogLine } from './projector-resume.ts';

export interface ProjectorOptions {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly shard: number;
  /** Raw public keys of the shard's owners. */
  readonly pinnedKeys: readonly Uint8Array[];
  readonly projections: readonly Projection<unknown>[];
  /** Keeps checkpoints below `<dataDir>/projections`; without it each start begins at zero. */
  readonly dataDir?: string;
  /** What people should know: a checkpoint thrown away, a record kept aside, the log's end lost. */
  readonly onLine?: LogLine;
  /** Every event before it is folded in; `isLive` once the projector has caught up. */
  readonly onEvent?: (recorded: Recorded, swept: Swept, isLive: boolean) => void;
}

/** Where a projector stands. */
export interface ProjectorHealth {
  readonly shard: number;
  /** Sequence of the last message that is in all states; 0 before the first. */
  readonly seq: number;
  readonly isLive: boolean;
  /** Records that were kept aside in all, and the first thousand of them. */
  readonly poisonCount: number;
  readonly poison: readonly PoisonRecord[];
  /** Why it stopped by itself, if it did. */
  readonly failure: Error | undefined;
}

/**
 * Keeps the states of several projections of one shard up to date: from their checkpoints, then
 * from the log, then live. Each event goes into each state exactly once, by its position. A record
 * that is poison is kept aside and reported, and the sweep goes on.
 *
 * Call `catchUp` once, then `follow`; `stop` writes the checkpoints.
 */
export class Projector {
  readonly #options: ProjectorOptions;
  readonly #entries: ReadonlyMap<string, ProjectorEntry>;
  #sweep: LogSweep;
  #createdAt = '';
  #isOpen = false;
  #isLive = false;
  #failure: Error | undefined;
  #messagesSinceCheckpoint = 0;
  #following: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#entries = new Map(
      options.projections.map((projection) => [projection.name, new ProjectorEntry(projection)]),
    );
    this.#sweep = new LogSweep(options.shard, options.pinnedKeys);
  }

  /** The present state of one of its projections: to be looked at, not to be changed. */
  stateOf<State>(projection: Projection<State>): State {
    const entry = this.#entries.get(projection.name);
    if (entry === undefined) throw new TypeError(`${projection.name} is not projected here`);
    return entry.state as State;
  }

  health(): ProjectorHealth {
    const entries = [...this.#entries.values()];
    const poisonCount = Math.max(0, ...entries.map((entry) => entry.poisonCount));
    const fullest = entries.find((entry) => entry.poisonCount === poisonCount);
    return {
      shard: this.#options.shard,
      seq: this.#sweep.chain.seq,
      isLive: this.#isLive,
      poisonCount,
      poison: fullest?.poison ?? [],
      failure: this.#failure,
    };
  }

  /**
   * Reads what is new up to the present end of the log.
   * @returns the sequence reached
   * @throws LedgerUnavailableError, LogRegressedError
   */
  async catchUp(): Promise<number> {
    const { ledger, shard } = this.#options;
    const head = await ledger.head(shard);
    if (!this.#isOpen) await this.#open(head);
    await this.#readTo(head.lastSeq);
    return this.#sweep.chain.seq;
  }

  /** Follows the log from here on until `stop`. What ends it by itself is in `health().failure`. */
  follow(): void {
    assert(this.#isOpen, 'a projector catches up before it follows');
    if (this.#following !== undefined) return;
    const stop = new AbortController();
    this.#failure = undefined;
    this.#isLive = true;
    const done = this.#tail(stop.signal).catch((error: unknown) => {
      this.#isLive = false;
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#say('error', `stopped following the log: ${this.#failure.message}`);
    });
    this.#following = { stop, done };
  }

  /** Stops following and writes the checkpoints. Safe to call twice. */
  async stop(): Promise<void> {
    this.#following?.stop.abort();
    await this.#following?.done;
    this.#following = undefined;
    this.#isLive = false;
    if (this.#messagesSinceCheckpoint > 0) await this.checkpoint();
  }

  /** Throws the checkpoints and states away and reads the whole log anew. */
  async rebuild(): Promise<number> {
    const wasLive = this.#isLive;
    await this.stop();
    await this.#removeCheckpoints();
    const { shard, pinnedKeys } = this.#options;
    for (const entry of this.#entries.values()) entry.reset();
    this.#sweep = new LogSweep(shard, pinnedKeys);
    this.#isOpen = false;
    const seq = await this.catchUp();
    await this.checkpoint();
    if (wasLive) this.follow();
    return seq;
  }

  /** Writes every state to its checkpoint. */
  async checkpoint(): Promise<void> {
    const { host, dataDir, shard } = this.#options;
    this.#messagesSinceCheckpoint = 0;
    if (dataDir === undefined) return;
    for (const entry of this.#entries.values()) {
      const isKept = await entry.write(host.files, dataDir, shard, this.#createdAt);
      if (!isKept) this.#say('warn', `the state of ${entry.name} is too large for a checkpoint`);
    }
  }

  async #open(head: LogHead): Promise<void> {
    const { host, ledger, shard, dataDir, pinnedKeys } = this.#options;
    const from = await chooseResumePoint(
      {
        files: host.files,
        ledger,
        shard,
        head,
        dataDir,
        say: (level, text) => this.#say(level, text),
      },
      [...this.#entries.values()],
    );
    this.#createdAt = head.createdAt;
    this.#sweep = new LogSweep(shard, pinnedKeys, from);
    this.#isOpen = true;
  }

  async #readTo(lastSeq: number): Promise<void> {
    const { ledger, shard } = this.#options;
    let nextSeq = this.#sweep.chain.seq + 1;
    while (nextSeq <= lastSeq) {
      try {
        for await (const message of ledger.read(shard, nextSeq, lastSeq)) await this.#take(message);
      } catch (error) {
        if (!(error instanceof LogUnreadableError)) throw error;
        this.#passOver(error);
      }
      nextSeq = this.#sweep.chain.seq + 1;
    }
  }

  async #tail(signal: AbortSignal): Promise<void> {
    const { ledger, shard } = this.#options;
    while (!signal.aborted) {
      try {
        const fromSeq = this.#sweep.chain.seq + 1;
        for await (const message of ledger.tail(shard, fromSeq, signal)) await this.#take(message);
      } catch (error) {
        if (!(error instanceof LogUnreadableError)) throw error;
        this.#passOver(error);
      }
    }
  }

  /** A message that cannot be had is poison like one that cannot be read. */
  #passOver(error: LogUnreadableError): void {
    this.#apply(this.#sweep.skipTo(error.seq + 1, error.message));
  }

  async #take(message: StoredMessage): Promise<void> {
    const swept = this.#sweep.take(message);
    if (swept === undefined) return;
    this.#apply(swept);
    this.#messagesSinceCheckpoint += 1;
    const { checkpointMessagesMin } = PROJECTION_LIMITS;
    if (this.#messagesSinceCheckpoint >= Math.max(checkpointMessagesMin, swept.seq / 10)) {
      await this.checkpoint();
    }
    if (swept.seq % BREATH_MESSAGES === 0) {
      await new Promise<void>((resolve) => this.#options.host.nextTurn(resolve));
    }
  }

  #apply(swept: Swept): void {
    for (const record of swept.poison) this.#reportPoison(record);
    for (const recorded of swept.recorded) {
      this.#options.onEvent?.(recorded, swept, this.#isLive);
    }
    for (const entry of this.#entries.values()) {
      for (const record of entry.take(swept)) this.#reportPoison(record, entry.name);
    }
  }

  #reportPoison({ seq, index, kind, reason }: PoisonRecord, name?: string): void {
    const place = index === undefined ? `message ${seq}` : `event ${index} of message ${seq}`;
    const where = name === undefined ? '' : ` by ${name}`;
    this.#say('warn', `${place} is kept aside${where} (${kind}): ${reason}`);
  }

  async #removeCheckpoints(): Promise<void> {
    const { host, dataDir, shard } = this.#options;
    if (dataDir === undefined) return;
    for (const entry of this.#entries.values()) await entry.remove(host.files, dataDir, shard);
  }

  #say(level: Parameters<LogLine>[0], text: string): void {
    this.#options.onLine?.(level, `projections of shard ${this.#options.shard}: ${text}`);
  }
}

/** Other work of the process gets its turn after this many messages of a replay. */
const BREATH_MESSAGES = 64;
