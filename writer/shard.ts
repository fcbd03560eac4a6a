import type { Logger } from 'pino';
import { emergencyOf } from '../actors/emergency.ts';
import type { Bus, Message } from '../bus/bus.ts';
import { JSON_TYPE, MSGPACK } from '../bus/bus.ts';
import type { Answer, Emergency, Evidence } from '../events/answers.ts';
import type { SealedBlock } from '../events/block.ts';
import type { AppendOutcome, Ledger, ShardClaim } from '../events/ledger.ts';
import { refuse } from '../events/refusals.ts';
import { shardOf } from '../events/shard-of.ts';
import { signHead } from '../events/signed-head.ts';
import type { Signer } from '../events/signing.ts';
import { subjects } from '../events/subjects.ts';
import { BlockLine } from './block-line.ts';
import { WriterClock } from './clock.ts';
import { Deciding } from './deciding.ts';
import type { Gathering } from './gathering.ts';
import { LogSpace } from './log-space.ts';
import type { Outbox } from './outbox.ts';
import { encodeReply, isRefusal, type ReadMessage, readMessage } from './read-message.ts';
import { RecordedEvents } from './recorded-events.ts';
import { replayShard } from './replay-shard.ts';
import { ShardState } from './shard-state.ts';
import type { WitnessBook } from './witness-book.ts';

export interface ShardOptions {
  readonly shard: number;
  /** How many shards there are. */
  readonly shards: number;
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly claim: ShardClaim;
  readonly signer: Signer;
  readonly outbox: Outbox;
  readonly witnesses: WitnessBook;
  readonly log: Logger;
  /** Teams in which an invariant has failed, and why: they are frozen. */
  readonly broken: Map<string, string>;
}

/** Why a shard stopped serving. */
export type ShardEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'lost'; readonly outcome: AppendOutcome }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'broken'; readonly error: unknown };

/** Without an own block for this long, ownership is confirmed before anything is answered, ms. */
const OWNERSHIP_MS = 1_000;

/**
 * One shard as its owner serves it: request → decision → durable → answer. Everything in memory is
 * a fold of the log; when a block does not become durable all of it is dropped with this object.
 */
export class Shard {
  readonly #options: ShardOptions;
  readonly #line: BlockLine;
  readonly #deciding: Deciding;
  readonly #recorded: RecordedEvents;
  readonly #state: ShardState;
  readonly #space: LogSpace;
  #ownedAtMs = performance.now();
  #confirming: Promise<boolean> | undefined;
  #end: ((end: ShardEnd) => void) | undefined;
  #isEnded = false;
  readonly ended: Promise<ShardEnd>;

