import type { Logger } from 'pino';
import { InvariantError } from '../actors/checks/invariant-error.ts';
import { emergencyOf } from '../actors/emergencies/emergency.ts';
import type { Bus, Message } from '../bus/bus.ts';
import { JSON_TYPE } from '../bus/bus.ts';
import type { Answer, Emergency } from '../events/answers.ts';
import type { SealedBlock } from '../events/block.ts';
import type { AppendOutcome, Ledger, ShardClaim } from '../events/ledger.ts';
import type { AuditProgress } from '../events/owner-presence.ts';
import { refuse } from '../events/refusals.ts';
import { shardOf } from '../events/shard-of.ts';
import { signHead } from '../events/signed-head.ts';
import type { Signer } from '../events/signing.ts';
import { subjects } from '../events/subjects.ts';
import type { Host } from '../host/host.ts';
import { AnswerDesk } from './answer-desk.ts';
import { ShardAudit } from './audit.ts';
import type { AuditTurns } from './audit-turns.ts';
import { BlockLine } from './block-line.ts';
import type { BrokenTeams } from './broken-teams.ts';
import { WriterClock } from './clock.ts';
import { Deciding } from './deciding.ts';
import type { Gathering } from './gathering.ts';
import { LogSpace } from './log-space.ts';
import type { Outbox } from './outbox.ts';
import { Ownership } from './ownership.ts';
import { isRefusal, type ReadMessage, readMessage } from './read-message.ts';
import { RecordedEvents } from './recorded-events.ts';
import { type KnownHead, replayShard } from './replay-shard.ts';
import type { ShardSizes } from './shard-sizes.ts';
import { ShardState } from './shard-state.ts';
import type { WitnessBook } from './witness-book.ts';

export interface ShardOptions {
  readonly shard: number;
  /** How many shards there are. */
  readonly shards: number;
  readonly host: Host;
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly claim: ShardClaim;
  /** When the claim left, by the steady clock. */
  readonly claimSentAtMs: number;
  readonly signer: Signer;
  readonly outbox: Outbox;
  readonly witnesses: WitnessBook;
  readonly log: Logger;
  readonly sizes: ShardSizes;
  readonly knownHeads: readonly KnownHead[];
  readonly broken: BrokenTeams;
  /** When the audits of this process may work. */
  readonly turns: AuditTurns;
  /** Ends a replay early. */
  readonly signal: AbortSignal;
}

/** Why a shard stopped serving. */
export type ShardEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'lost'; readonly outcome: AppendOutcome }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'broken'; readonly error: unknown };

/** What a shard is made of once it has been replayed. */
interface ShardParts {
  readonly line: BlockLine;
  readonly deciding: Deciding;
  readonly recorded: RecordedEvents;
  readonly state: ShardState;
  readonly space: LogSpace;
  readonly audit: ShardAudit;
}

/**
 * One shard as its owner serves it: request → decision → durable → answer. Everything in memory is
 * a fold of the log; when a block does not become durable all of it is dropped with this object.
 */
export class Shard {
  readonly #options: ShardOptions;
  readonly #parts: ShardParts;
  readonly #ownership: Ownership;
  readonly #desk: AnswerDesk;
  readonly #endStatus: () => void;
  #resolveEnd: (end: ShardEnd) => void = () => {};
  #end: ShardEnd | undefined;
  #isStopping = false;
  readonly ended: Promise<ShardEnd>;

  /**
   * Replays a shard that has just been claimed. Serves when `handle` is first called.
   * @throws what replayShard throws, and LedgerUnavailableError
   */
  static async open(options: ShardOptions): Promise<Shard> {
    const { host, ledger, shard, claim, signer, log, signal, broken, sizes } = options;
    const state = new ShardState();
    const space = new LogSpace(await ledger.head(shard));
    const chain = await replayShard(state, {
      ledger,
      shard,
      toSeq: claim.epochSeq,
      trustedKey: signer.publicKey,
      knownHeads: options.knownHeads,
      onVoid: (message) =>
        log.error(message, 'a message in the log is no word of its owner; it is left out'),
      signal,
    });
    const clock = new WriterClock({
      host,
      notBeforeMs: Math.max(state.lastAtMs, chain.blockAtMs),
      onDivergence: (byMs) =>
        log.error({ byMs }, 'the clock was set; time goes on by the monotonic one'),
    });
    const recorded = new RecordedEvents(ledger, shard, sizes);
    let self: Shard | undefined;
    const line = new BlockLine({
      host,
      lengthMax: sizes.lineLengthMax,
      ledger,
      claim,
      signer,
      chain,
      onStored: (block, sealed, sentAtMs) => self?.stored(block, sealed, sentAtMs),
      onLost: (outcome) =>
        self?.finish(outcome.kind === 'fenced' ? { kind: 'fenced' } : { kind: 'lost', outcome }),
    });
    const deciding = new Deciding({ shard, state, line, host, clock, recorded, space, broken });
    const audit = new ShardAudit({
      host,
      shard,
      ledger,
      turns: options.turns,
      state,
      line,
      trustedKey: signer.publicKey,
      isBroken: (team) => broken.reasonOf(team) !== undefined,
      onBreach: (error, team) => self?.breach(error, team),
      log,
    });
    self = new Shard(options, { line, deciding, recorded, state, space, audit });
    options.outbox.catchUp(recordedEmergencies(state, shard));
    for (const err of state.breaches.values()) {
      log.fatal({ err, shard, ...err.breach }, 'what was recorded breaks an invariant');
    }
    self.#guard(() => deciding.takeOver(chain.blockNo > 0 ? chain.blockAtMs : undefined));
    audit.start();
    return self;
  }

