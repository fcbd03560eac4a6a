import type { Logger } from 'pino';
import type { Bus, Message, Subscription } from '../bus/bus.ts';
import { claimShard } from '../events/claim-shard.ts';
import { decode, encode } from '../events/codec.ts';
import { checkIntegrity } from '../events/integrity.ts';
import type { AppendOutcome, Ledger, ShardClaim } from '../events/ledger.ts';
import { ClaimLostError, LedgerFullError } from '../events/ledger-errors.ts';
import { LIMITS } from '../events/limits.ts';
import { type AuditProgress, OwnerPresence } from '../events/owner-presence.ts';
import { isHeadSigned } from '../events/signed-head.ts';
import { type Signer, sameBytes } from '../events/signing.ts';
import { subjects } from '../events/subjects.ts';
import { readWitness } from '../events/witness.ts';
import type { Host } from '../host/host.ts';
import type { AuditTurns } from './audit-turns.ts';
import { type BrokenTeam, BrokenTeams } from './broken-teams.ts';
import { Inbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';
import { refuseUnserved } from './refuse-unserved.ts';
import type { KnownHead } from './replay-shard.ts';
import { Shard, type ShardEnd } from './shard.ts';
import { SHARD_SIZES, type ShardSizes } from './shard-sizes.ts';
import { Vacancy } from './vacancy.ts';
import type { WitnessBook } from './witness-book.ts';

/**
 * - standby: another process serves the shard, or nobody yet
 * - replaying: claimed, and being rebuilt from its log
 * - frozen: its log cannot be trusted, or has no room; every request is refused with the reason
 */
export type KeeperState = 'standby' | 'replaying' | 'serving' | 'frozen' | 'stopped';

/** What a keeper works with; but for the shard it is the same for all of a process. */
export interface KeeperOptions {
  readonly shard: number;
  readonly shards: number;
  readonly host: Host;
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly outbox: Outbox;
  readonly witnesses: WitnessBook;
  readonly witnessFolder: string;
  readonly ownerName: string;
  readonly log: Logger;
  /** When the audits of this process may work. */
  readonly turns: AuditTurns;
  readonly sizes?: Partial<ShardSizes>;
}

/** Pause after a failed claim or replay, ms; doubles up to the second, because each claim is stored. */
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 10_000;
/** A shard that was served for this long has not failed at once, ms. */
const STABLE_MS = 5_000;
/** Of an answer to a ping. */
const PRESENCE_BYTES_MAX = 64 * 1024;
/** Of the name that tells one claim from another. */
const NONCE_BYTES = 16;
/** Of broken teams, what fits into the answer to a ping. */
const BROKEN_TOLD_MAX = 4;
const BROKEN_REASON_CHARS_MAX = 600;
/** Between two tries to claim a shard whose log is full, ms. */
const FULL_RETRY_MS = 5_000;

/** Keeps one shard: waits while another process owns it, takes it over when that one is gone. */
export class ShardKeeper {
  readonly #options: KeeperOptions;
  readonly #broken = new BrokenTeams();
  readonly #vacancy: Vacancy;
  readonly #stopping = new AbortController();
  #shard: Shard | undefined;
  #requests: Subscription | undefined;
  #running: Promise<void> | undefined;
  #epoch = 0;
  /** Highest sequence that was durable while this process owned the shard. */
  #seenSeq = 0;
  #seenHead: KnownHead | undefined;
  state: KeeperState = 'standby';
  /** Why the shard is not served by this process, where that is no other process's doing. */
  problem: Error | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#vacancy = new Vacancy(options.host, options.bus, options.ledger, options.shard, (data) =>
      this.#hear(data),
    );
  }

  get seq(): number {
    return this.#shard?.seq ?? 0;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** How far the background audit has come, while this process serves the shard. */
  get audit(): AuditProgress | undefined {
    return this.#shard?.audit;
  }

  /** Teams in which something that always holds did not, since this process began. */
  get broken(): readonly BrokenTeam[] {
    return this.#broken.list();
  }

  start(): void {
    const { shard, log } = this.#options;
    this.#running = this.#run().catch((err) => {
      log.fatal({ err, shard }, 'the shard is given up');
    });
  }

  tick(): void {
    this.#shard?.tick();
  }

  beat(): void {
    void this.#shard?.beat();
  }

  /** Ends in order: what is decided is stored first. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the writer stops'));
    // Whoever asks from here on is told that nobody is there; who has asked gets an answer.
    await this.#requests?.drain();
    await this.#shard?.stop();
    await this.#running;
    this.#vacancy.close();
    this.state = 'stopped';
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    const { host } = this.#options;
    let retryMs = RETRY_MS_MIN;
    while (!this.#isStopping) {
      try {
        const previousEpochSeq = await this.#vacancy.wait(this.#stopping.signal);
        if (previousEpochSeq === undefined) return;
        const claimedAtMs = host.steadyMs();
        const end = await this.#own(previousEpochSeq);
        this.#tell(end);
        const isInOrder = end.kind === 'stopped' || end.kind === 'fenced';
        const isStable = isInOrder || host.steadyMs() - claimedAtMs > STABLE_MS;
        retryMs = isStable ? RETRY_MS_MIN : Math.min(RETRY_MS_MAX, retryMs * 2);
        const cause = end.kind === 'lost' ? causeOf(end.outcome) : undefined;
        if (isFinal(cause)) throw cause;
        if (end.kind === 'fenced') continue;
      } catch (error) {
        if (this.#isStopping) return;
        if (isFinal(error)) return await this.#freeze(error as Error);
        if (error instanceof LedgerFullError) {
          // Room may be made meanwhile.
          await this.#refuseAll(error, FULL_RETRY_MS);
          if (!this.#isStopping) this.state = 'standby';
          continue;
        }
        if (!(error instanceof ClaimLostError)) {
          this.problem = error as Error;
          const { shard, log } = this.#options;
          log.warn({ err: error, shard }, 'the shard could not be taken; trying again');
          retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
        }
      }
      await this.#pause(retryMs);
    }
  }

  /** Claims, replays, serves, until it ends. */
  async #own(previousEpochSeq: number): Promise<ShardEnd> {
    const { host, bus, ledger, shard, shards, ownerName, witnessFolder, log } = this.#options;
    this.state = 'replaying';
    const subscriptions: Subscription[] = [];
    try {
      // From here on nobody else takes the shard for vacant, however long the replay is.
      subscriptions.push(
        bus.subscribe(subjects.ownerPing(shard), (message) => this.#answerPing(message)),
      );
      await bus.flush();
      const witness = await readWitness(host.files, witnessFolder, shard);
      // What was heard of the last owner may not be on the disk yet.
      const heard = this.#options.witnesses.knownOf(shard);
      const knownHeads = [witness, heard, this.#seenHead].filter((head) => head !== undefined);
      const knownSeqs = knownHeads.map((head) => head.seq);
      checkIntegrity(await ledger.head(shard), [...knownSeqs, this.#seenSeq]);
      const claimSentAtMs = host.steadyMs();
      const claim = await this.#claim(previousEpochSeq);
      this.#epoch = claim.epochSeq;
      const { signal } = this.#stopping;
      const sizes = { ...SHARD_SIZES, ...this.#options.sizes };
      const options = {
        ...this.#options,
        sizes,
        claim,
        claimSentAtMs,
        knownHeads,
        broken: this.#broken,
        signal,
      };
      const owned = await Shard.open(options);
      this.#shard = owned;
      const inbox = new Inbox<Message>({
        host,
        handle: (message) => owned.handle(message),
        turnAway: (message) => owned.turnAway(message),
        bytesOf: ({ data }) => data.byteLength,
        bytesMax: sizes.inboxBytesMax,
      });
      const subject = subjects.shardRequests(shard);
      this.#requests = bus.subscribe(subject, (message) => inbox.put(message));
      subscriptions.push(this.#requests);
      await bus.flush();
      this.state = 'serving';
      this.problem = undefined;
      log.info({ shard, shards, epoch: claim.epochSeq, seq: owned.seq, ownerName }, 'serving');
      if (this.#isStopping) await owned.stop();
      const end = await owned.ended;
      this.#seenSeq = Math.max(this.#seenSeq, owned.seq);
      this.#seenHead = owned.head ?? this.#seenHead;
      return end;
    } finally {
      this.state = 'standby';
      for (const subscription of subscriptions) subscription.unsubscribe();
      this.#shard?.finish({ kind: 'stopped' });
      // Only one block of this process may be on its way, whichever life of the shard it is of.
      await this.#shard?.settled();
      this.#shard = undefined;
    }
  }

  /** @throws ClaimLostError, ClockSkewError, and what claimShard throws */
  async #claim(previousEpochSeq: number): Promise<ShardClaim> {
    const { host, ledger, shard, signer, ownerName } = this.#options;
    const newest = await ledger.lastEpoch(shard);
    // Somebody took it since it was found vacant; claiming on top would only interrupt him.
    if ((newest?.seq ?? 0) !== previousEpochSeq) throw new ClaimLostError(shard, newest);
    const claim = await claimShard(ledger, shard, {
      owner: ownerName,
      generation: 1,
      signer,
      nowMs: host.wallMs(),
      nonce: Buffer.from(host.randomBytes(NONCE_BYTES)).toString('hex'),
    });
    const skewMs = Math.abs(host.wallMs() - claim.brokerAtMs);
    if (skewMs > LIMITS.clockSkewMsMax) throw new ClockSkewError(shard, skewMs);
    return claim;
  }

  /** Says that the shard has an owner, unless it has found another one meanwhile. */
  #answerPing(message: Message): void {
    const answer = () => message.respond(encode(this.#presence()));
    const shard = this.#shard;
    if (shard === undefined) answer();
    else
      shard
        .isOwner()
        .then((isOwner) => isOwner && answer())
        .catch(ignore);
  }

  /** What whoever pings is told: a standby that there is an owner, a person how the shard is. */
  #presence(): OwnerPresence {
    const { audit } = this;
    const head = this.#options.witnesses.knownOf(this.#options.shard);
    const broken = this.broken.slice(0, BROKEN_TOLD_MAX).map(({ team, reason, isSealed }) => {
      return { team, reason: reason.slice(0, BROKEN_REASON_CHARS_MAX), isSealed };
    });
    return {
      owner: this.#options.ownerName,
      epoch: this.#epoch,
      ...(head === undefined ? {} : { head }),
      ...(audit === undefined ? {} : { audit }),
      ...(broken.length === 0 ? {} : { broken, brokenCount: this.broken.length }),
    };
  }

  /** What the owner says of the log is remembered here too, if it is its own word. */
  #hear(data: Uint8Array): void {
    const { shard, signer, witnesses } = this.#options;
    const { data: presence } = OwnerPresence.safeParse(decodedOrNothing(data));
    const head = presence?.head;
    if (head === undefined || head.shard !== shard) return;
    if (head.seq <= (witnesses.knownOf(shard)?.seq ?? 0)) return;
    if (sameBytes(head.publicKey, signer.publicKey) && isHeadSigned(head)) witnesses.hear(head);
  }

  #tell(end: ShardEnd): void {
    const { shard, log } = this.#options;
    switch (end.kind) {
      case 'stopped':
        return;
      case 'fenced':
        return log.warn({ shard }, 'another process took the shard over');
      case 'lost':
        return log.error(
          { shard, outcome: end.outcome.kind, err: causeOf(end.outcome) },
          'a block was not stored; starting over',
        );
      case 'broken':
        return log.error({ shard }, 'starting over from the log');
      default:
        return end satisfies never;
    }
  }

  /**
   * The log cannot be trusted: until somebody acts, every request is refused with the reason,
   * unless another process, which may trust its copy, serves the shard.
   */
  async #freeze(error: Error): Promise<void> {
    const { shard, log } = this.#options;
    log.fatal({ err: error, shard }, 'the shard is frozen');
    await this.#refuseAll(error, Number.POSITIVE_INFINITY);
  }

  async #refuseAll(error: Error, forMs: number): Promise<void> {
    this.problem = error;
    this.state = 'frozen';
    const { signal } = this.#stopping;
    await refuseUnserved({ ...this.#options, vacancy: this.#vacancy, signal }, error, forMs);
  }

  /** Ends early when the writer stops. */
  async #pause(ms: number): Promise<void> {
    await this.#options.host.pause(ms, this.#stopping.signal);
  }
}

/** The clocks of writer and broker are too far apart to keep deadlines. */
export class ClockSkewError extends Error {
  override readonly name = 'ClockSkewError';
  readonly code = 'clock_skew';
  readonly retryable = true;

  constructor(shard: number, skewMs: number) {
    super(
      `shard ${shard}: the clock is ${skewMs} ms from the broker's; at most ` +
        `${LIMITS.clockSkewMsMax} ms are borne: set the clocks (NTP)`,
    );
  }
}

function causeOf(outcome: AppendOutcome): unknown {
  return 'cause' in outcome ? outcome.cause : undefined;
}

function isFinal(error: unknown): boolean {
  return (error as { readonly retryable?: unknown } | undefined)?.retryable === false;
}

/** Whatever else answers a ping has nothing to say. */
function decodedOrNothing(data: Uint8Array): unknown {
  try {
    return decode(data, PRESENCE_BYTES_MAX);
  } catch {
    return undefined;
  }
}

function ignore(): void {}
