import { type Block, decodeBlock, NO_HASH, writtenSeq } from './block.ts';
import { isSignedBy } from './envelope.ts';
import { decodeEpoch, type Epoch, isKeyTrusted } from './epoch.ts';
import { FINDINGS_MAX, type Finding, type FindingKind, finding } from './findings.ts';
import type { StoredMessage } from './ledger.ts';
import { SignatureDomain, sameBytes, toHex } from './signing.ts';

interface KnownEpoch {
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly generation: number;
}

interface KnownBlock {
  readonly seq: number;
  readonly no: number;
  readonly hash: Uint8Array;
  readonly atMs: number;
  readonly epoch: number;
}

/** A mark in the log that must be met: see `expectBlock`. */
interface ExpectedBlock {
  readonly no: number;
  readonly hash: Uint8Array;
}

/**
 * Goes through the messages of one shard and writes down all that is wrong, going on after each
 * fault. What is believed is decided by signatures alone; a genuine block then says itself where it
 * was written, after which block and under which epoch, so one removed message is one finding and
 * not a thousand.
 */
export class LogAuditor {
  readonly findings: Finding[] = [];
  findingsLeftOut = 0;
  messages = 0;
  blocks = 0;
  epochs = 0;
  events = 0;
  /** Sequence of the last message, genuine or not. */
  lastSeq = 0;

  readonly #shard: number;
  readonly #pinnedKeys: readonly Uint8Array[];
  readonly #parseEvent: (value: unknown, index: number) => unknown;
  readonly #epochsBySeq = new Map<number, KnownEpoch>();
  readonly #expected: ExpectedBlock[] = [];
  #epoch: KnownEpoch | undefined;
  #block: KnownBlock = { seq: 0, no: 0, hash: NO_HASH, atMs: 0, epoch: 0 };
  /** How far before their written place the genuine messages stand. */
  #shift = 0;
  /** Messages since the last genuine block that are missing or not genuine. */
  #lostSinceBlock = 0;
  /** Messages since the last genuine epoch that claim to be one and are not genuine. */
  #lostEpochs = 0;

  constructor(
    shard: number,
    pinnedKeys: readonly Uint8Array[],
    parseEvent: (value: unknown, index: number) => unknown,
  ) {
    this.#shard = shard;
    this.#pinnedKeys = pinnedKeys;
    this.#parseEvent = parseEvent;
  }

  /** The last genuine block; number 0 if there is none. */
  get head(): Pick<KnownBlock, 'seq' | 'no' | 'hash'> {
    return this.#block;
  }