  private constructor(options: ShardOptions, parts: ShardParts) {
    const { host, ledger, claim, claimSentAtMs, bus, log } = options;
    this.#options = options;
    this.#parts = parts;
    this.#ownership = new Ownership(host, ledger, claim, claimSentAtMs, () =>
      this.finish({ kind: 'fenced' }),
    );
    const { settles } = parts.audit;
    this.#desk = new AnswerDesk({ ...parts, ownership: this.#ownership, settles, log });
    this.#endStatus = bus.onStatus((status) => {
      if (status === 'disconnected') this.#ownership.doubt();
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
  }

  /** The last sequence that is durable. */
  get seq(): number {
    return this.#parts.line.chain.seq;
  }

  /** How far the background audit has come. */
  get audit(): AuditProgress {
    return this.#parts.audit.progress();
  }

  /** The newest block that is durable; undefined before the first. */
  get head(): KnownHead | undefined {
    const { blockSeq: seq, blockHash: hash } = this.#parts.line.chain;
    return seq === 0 ? undefined : { seq, hash };
  }

  /** Takes a request from the bus. Answers once what it saw and did is durable. Never throws. */
  handle(message: Message): void {
    this.#options.turns.noteWork();
    const read = this.#read(message);
    if (read === undefined) return;
    const answers = this.#isServing ? this.#answersTo(read) : undefined;
    if (answers === undefined) {
      this.#desk.withdraw(message, read);
    } else if (answers.some((answer) => answer instanceof Promise)) {
      void Promise.all(answers).then((all) => {
        if (this.#end === undefined) this.#desk.release(message, read, all);
        else this.#desk.withdraw(message, read);
      });
    } else {
      this.#desk.release(message, read, answers as Answer[]);
    }
  }

  /** Refuses a message without reading it: more has come than can be handled. Never throws. */
  turnAway(message: Message): void {
    this.#desk.turnAway(message);
  }

  /** Records what has fallen due. Called every few milliseconds. */
  tick(): void {
    if (this.#isServing) this.#guard(() => this.#parts.deciding.recordDue());
  }

  /**
   * Called once a second: makes sure of the ownership, looks how full the log is, and tells each
   * team with live allocations that its writer lives and how far the log is.
   */
  async beat(): Promise<void> {
    const { shard, bus, ledger, log } = this.#options;
    const { state, space } = this.#parts;
    if (!this.#isServing || !bus.isConnected()) return;
    try {
      if (!(await this.isOwner())) return;
      const { appendedBytes } = space;
      if (space.isEstimated) space.look(await ledger.head(shard), appendedBytes);
    } catch (err) {
      log.warn({ err, shard }, 'the log does not answer');
      return;
    }
    if (!this.#isServing) return;
    for (const team of state.teams()) {
      if (team.allocations.size === 0) continue;
      const subject = subjects.beat(team.name);
      const auditedSeq = this.audit.seq;
      this.#tell(subject, { subject, team: team.name, shard, seq: this.seq, auditedSeq });
    }
  }

  /**
   * Whether this process owns the shard, by a recent proof or a new one.
   * @throws LedgerUnavailableError
   */
  async isOwner(): Promise<boolean> {
    if (this.#end !== undefined) return false;
    return this.#ownership.isFresh || this.#ownership.confirm();
  }

  /** Takes nothing more, stores what is decided, remembers the head, and ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#parts.line.drained();
    this.finish({ kind: 'stopped' });
  }

  /** Resolves when nothing of an ended shard is on its way to the log any more. */
  settled(): Promise<void> {
    return this.#parts.line.settled();
  }

  /** Ends now; what is not durable is dropped, and whoever waits for it is told to send it again. */
  finish(end: ShardEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#endStatus();
    this.#parts.audit.stop();
    this.#parts.line.abandon();
    this.#options.witnesses.flush(this.#options.shard);
    this.#resolveEnd(end);
  }

  /** A block is durable: what waited for it leaves. Never throws. */
  stored(block: Gathering, sealed: SealedBlock, sentAtMs: number): void {
    const { outbox, witnesses, shard, signer, log } = this.#options;
    const { recorded, space, line, audit } = this.#parts;
    this.#ownership.proven(sentAtMs);
    recorded.keep(block.seq, block.events, sealed.hash);
    this.#desk.releaseAll(block);
    for (const notice of block.releases.notices) this.#tell(notice.subject, notice);
    outbox.add(block.releases.emergencies);
    if (space.append(sealed.bytes.byteLength)) {
      log.error({ shard, permille: space.permille }, 'the log is three quarters full');
    }
    const { blockNo, blockAtMs } = line.chain;
    audit.noteStored();
    const mark = { shard, seq: block.seq, no: blockNo, hash: sealed.hash, atMs: blockAtMs };
    witnesses.note(shard, () => signHead(mark, signer));
  }

  get #isServing(): boolean {
    return this.#end === undefined && !this.#isStopping;
  }

  /** Whatever a message holds, reading it must not end the process. */
  #read(message: Message): ReadMessage | undefined {
    try {
      return readMessage(message);
    } catch (err) {
      const { log, shard } = this.#options;
      log.error({ err, shard, subject: message.subject }, 'a message could not be read');
      return undefined;
    }
  }

  /** The answers in order; undefined when an invariant failed on the way. */
  #answersTo(read: ReadMessage): (Answer | Promise<Answer>)[] | undefined {
    const { shard, shards } = this.#options;
    const { team, agent, commands } = read;
    if (shardOf(team, shards) !== shard) {
      const message = `${team} belongs to shard ${shardOf(team, shards)}, this is ${shard}`;
      return commands.map(() => refuse('wrong_shard', message));
    }
    const answers: (Answer | Promise<Answer>)[] = [];
    this.#guard(() => {
      for (const parsed of commands) {
        const answer = isRefusal(parsed)
          ? parsed
          : this.#parts.deciding.answerTo(parsed, team, agent);
        answers.push(orUnavailable(answer));
      }
    });
    return this.#end === undefined ? answers : undefined;
  }

  /** An invariant that fails makes the memory worthless, and freezes the team for inspection. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.breach(error, this.#parts.deciding.teamAtWork);
    }
  }

  /**
   * Something that always holds does not. The shard ends and begins anew from its log, with the team
   * frozen; without a team it is the log itself, which the replay then refuses. Never throws.
   */
  breach(error: unknown, team: string | undefined): void {
    if (this.#end !== undefined) return;
    const { broken, log, shard } = this.#options;
    const breach = error instanceof InvariantError ? error.breach : undefined;
    const what = team === undefined ? 'the shard begins anew' : 'the team is frozen';
    log.fatal({ err: error, shard, team, ...breach }, `an invariant failed; ${what}`);
    if (team !== undefined) broken.note(team, error);
    this.finish({ kind: 'broken', error });
  }

  /** Publishes in JSON: whoever subscribes by hand reads it as it is. At most once. */
  #tell(subject: string, payload: object): void {
    const { bus, log } = this.#options;
    if (!bus.isConnected()) return;
    try {
      bus.publish(subject, new TextEncoder().encode(JSON.stringify(payload)), JSON_TYPE);
    } catch (err) {
      log.error({ err, subject }, 'a notice could not be sent');
    }
  }
}

/** What is recorded of emergencies, by team, in the order of the log. */
function recordedEmergencies(state: ShardState, shard: number): Map<string, Emergency[]> {
  const byTeam = new Map<string, Emergency[]>();
  for (const { name, emergencies } of state.teams()) {
    if (emergencies.length === 0) continue;
    byTeam.set(
      name,
      emergencies.map(({ event, at }) => emergencyOf(event, shard, at)),
    );
  }
  return byTeam;
}

/** A log that does not answer now is no reason to leave the other answers out. */
function orUnavailable(answer: Answer | Promise<Answer>): Answer | Promise<Answer> {
  if (!(answer instanceof Promise)) return answer;
  return answer.catch((error: Error) =>
    refuse('unavailable', `what was recorded could not be read: ${error.message}`),
  );
}
