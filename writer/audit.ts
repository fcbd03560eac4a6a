import type { Logger } from 'pino';
import { InvariantError } from '../actors/checks/invariant-error.ts';
import type { Position } from '../actors/team.ts';
import { decodeBlock } from '../events/block.ts';
import { type ChainPosition, chainStart } from '../events/chain.ts';
import { type FollowedMessage, followLog } from '../events/follow-log.ts';
import type { Ledger, StoredMessage } from '../events/ledger.ts';
import type { AuditProgress } from '../events/owner-presence.ts';
import { sameBytes } from '../events/signing.ts';
import { readEvent } from '../events/upcast.ts';
import type { Host } from '../host/host.ts';
import type { NodeBooks } from '../projections/books.ts';
import { AuditFold } from './audit-fold.ts';
import { compareNode, compareNodeCount } from './audit-nodes.ts';
import { AnsweredSettles } from './audit-settles.ts';
import { checkShardSize, checkTeamSize } from './audit-sizes.ts';
import type { AuditSlice, AuditTurns } from './audit-turns.ts';
import type { BlockLine } from './block-line.ts';
import type { ShardState } from './shard-state.ts';

export interface ShardAuditParts {
  readonly host: Host;
  readonly shard: number;
  readonly ledger: Ledger;
  readonly turns: AuditTurns;
  readonly state: ShardState;
  readonly line: BlockLine;
  /** Raw public key of the shard's owners. */
  readonly trustedKey: Uint8Array;
  /** Whether a team has failed already: it is frozen, and told of once. */
  readonly isBroken: (team: string) => boolean;
  /** Something does not hold. Of a team, or, without one, of the whole log. Must not throw. */
  readonly onBreach: (error: Error, team: string | undefined) => void;
  readonly log: Logger;
}

/** Messages read in one go: bounds what lies in memory to sixteen blocks. */
const MESSAGES_AT_ONCE = 16;
const RETRY_MS = 1_000;

/**
 * What holds of the log as a whole, looked at while a shard is served: it reads the log from the
 * first message, then follows it, in slices of a millisecond when the process has nothing else to
 * do. INV-11: one chain, of which an independent fold makes what is in memory. INV-12: what was
 * answered is in it. INV-5, INV-15, INV-16 on the way. Keeps a second copy of the books in memory.
 */
export class ShardAudit {
  readonly settles = new AnsweredSettles();
  readonly #parts: ShardAuditParts;
  readonly #fold = new AuditFold();
  readonly #ending = new AbortController();
  #chain: ChainPosition;
  #events = 0;
  #comparedSeq = 0;
  #comparedAtMs = Number.NEGATIVE_INFINITY;
  #wake: () => void = () => {};
  /** Teams of which events were left out, because they had failed. */
  readonly #leftOut = new Set<string>();
  /** Of teams that failed before this shard was taken over: somebody may have looked at it since. */
  readonly #failedBefore = new Map<string, Error>();
  readonly #tookOverSeq: number;
  /** The nodes that a comparison has still to look at. */
  #pass:
    | { readonly fromSeq: number; readonly nodes: Iterator<readonly [string, NodeBooks]> }
    | undefined;

  constructor(parts: ShardAuditParts) {
    this.#parts = parts;
    this.#chain = chainStart(parts.shard);
    this.#tookOverSeq = parts.line.chain.seq;
  }

  progress(): AuditProgress {
    const { foundCount: found, leftOutCount: leftOut, size: waiting } = this.settles;
    return {
      seq: this.#chain.seq,
      behind: this.#parts.line.chain.seq - this.#chain.seq,
      comparedSeq: this.#comparedSeq,
      events: this.#events,
      settles: { found, waiting, leftOut },
    };
  }

  start(): void {
    void this.#run();
  }

  /** A block has become durable. */
  noteStored(): void {
    this.#wake();
  }

