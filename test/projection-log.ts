import { blockMessageId, encodeBlock, NO_HASH } from '../events/block.ts';
import { claimShard } from '../events/claim-shard.ts';
import { decodeEpoch } from '../events/epoch.ts';
import type { BursarEvent } from '../events/events.ts';
import type { Ledger, ShardClaim } from '../events/ledger.ts';
import { createSigner, generateSigningKeyPem, type Signer } from '../events/signing.ts';
import type { Governor } from './projection-governor.ts';

/** The owner of every log that these tests write. */
export const signer: Signer = createSigner(generateSigningKeyPem());

let claims = 0;

/** Writes blocks of events into one shard, signed and chained as a writer does it. */
export class BlockWriter {
  readonly ledger: Ledger;
  readonly shard: number;
  readonly #signer: Signer;
  #claim: ShardClaim | undefined;
  #isFirstOfClaim = true;
  #claimHash: Uint8Array = NO_HASH;
  no = 0;
  blockSeq = 0;
  blockHash: Uint8Array = NO_HASH;
  seq = 0;

  constructor(ledger: Ledger, shard: number, by: Signer = signer) {
    this.ledger = ledger;
    this.shard = shard;
    this.#signer = by;
  }

  async claim(): Promise<void> {
    claims += 1;
    const nonce = `claim-${claims}`;
    const claimant = { owner: 'test', generation: 1, signer: this.#signer, nowMs: 1, nonce };
    this.#claim = await claimShard(this.ledger, this.shard, claimant);
    this.seq = this.#claim.epochSeq;
    this.#isFirstOfClaim = true;
    const message = await this.ledger.get(this.shard, this.seq);
    this.#claimHash = decodeEpoch(message?.bytes ?? new Uint8Array()).hash;
  }

  /** Appends one block; the events may be anything, to write what no writer would. */
  async write(events: readonly unknown[]): Promise<number> {
    const claim = this.#claim as ShardClaim;
    const newest = events.at(-1) as Partial<BursarEvent> | undefined;
    const place = {
      shard: this.shard,
      epoch: claim.epochSeq,
      no: this.no + 1,
      prevSeq: this.blockSeq,
      prevHash: this.blockHash,
      atMs: newest?.atMs ?? 0,
      ...(this.#isFirstOfClaim ? { claim: { seq: claim.epochSeq, hash: this.#claimHash } } : {}),
    };
    const { bytes, hash } = encodeBlock(place, events, this.#signer);
    const msgId = blockMessageId(place);
    const outcome = await this.ledger.append(claim, { expectedSeq: this.seq, msgId, bytes });
    if (outcome.kind !== 'stored') throw new Error(`append: ${outcome.kind}`);
    this.#isFirstOfClaim = false;
    this.no += 1;
    this.seq = outcome.seq;
    this.blockSeq = outcome.seq;
    this.blockHash = hash;
    return outcome.seq;
  }

  /** Appends what a governor has recorded since the block `fromSeq` of its own counting. */
  async writeGoverned(governor: Governor, fromSeq = 0): Promise<void> {
    let block: BursarEvent[] = [];
    let blockSeq = 0;
    for (const { event, at } of governor.recorded) {
      if (at.seq < fromSeq) continue;
      if (at.seq !== blockSeq && block.length > 0) {
        await this.write(block);
        block = [];
      }
      blockSeq = at.seq;
      block.push(event);
    }
    if (block.length > 0) await this.write(block);
  }
}