  /** The genuine epochs, oldest first. */
  get keys(): readonly Pick<KnownEpoch, 'seq' | 'publicKey'>[] {
    return [...this.#epochsBySeq.values()];
  }

  /** Asks that the block of that number, when it comes, has that hash. */
  expectBlock(block: ExpectedBlock): void {
    this.#expected.push(block);
  }

  isTrustedKey(publicKey: Uint8Array): boolean {
    const known = [...this.#pinnedKeys, ...this.keys.map((epoch) => epoch.publicKey)];
    return known.some((key) => sameBytes(key, publicKey));
  }

  add(message: StoredMessage): void {
    this.messages += 1;
    this.expectEnd(message.seq - 1);
    if (message.seq <= this.lastSeq) {
      this.note(message.seq, 'out_of_order', `sequence ${message.seq} came again`);
    }
    this.lastSeq = message.seq;
    if (message.kind === 'epoch') this.#addEpoch(message);
    else this.#addBlock(message);
  }

  /** Says that the log reaches to `lastSeq`, whatever was read. */
  expectEnd(lastSeq: number): void {
    const missing = lastSeq - this.lastSeq;
    if (missing <= 0) return;
    const which =
      missing === 1 ? `sequence ${lastSeq}` : `sequences ${this.lastSeq + 1} to ${lastSeq}`;
    this.note(this.lastSeq + 1, 'missing_sequence', `${which} cannot be read`);
    this.#lostSinceBlock += missing;
    this.lastSeq = lastSeq;
  }

  note(seq: number, kind: FindingKind, detail: string): void {
    if (this.findings.length < FINDINGS_MAX) {
      this.findings.push(finding(this.#shard, seq, kind, detail));
    } else {
      this.findingsLeftOut += 1;
    }
  }

  #refuse(seq: number, kind: FindingKind, detail: string): void {
    this.note(seq, kind, detail);
    this.#lostSinceBlock += 1;
  }

  #addEpoch({ seq, bytes }: StoredMessage): void {
    this.epochs += 1;
    const epoch = this.#decode(seq, () => decodeEpoch(bytes));
    if (epoch === undefined || !this.#isGenuineEpoch(epoch, seq)) {
      this.#lostEpochs += 1;
      return;
    }
    this.#checkEpochLinks(epoch, seq);
    const { hash, publicKey, generation } = epoch;
    this.#epoch = { seq: seq + this.#shift, hash, publicKey, generation };
    this.#epochsBySeq.set(this.#epoch.seq, this.#epoch);
  }

  #isGenuineEpoch(epoch: Epoch, seq: number): boolean {
    const last = this.#epoch;
    if (epoch.shard !== this.#shard) {
      this.#refuse(seq, 'wrong_shard', `it belongs to shard ${epoch.shard}`);
    } else if (!isKeyTrusted(epoch, last?.publicKey, this.#pinnedKeys)) {
      const key = toHex(epoch.publicKey);
      this.#refuse(seq, 'untrusted_key', `owner ${epoch.owner} came with the key ${key}`);
    } else if (!isSignedBy(epoch, SignatureDomain.epoch, epoch.publicKey)) {
      this.#refuse(seq, 'bad_signature', 'the epoch message is not signed with its key');
    } else if (last !== undefined && epoch.generation !== last.generation) {
      const detail = `generation ${epoch.generation}, not ${last.generation}`;
      this.#refuse(seq, 'wrong_generation', detail);
    } else {
      return true;
    }
    return false;
  }

  #checkEpochLinks(epoch: Epoch, seq: number): void {
    this.#checkPrevious(epoch, seq);
    const { head } = epoch;
    const lost = (head?.no ?? 0) - this.#block.no;
    const isAnother = head !== null && lost === 0 && !isSame(head, this.#block);
    if ((lost <= 0 && !isAnother) || this.#lostSinceBlock > 0) return;
    this.note(seq, 'missing_block', `its owner had seen block ${head?.no} at ${head?.seq}`);
    this.#lostSinceBlock += Math.max(lost, 1);
  }

  /** The epoch before it, known by its hash when messages before that one were removed. */
  #checkPrevious({ previous, hash }: Epoch, seq: number): void {
    const last = this.#epoch;
    if (last === undefined && previous === null) return;
    if ([...this.#epochsBySeq.values()].some((known) => sameBytes(known.hash, hash))) {
      this.note(seq, 'out_of_order', 'an old epoch message was sent again');
    } else if (previous === null && this.#lostEpochs > 0) {
      // Its owner found a forged message where the epoch before it should have been.
    } else if (previous === null || last === undefined || !sameBytes(previous.hash, last.hash)) {
      this.note(seq, 'missing_epoch', `it follows an epoch at ${previous?.seq ?? 0}`);
    } else if (previous.seq !== last.seq) {
      if (this.#lostSinceBlock === 0) {
        this.note(seq, 'moved', `the epoch before it was written at sequence ${previous.seq}`);
      }
      this.#shift += previous.seq - last.seq;
      this.#moveEpoch(last, previous.seq);
    }
    this.#lostEpochs = 0;
  }

  #moveEpoch(epoch: KnownEpoch, writtenSeq: number): void {
    this.#epochsBySeq.delete(epoch.seq);
    this.#epoch = { ...epoch, seq: writtenSeq };
    this.#epochsBySeq.set(writtenSeq, this.#epoch);
  }

  #addBlock({ seq, bytes }: StoredMessage): void {
    this.blocks += 1;
    const block = this.#decode(seq, () => decodeBlock(bytes, (value) => value));
    if (block === undefined) return;
    this.events += block.events.length;
    if (block.shard !== this.#shard)
      return this.#refuse(seq, 'wrong_shard', `it belongs to shard ${block.shard}`);
    if (!this.#isGenuine(block, seq)) return;
    if (block.no <= this.#block.no) {
      const detail = `block ${block.no} stands behind block ${this.#block.no}`;
      return this.#refuse(seq, 'out_of_order', detail);
    }
    this.#checkChain(block, seq);
    this.#checkExpected(block, seq);
    this.#parseEvents(block, seq);
    this.#lostSinceBlock = 0;
    this.#block = { ...block, seq: writtenSeq(block) };
  }

  /** By signature, and by having been written under the epoch that was in force. */
  #isGenuine(block: Block<unknown>, seq: number): boolean {
    const epoch = this.#epochOf(block);
    const keys = (epoch === undefined ? this.keys : [epoch]).map((known) => known.publicKey);
    const signer = keys.find((key) => isSignedBy(block, SignatureDomain.block, key));
    if (signer === undefined) {
      const detail = `block ${block.no} is not signed by the owner of epoch ${block.epoch}`;
      this.#refuse(seq, 'bad_signature', detail);
      return false;
    }
    if (this.#epoch !== undefined && block.epoch < this.#epoch.seq) {
      const detail = `block ${block.no} is of epoch ${block.epoch}, in force is ${this.#epoch.seq}`;
      this.#refuse(seq, 'stale_epoch', detail);
      return false;
    }
    if (epoch === undefined) {
      this.note(seq, 'missing_epoch', `block ${block.no} names an epoch at ${block.epoch}`);
      this.#assumeEpoch(block, signer);
    }
    return true;
  }

  /** The epoch that a block names; found by its hash when messages before it were removed. */
  #epochOf(block: Block<unknown>): KnownEpoch | undefined {
    const { claim } = block;
    const latest = this.#epoch;
    if (claim !== undefined && latest !== undefined && sameBytes(claim.hash, latest.hash)) {
      this.#moveEpoch(latest, claim.seq);
    }
    return this.#epochsBySeq.get(block.epoch);
  }

  /** Stands in for an epoch message that is gone, so that it is missed once and not by each block. */
  #assumeEpoch(block: Block<unknown>, publicKey: Uint8Array): void {
    const generation = this.#epoch?.generation ?? 1;
    const hash = block.claim?.hash ?? NO_HASH;
    this.#epoch = { seq: block.epoch, hash, publicKey, generation };
    this.#epochsBySeq.set(block.epoch, this.#epoch);
  }

