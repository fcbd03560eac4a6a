import { strict as assert } from 'node:assert';
import type { Position } from '../actors/team.ts';
import { BlockTooLargeError, blockMessageId, type SealedBlock } from '../events/block.ts';
import { afterBlock, type ChainPosition } from '../events/chain.ts';
import type { BursarEvent } from '../events/events.ts';
import type { AppendOutcome, Ledger, ShardClaim } from '../events/ledger.ts';
import type { Signer } from '../events/signing.ts';
import type { Host } from '../host/host.ts';
import { Gathering } from './gathering.ts';

export interface BlockLineOptions {
  readonly host: Host;
  /** Blocks that may wait behind the one in flight before it is crowded. */
  readonly lengthMax: number;
  readonly ledger: Ledger;
  readonly claim: ShardClaim;
  readonly signer: Signer;
  /** Where the log stands after the replay. */
  readonly chain: ChainPosition;
  /**
   * A block is durable: now what waited for it may leave. It left the process at `sentAtMs`, by
   * the steady clock. Must not throw.
   */
  readonly onStored: (block: Gathering, sealed: SealedBlock, sentAtMs: number) => void;
  /**
   * A block could not be stored: the shard's memory is worth nothing any more. Must not throw, and
   * must `abandon` what is left.
   */
  readonly onLost: (outcome: AppendOutcome) => void;
}

/**
 * Group commit. One block is in flight; the next gathers meanwhile. The sequence of each is known
 * before it is sent, because nobody else can append: if somebody does, everything is thrown away.
 */
export class BlockLine {
  readonly #options: BlockLineOptions;
  /** In order: the one in flight first, the gathering one last. */
  #line: Gathering[];
  #chain: ChainPosition;
  #isCommitting = false;
  #isScheduled = false;
  #isLost = false;

  constructor(options: BlockLineOptions) {
    this.#options = options;
    this.#chain = options.chain;
    this.#line = [new Gathering(options.chain.seq + 1)];
  }

  get chain(): ChainPosition {
    return this.#chain;
  }

  /** Whether so much waits that new work should not be taken. */
  get isCrowded(): boolean {
    return this.#line.length > this.#options.lengthMax;
  }

  /** The newest block that holds anything, in flight or gathering; undefined: all is durable. */
  get newest(): Gathering | undefined {
    const last = this.#gathering;
    if (!last.isEmpty) return last;
    return this.#line.length > 1 ? this.#line[this.#line.length - 2] : undefined;
  }

  /** An uncommitted block by its sequence. */
  uncommitted(seq: number): Gathering | undefined {
    return this.#line.find((block) => block.seq === seq && !block.isEmpty);
  }

  /** Where the next event will stand. Called once before each decision: it may begin a block. */
  begin(): Position {
    if (this.#gathering.isNearlyFull) this.#startNext();
    return this.next;
  }

  get next(): Position {
    const gathering = this.#gathering;
    return { seq: gathering.seq, index: gathering.events.length };
  }

  /** Puts an event into the gathering block. */
  record(event: BursarEvent): Gathering {
    const gathering = this.#gathering;
    if (!gathering.add(event)) throw new BlockTooLargeError(gathering.events.length + 1);
    this.#schedule();
    return gathering;
  }

  /** Resolves when nothing waits to be stored any more, or all is lost. Nothing may be added. */
  async drained(): Promise<void> {
    while (!this.#isLost && this.newest !== undefined) await this.#options.host.pause(1);
  }

  /** Resolves when nothing is on its way to the log any more, whatever has become of it. */
  async settled(): Promise<void> {
    while (this.#isCommitting) await this.#options.host.pause(1);
  }

  /** Gives up what is not durable; what waits for it is called back with `lost`. */
  abandon(): void {
    this.#isLost = true;
    const line = this.#line;
    this.#line = [new Gathering(this.#chain.seq + 1)];
    for (const block of line) for (const release of block.releases.answers) release('lost');
  }

  get #gathering(): Gathering {
    const last = this.#line[this.#line.length - 1];
    assert(last !== undefined, 'there is always a gathering block');
    return last;
  }

  #startNext(): void {
    this.#line.push(new Gathering(this.#gathering.seq + 1));
  }

  /** Commits at the end of this turn, so that all that arrived together goes together. */
  #schedule(): void {
    if (this.#isCommitting || this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (!this.#isCommitting) void this.#commitAll();
    });
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true;
    try {
      for (;;) {
        const block = this.#line[0];
        if (this.#isLost || block === undefined || block.isEmpty) return;
        if (this.#line.length === 1) this.#startNext();
        if (!(await this.#commit(block))) return;
      }
    } finally {
      this.#isCommitting = false;
    }
  }

  async #commit(block: Gathering): Promise<boolean> {
    const sentAtMs = this.#options.host.steadyMs();
    let outcome: AppendOutcome;
    try {
      const { ledger, claim, signer } = this.#options;
      const place = this.#placeOf(block);
      const sealed = block.builder.seal(place, signer);
      const { bytes, hash } = sealed;
      const msgId = blockMessageId(place);
      outcome = await ledger.append(claim, { expectedSeq: this.#chain.seq, msgId, bytes });
      if (this.#isLost) return false;
      if (outcome.kind === 'stored' && outcome.seq === block.seq) {
        this.#chain = afterBlock(this.#chain, { ...place, hash }, block.seq);
        this.#line.shift();
        this.#options.onStored(block, sealed, sentAtMs);
        return true;
      }
    } catch (cause) {
      outcome = { kind: 'unknown', cause };
    }
    if (this.#isLost) return false;
    this.#isLost = true;
    this.#options.onLost(outcome);
    return false;
  }

  #placeOf(block: Gathering) {
    const { claim } = this.#options;
    const chain = this.#chain;
    const { epoch } = chain;
    assert(epoch !== undefined && epoch.seq === claim.epochSeq, 'the claim is the newest epoch');
    return {
      shard: claim.shard,
      epoch: claim.epochSeq,
      no: chain.blockNo + 1,
      prevSeq: chain.blockSeq,
      prevHash: chain.blockHash,
      atMs: Math.max(chain.blockAtMs, block.lastAtMs),
      ...(chain.claimIsOpen ? { claim: { seq: epoch.seq, hash: epoch.hash } } : {}),
    };
  }
}