  /** Replays a shard that has just been claimed. Serves when `handle` is first called. */
  static async open(options: ShardOptions): Promise<Shard> {
    const { ledger, shard, claim, signer, log } = options;
    const state = new ShardState();
    const head = await ledger.head(shard);
    const { publicKey } = signer;
    const chain = await replayShard(ledger, shard, claim.epochSeq, publicKey, state, (message) =>
      log.error(message, 'a message in the log is no word of its owner; it is left out'),
    );
    const clock = new WriterClock({
      notBeforeMs: Math.max(state.lastAtMs, chain.blockAtMs),
      onDivergence: (byMs) =>
        log.error({ byMs }, 'the clock was set; time goes on by the monotonic one'),
    });
    const recorded = new RecordedEvents(ledger, shard);
    let self: Shard | undefined;
    const line = new BlockLine({
      ledger,
      claim,
      signer,
      chain,
      nowMs: () => clock.nowMs(),
      onStored: (block, sealed) => self?.stored(block, sealed),
      onLost: (outcome) =>
        self?.finish(outcome.kind === 'fenced' ? { kind: 'fenced' } : { kind: 'lost', outcome }),
    });
    const space = new LogSpace(head);
    const deciding = new Deciding({
      shard,
      state,
      line,
      clock,
      recorded,
      space,
      broken: options.broken,
    });
    self = new Shard(options, { line, deciding, recorded, state, space });
    deciding.takeOver(chain.blockNo > 0 ? chain.blockAtMs : undefined);
    await options.outbox.catchUp(self.#recordedEmergencies());
    return self;
  }

  private constructor(
    options: ShardOptions,
    parts: {
      readonly line: BlockLine;
      readonly deciding: Deciding;
      readonly recorded: RecordedEvents;
      readonly state: ShardState;
      readonly space: LogSpace;
    },
  ) {
    this.#options = options;
    this.#line = parts.line;
    this.#deciding = parts.deciding;
    this.#recorded = parts.recorded;
    this.#state = parts.state;
    this.#space = parts.space;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get seq(): number {
    return this.#line.chain.seq;
  }

  /** Takes a request from the bus. Answers once what it saw and did is durable. */
  handle(message: Message): void {
    if (this.#isEnded) return;
    const read = readMessage(message);
    if (read === undefined) return;
    let answers: (Answer | Promise<Answer>)[];
    try {
      answers = this.#answersTo(read);
    } catch (error) {
      this.#break(read.team, error);
      return;
    }
    const later = answers.some((answer) => answer instanceof Promise);
    if (!later) this.#release(message, read, answers as Answer[]);
    else {
      Promise.all(answers).then(
        (all) => this.#release(message, read, all),
        () => this.#respond(message, read, [refuse('unavailable', 'the log did not answer')]),
      );
    }
  }

  /** Records what has fallen due. Called every few milliseconds. */
  tick(): void {
    if (this.#isEnded) return;
    try {
      this.#deciding.recordDue();
    } catch (error) {
      this.#break(this.#deciding.teamAtWork, error);
    }
  }

  /** Tells each team with live allocations that its writer lives, and how far the log is. */
  beat(): void {
    if (this.#isEnded || !this.#options.bus.isConnected()) return;
    const { shard, bus } = this.#options;
    for (const team of this.#state.teams()) {
      if (team.allocations.size === 0) continue;
      const subject = subjects.beat(team.name);
      tell(bus, subject, { subject, team: team.name, shard, seq: this.seq });
    }
  }

  /** Stores what is decided, remembers the head, and ends. */
  async stop(): Promise<void> {
    await this.#line.drained();
    this.finish({ kind: 'stopped' });
  }

  /** Ends now; what is not durable is dropped. */
  finish(end: ShardEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#line.abandon();
    this.#options.witnesses.flush(this.#options.shard);
    this.#end?.(end);
  }

  /** A block is durable: what waited for it leaves. */
  stored(block: Gathering, sealed: SealedBlock): void {
    const { bus, outbox, witnesses, shard, signer, log } = this.#options;
    this.#ownedAtMs = performance.now();
    this.#recorded.keep(block.seq, { events: block.events, hash: sealed.hash });
    for (const answer of block.releases.answers) answer(sealed.hash);
    if (bus.isConnected()) {
      for (const notice of block.releases.notices) tell(bus, notice.subject, notice);
    }
    outbox.add(block.releases.emergencies);
    if (this.#space.append(sealed.bytes.byteLength)) {
      log.error({ shard, permille: this.#space.permille }, 'the log is three quarters full');
    }
    const { blockNo, blockAtMs } = this.#line.chain;
    const mark = { shard, seq: block.seq, no: blockNo, hash: sealed.hash, atMs: blockAtMs };
    witnesses.note(shard, () => signHead(mark, signer));
  }

  #answersTo(read: ReadMessage): (Answer | Promise<Answer>)[] {
    const { shard, shards } = this.#options;
    if (shardOf(read.team, shards) !== shard) {
      const message = `${read.team} belongs to shard ${shardOf(read.team, shards)}, this is ${shard}`;
      return read.commands.map(() => refuse('wrong_shard', message));
    }
    return read.commands.map((parsed) =>
      isRefusal(parsed) ? parsed : this.#deciding.answerTo(parsed, read.team, read.agent),
    );
  }

  /** Answers when all that the answers looked at is durable. */
  #release(message: Message, read: ReadMessage, answers: Answer[]): void {
    const barrier = this.#line.newest;
    if (barrier !== undefined) {
      barrier.releases.answers.push((hash) =>
        this.#respond(message, read, answers, hash, barrier.seq),
      );
      barrier.releases.failures.push(() => {
        this.#respond(message, read, answers.map(withdrawn));
      });
    } else if (performance.now() - this.#ownedAtMs < OWNERSHIP_MS) {
      this.#respond(message, read, answers);
    } else {
      this.#confirmOwnership().then(
        (isOwner) => {
          if (isOwner) this.#respond(message, read, answers);
        },
        () => {},
      );
    }
  }

  /** Whether nobody has claimed the shard since; a paused process learns here that it is late. */
  #confirmOwnership(): Promise<boolean> {
    const { ledger, shard, claim } = this.#options;
    this.#confirming ??= ledger
      .lastEpoch(shard)
      .then((epoch) => {
        if (epoch?.seq === claim.epochSeq) {
          this.#ownedAtMs = performance.now();
          return true;
        }
        this.finish({ kind: 'fenced' });
        return false;
      })
      .finally(() => {
        this.#confirming = undefined;
      });
    return this.#confirming;
  }

  #respond(
    message: Message,
    read: ReadMessage,
    answers: readonly Answer[],
    hash?: Uint8Array,
    seq?: number,
  ): void {
    const { shard, bus } = this.#options;
    if (!bus.isConnected()) return;
    const evidence: Partial<Evidence> =
      hash === undefined
        ? {}
        : {
            shard,
            ...(seq === undefined ? {} : { seq }),
            hash: Buffer.from(hash).toString('base64url'),
          };
    const type = read.isJson ? JSON_TYPE : MSGPACK;
    const [first] = answers;
    const reply = read.isBatch
      ? { outcome: 'batch', answers, evidence }
      : first?.evidence === undefined
        ? first
        : { ...first, evidence: { ...first.evidence, hash: evidence.hash } };
    message.respond(encodeReply(reply, read.isJson), type);
  }

  /** An invariant has failed: the memory is not trusted, and the team is frozen for inspection. */
  #break(team: string | undefined, error: unknown): void {
    const { broken, log, shard } = this.#options;
    log.fatal({ err: error, shard, team }, 'an invariant failed; the team is frozen');
    if (team !== undefined) broken.set(team, (error as Error).message);
    this.finish({ kind: 'broken', error });
  }

  #recordedEmergencies(): Map<string, Emergency[]> {
    const byTeam = new Map<string, Emergency[]>();
    for (const team of this.#state.teams()) {
      if (team.emergencies.length === 0) continue;
      const uncommitted = this.#line.newest?.seq ?? Number.POSITIVE_INFINITY;
      const durable = team.emergencies.filter(({ at }) => at.seq < uncommitted);
      const told = durable.map(({ event, at }) => emergencyOf(event, this.#options.shard, at));
      if (told.length > 0) byTeam.set(team.name, told);
    }
    return byTeam;
  }
}

/** Publishes in JSON: whoever subscribes by hand reads it as it is. */
function tell(bus: Bus, subject: string, payload: object): void {
  bus.publish(subject, new TextEncoder().encode(JSON.stringify(payload)), JSON_TYPE);
}

/** Refusals stand without the log; anything else was not stored and must be asked again. */
function withdrawn(answer: Answer): Answer {
  if (answer.outcome === 'refused') return answer;
  return refuse('unavailable', 'the decision could not be stored; send again with the same id');
}