  #checkChain(block: Block<unknown>, seq: number): void {
    const last = this.#block;
    const missing = block.no - last.no - 1;
    const isExplained = this.#lostSinceBlock > 0 && missing <= this.#lostSinceBlock;
    const shift = writtenSeq(block) - seq;
    if (missing > 0) {
      const which =
        missing === 1 ? `block ${block.no - 1}` : `blocks ${last.no + 1} to ${block.no - 1}`;
      if (!isExplained) this.note(seq, 'missing_block', `${which} should stand before it`);
    } else if (block.prevSeq !== last.seq || !sameBytes(block.prevHash, last.hash)) {
      this.note(seq, 'broken_chain', `it was written after another block ${last.no}`);
    } else if (shift !== this.#shift && this.#lostSinceBlock === 0) {
      this.note(seq, 'moved', `it was written at sequence ${writtenSeq(block)}`);
    }
    this.#shift = shift;
    if (missing === 0) this.#checkClaim(block, seq);
    if (block.atMs < last.atMs) {
      this.note(seq, 'time_went_back', `${block.atMs} ms after ${last.atMs} ms`);
    }
  }

  #checkClaim(block: Block<unknown>, seq: number): void {
    const epoch = this.#epochsBySeq.get(block.epoch);
    const isFirst = block.epoch !== this.#block.epoch;
    if (epoch === undefined || this.#lostSinceBlock > 0) return;
    const isClaimed = block.claim !== undefined && isSame(block.claim, epoch);
    if (isFirst !== (block.claim !== undefined) || (isFirst && !isClaimed)) {
      this.note(seq, 'broken_chain', `it does not name the epoch message at ${epoch.seq} rightly`);
    }
  }

  #checkExpected(block: Block<unknown>, seq: number): void {
    for (const expected of this.#expected) {
      if (expected.no !== block.no || sameBytes(expected.hash, block.hash)) continue;
      this.note(seq, 'witness_mismatch', `a witness saw another block ${block.no}`);
    }
  }

  #parseEvents(block: Block<unknown>, seq: number): void {
    for (const [index, event] of block.events.entries()) {
      try {
        this.#parseEvent(event, index);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.note(seq, 'bad_event', `event ${index} of block ${block.no}: ${reason}`);
      }
    }
  }

  #decode<Decoded>(seq: number, read: () => Decoded): Decoded | undefined {
    try {
      return read();
    } catch (error) {
      this.#refuse(seq, 'undecodable', error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}

function isSame(
  left: { readonly seq: number; readonly hash: Uint8Array },
  right: { readonly seq: number; readonly hash: Uint8Array },
): boolean {
  return left.seq === right.seq && sameBytes(left.hash, right.hash);
}