  stop(): void {
    this.#ending.abort();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const { host, shard, log } = this.#parts;
    while (!signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        if (signal.aborted) return;
        if ((error as { retryable?: unknown }).retryable === true) {
          log.warn({ err: error, shard }, 'the audit cannot read the log; trying again');
          await host.pause(RETRY_MS, signal);
        } else if (!this.#tell(error as Error)) return;
      }
    }
  }

  /** Reads what is new, or compares, or waits for something new. */
  async #step(): Promise<void> {
    const { line } = this.#parts;
    if (this.#chain.seq < line.chain.seq) return this.#read(line.chain.seq);
    const passedSeq = this.settles.passed(this.#chain.seq);
    if (passedSeq !== undefined) return this.#lookAgain(passedSeq);
    if (this.#comparedSeq < this.#chain.seq) return this.#compare();
    await this.#untilStored();
  }

  /** Resolves when a block has become durable, or the audit is to end. */
  async #untilStored(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      const isOver = this.#ending.signal.aborted;
      if (isOver || this.#chain.seq < this.#parts.line.chain.seq) resolve();
    });
  }

  async #read(headSeq: number): Promise<void> {
    const { ledger, shard, trustedKey, turns } = this.#parts;
    const toSeq = Math.min(headSeq, this.#chain.seq + MESSAGES_AT_ONCE);
    const messages: StoredMessage[] = [];
    for await (const message of ledger.read(shard, this.#chain.seq + 1, toSeq)) {
      if (this.#ending.signal.aborted) return;
      messages.push(message);
    }
    const slice = await turns.begin(this.#ending.signal);
    try {
      const followed = followLog(oneByOne(messages), {
        from: this.#chain,
        pinnedKeys: [trustedKey],
        parseEvent: (raw) => raw,
      });
      for await (const one of followed) {
        if (this.#ending.signal.aborted) return;
        await this.#take(one, slice);
      }
    } finally {
      slice.end();
    }
  }

  /** Takes a message in, giving way as often as it needs. */
  async #take(followed: FollowedMessage<unknown>, slice: AuditSlice): Promise<void> {
    const { seq } = followed.message;
    const events = followed.kind === 'block' ? followed.block.events : [];
    for (const [index, raw] of events.entries()) {
      if (slice.isOver()) await slice.giveWay();
      this.#takeEvent(raw, { seq, index });
    }
    this.#chain = followed.position;
    if (seq >= this.#tookOverSeq) this.#tellFailedBefore();
    this.#guard(() => this.settles.check(seq, events));
    if (slice.isOver()) await slice.giveWay();
  }

  #takeEvent(raw: unknown, at: Position): void {
    const event = readEvent(raw);
    this.#events += 1;
    if (event.type === 'Unfrozen' && event.path === event.team) {
      this.#failedBefore.delete(event.team);
    }
    if (!this.#isLeftOut(event.team)) this.#guard(() => this.#fold.take(event, at));
  }

  /** Settles that were answered after the audit had passed their message: it is read once more. */
  async #lookAgain(seq: number): Promise<void> {
    const { ledger, shard, turns } = this.#parts;
    const message = await ledger.get(shard, seq);
    const slice = await turns.begin(this.#ending.signal);
    try {
      const isBlock = message?.kind === 'block';
      const events = isBlock ? decodeBlock(message.bytes, (raw) => raw).events : [];
      this.#guard(() => this.settles.check(seq, events));
    } finally {
      slice.end();
    }
  }

  /** Holds nodes against the live state as long as both stand at the same place. */
  async #compare(): Promise<void> {
    const { host, turns, line, state, shard } = this.#parts;
    const { signal } = this.#ending;
    const waitMs = this.#comparedAtMs + turns.pace.compareEveryMs - host.steadyMs();
    if (this.#pass === undefined && waitMs > 0) await host.pause(waitMs, signal);
    const slice = await turns.begin(signal);
    let isMoving = false;
    try {
      for (;;) {
        // What is decided and not durable is in memory and not in the log.
        if (signal.aborted || line.chain.seq !== this.#chain.seq) return;
        if (line.newest !== undefined) {
          isMoving = true;
          return;
        }
        this.#checkHead();
        this.#pass ??= { fromSeq: this.#chain.seq, nodes: this.#nodes() };
        const { value: next } = this.#pass.nodes.next();
        if (next === undefined) break;
        const [team, books] = next;
        const node = state.find(team)?.nodes.get(books.path);
        const at = { seq: this.#chain.seq, index: 0 };
        if (!this.#isLeftOut(team)) this.#guard(() => compareNode(team, node, books, at));
        if (slice.isOver()) return;
      }
      this.#guard(() => checkShardSize(state, nameOfShard(shard)));
      this.#comparedSeq = this.#pass.fromSeq;
      this.#comparedAtMs = host.steadyMs();
      this.#pass = undefined;
    } finally {
      slice.end();
      if (isMoving) await this.#untilStored();
    }
  }

  /** Every open node that the log makes; before them, whether memory has others, and its sizes. */
  *#nodes(): Generator<readonly [string, NodeBooks]> {
    for (const team of this.#parts.state.teams()) {
      if (this.#isLeftOut(team.name)) continue;
      const at = { seq: this.#chain.seq, index: 0 };
      const count = this.#fold.booksOf(team.name)?.nodes.size ?? 0;
      this.#guard(() => compareNodeCount(team, count, at));
      this.#guard(() => checkTeamSize(team));
    }
    for (const [name, books] of this.#fold.teams()) {
      for (const node of books.nodes.values()) yield [name, node];
    }
  }

  /** The newest block in the log is the one that this process wrote. */
  #checkHead(): void {
    const { line, shard } = this.#parts;
    if (sameBytes(line.chain.blockHash, this.#chain.blockHash)) return;
    const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex').slice(0, 16);
    throw new InvariantError({
      invariant: 'INV-11',
      team: nameOfShard(shard),
      path: nameOfShard(shard),
      what: `the hash of block ${line.chain.blockNo} in the log`,
      expected: hex(line.chain.blockHash),
      found: hex(this.#chain.blockHash),
      at: { seq: this.#chain.seq, index: 0 },
    });
  }

  /** A team that has failed stays out for as long as this audit lives: it has no books of it. */
  #isLeftOut(team: string): boolean {
    if (this.#parts.isBroken(team)) this.#leftOut.add(team);
    return this.#leftOut.has(team);
  }

  /** What fails of a team is told, once, and the audit goes on with the others. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!this.#tell(error as Error)) throw error;
    }
  }

  /** Whether the audit can go on: what concerns one team alone has been told. */
  #tell(error: Error): boolean {
    const { isBroken, onBreach, shard, log } = this.#parts;
    const named = error instanceof InvariantError ? error.breach.team : undefined;
    const team = named === nameOfShard(shard) ? undefined : named;
    if (team !== undefined && this.#chain.seq < this.#tookOverSeq) {
      this.#leftOut.add(team);
      this.#failedBefore.set(team, error);
    } else if (isFailureOfItsOwn(error)) {
      log.error({ err: error, shard }, 'the audit has failed and ends; the shard goes on');
    } else if (team === undefined || !isBroken(team)) {
      onBreach(error, team);
    }
    return team !== undefined;
  }

  /** What failed before the take-over, and no operator has looked at, is told now. */
  #tellFailedBefore(): void {
    for (const [team, error] of this.#failedBefore) {
      this.#failedBefore.delete(team);
      this.#tell(error);
      this.#leftOut.add(team);
    }
  }
}

/** What has no code is no error of ours: it says nothing of the log or the books. */
function isFailureOfItsOwn(error: Error): boolean {
  return !(error instanceof InvariantError) && !('code' in error);
}

/** Stands where a team would where it is about a whole shard; no team can be called that. */
function nameOfShard(shard: number): string {
  return `shard ${shard}`;
}

async function* oneByOne(messages: readonly StoredMessage[]): AsyncGenerator<StoredMessage> {
  yield* messages;
}
