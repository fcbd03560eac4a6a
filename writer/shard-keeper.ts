import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Bus, Message, Subscription } from '../bus/bus.ts';
import { NoResponders } from '../bus/errors.ts';
import { claimShard } from '../events/claim-shard.ts';
import { encode } from '../events/codec.ts';
import { checkIntegrity } from '../events/integrity.ts';
import type { Ledger } from '../events/ledger.ts';
import { ClaimLostError } from '../events/ledger-errors.ts';
import { LIMITS } from '../events/limits.ts';
import { refuse } from '../events/refusals.ts';
import type { Signer } from '../events/signing.ts';
import { subjects } from '../events/subjects.ts';
import { readWitness } from '../events/witness.ts';
import { Inbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';
import { encodeReply, readMessage } from './read-message.ts';
import { Shard, type ShardEnd } from './shard.ts';
import type { WitnessBook } from './witness-book.ts';

export type ShardState = 'standby' | 'replaying' | 'serving' | 'frozen' | 'stopped';

export interface KeeperOptions {
  readonly shard: number;
  readonly shards: number;
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly outbox: Outbox;
  readonly witnesses: WitnessBook;
  readonly witnessFolder: string;
  readonly ownerName: string;
  readonly log: Logger;
}

/** How often a standby asks whether the owner lives, and how long it waits for the answer, ms. */
const PING_EVERY_MS = 100;
const PING_TIMEOUT_MS = 500;
/** An owner that does not answer this often is taken to hang. */
const PINGS_LOST_MAX = 3;
/** Pause after a failed claim or replay, ms. */
const RETRY_MS = 250;

/** Keeps one shard: waits while another process owns it, takes it over when that one is gone. */
export class ShardKeeper {
  readonly #options: KeeperOptions;
  readonly #broken = new Map<string, string>();
  #shard: Shard | undefined;
  #isStopping = false;
  #running: Promise<void> | undefined;
  #epoch = 0;
  state: ShardState = 'standby';

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get seq(): number {
    return this.#shard?.seq ?? 0;
  }

  get epoch(): number {
    return this.#epoch;
  }

  start(): void {
    this.#running = this.#run();
  }

  tick(): void {
    this.#shard?.tick();
  }

  beat(): void {
    this.#shard?.beat();
  }

  /** Ends in order: what is decided is stored first. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#shard?.stop();
    await this.#running;
    this.state = 'stopped';
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      try {
        this.state = 'standby';
        await this.#untilVacant();
        if (this.#isStopping) return;
        const end = await this.#own();
        this.#tell(end);
      } catch (error) {
        if (this.#isStopping) return;
        if (isFinal(error)) {
          await this.#freeze(error as Error);
          return;
        }
        const isRace = error instanceof ClaimLostError;
        const { shard, log } = this.#options;
        if (!isRace) log.warn({ err: error, shard }, 'the shard could not be taken; trying again');
      }
      await pause(RETRY_MS);
    }
  }

  /** Resolves when nobody answers for the shard. */
  async #untilVacant(): Promise<void> {
    const { bus, shard } = this.#options;
    let lost = 0;
    while (!this.#isStopping) {
      if (bus.isConnected()) {
        try {
          await bus.request(subjects.ownerPing(shard), new Uint8Array(), {
            timeoutMs: PING_TIMEOUT_MS,
          });
          lost = 0;
        } catch (error) {
          if (error instanceof NoResponders) return;
          lost += 1;
          if (lost >= PINGS_LOST_MAX) return;
        }
      }
      await pause(PING_EVERY_MS);
    }
  }

  /** Claims, replays, serves, until it ends. */
  async #own(): Promise<ShardEnd> {
    const { bus, ledger, shard, shards, signer, ownerName, witnessFolder, log } = this.#options;
    this.state = 'replaying';
    const witness = await readWitness(witnessFolder, shard);
    checkIntegrity(await ledger.head(shard), witness === undefined ? [] : [witness.seq]);
    const claim = await claimShard(ledger, shard, {
      owner: ownerName,
      generation: 1,
      signer,
      nowMs: Date.now(),
      nonce: crypto.randomUUID(),
    });
    const skewMs = Math.abs(Date.now() - claim.brokerAtMs);
    if (skewMs > LIMITS.clockSkewMsMax) throw new ClockSkewError(shard, skewMs);
    this.#epoch = claim.epochSeq;
    const options = { ...this.#options, claim, broken: this.#broken };
    const owned = await Shard.open(options);
    this.#shard = owned;
    const inbox = new Inbox<Message>((message) => owned.handle(message));
    const subscriptions: Subscription[] = [
      bus.subscribe(subjects.shardRequests(shard), (message) => inbox.put(message)),
      bus.subscribe(subjects.ownerPing(shard), (message) => {
        message.respond(encode({ owner: ownerName, epoch: claim.epochSeq }));
      }),
    ];
    this.state = 'serving';
    log.info({ shard, shards, epoch: claim.epochSeq, seq: owned.seq }, 'serving');
    if (this.#isStopping) await owned.stop();
    const end = await owned.ended;
    this.#shard = undefined;
    for (const subscription of subscriptions) subscription.unsubscribe();
    return end;
  }

  #tell(end: ShardEnd): void {
    const { shard, log } = this.#options;
    switch (end.kind) {
      case 'stopped':
        return;
      case 'fenced':
        return log.warn({ shard }, 'another process took the shard over');
      case 'lost':
        return log.error({ shard, outcome: end.outcome }, 'a block was not stored; starting over');
      case 'broken':
        return log.error({ shard }, 'starting over from the log');
      default:
        return end satisfies never;
    }
  }

  /** The log cannot be trusted: every request is refused, with the reason, until somebody acts. */
  async #freeze(error: Error): Promise<void> {
    const { bus, shard, log } = this.#options;
    this.state = 'frozen';
    log.fatal({ err: error, shard }, 'the shard is frozen');
    const subscription = bus.subscribe(subjects.shardRequests(shard), (message) => {
      const read = readMessage(message);
      if (read === undefined) return;
      const answers = read.commands.map(() => refuse('unavailable', error.message));
      const reply = read.isBatch ? { outcome: 'batch', answers } : answers[0];
      message.respond(encodeReply(reply, read.isJson), message.contentType);
    });
    while (!this.#isStopping) await pause(PING_EVERY_MS);
    subscription.unsubscribe();
  }
}

/** The clocks of writer and broker are too far apart to keep deadlines. */
export class ClockSkewError extends Error {
  readonly code = 'clock_skew';
  readonly retryable = true;
  constructor(shard: number, skewMs: number) {
    super(
      `shard ${shard}: the clock is ${skewMs} ms from the broker's; at most ${LIMITS.clockSkewMsMax} ms are borne: set the clocks (NTP)`,
    );
    this.name = 'ClockSkewError';
  }
}

function isFinal(error: unknown): boolean {
  return (error as { retryable?: unknown }).retryable === false;
}
