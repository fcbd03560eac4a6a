import type { Block } from './block.ts';
import { NO_HASH } from './block.ts';
import { isSignedBy } from './envelope.ts';
import { type Epoch, isKeyTrusted } from './epoch.ts';
import { SignatureDomain, sameBytes } from './signing.ts';

/** Everything about the log so far that the next message is checked against. A plain value. */
export interface ChainPosition {
  readonly shard: number;
  /** Sequence of the last message of either kind; 0 before the first. */
  readonly seq: number;
  /** Number, sequence, hash and time of the last block; 0, 0, NO_HASH and 0 before the first. */
  readonly blockNo: number;
  readonly blockSeq: number;
  readonly blockHash: Uint8Array;
  readonly blockAtMs: number;
  /** The epoch in force; absent before the first claim. */
  readonly epoch?: {
    readonly seq: number;
    readonly hash: Uint8Array;
    readonly publicKey: Uint8Array;
    readonly generation: number;
  };
  /** True after an epoch message until the first block that names it. */
  readonly claimIsOpen: boolean;
}

/** What can be wrong with a message's place or author. */
export const ChainFaultKind = {
  missingSequence: 'missing_sequence',
  wrongShard: 'wrong_shard',
  wrongGeneration: 'wrong_generation',
  wrongEpoch: 'wrong_epoch',
  brokenChain: 'broken_chain',
  timeWentBack: 'time_went_back',
  untrustedKey: 'untrusted_key',
  badSignature: 'bad_signature',
} as const;
export type ChainFaultKind = (typeof ChainFaultKind)[keyof typeof ChainFaultKind];

export interface ChainFault {
  readonly kind: ChainFaultKind;
  readonly detail: string;
}

/** Before the first message of a shard. */
export function chainStart(shard: number): ChainPosition {
  return {
    shard,
    seq: 0,
    blockNo: 0,
    blockSeq: 0,
    blockHash: NO_HASH,
    blockAtMs: 0,
    claimIsOpen: false,
  };
}

/** The first thing wrong with a block at stream sequence `seq`, its signature apart. */
export function checkBlock(
  before: ChainPosition,
  block: Block<unknown>,
  seq: number,
): ChainFault | undefined {
  const { epoch } = before;
  if (seq !== before.seq + 1) return missingSequence(before.seq + 1, seq - 1);
  if (block.shard !== before.shard) return wrongShard(before.shard, block.shard);
  if (epoch === undefined) return fault('wrong_epoch', 'no epoch was claimed before it');
  if (block.epoch !== epoch.seq) {
    return fault('wrong_epoch', `it names epoch ${block.epoch}, in force is ${epoch.seq}`);
  }
  if (block.no !== before.blockNo + 1) {
    return fault('broken_chain', `block ${block.no} follows block ${before.blockNo}`);
  }
  if (block.prevSeq !== before.blockSeq || !sameBytes(block.prevHash, before.blockHash)) {
    return fault('broken_chain', `it does not name the block at ${before.blockSeq} before it`);
  }
  return checkClaim(before, block) ?? checkTime(before, block);
}

/** Whether the owner of the epoch in force signed the block. */
export function isBlockSigned(before: ChainPosition, block: Block<unknown>): boolean {
  return (
    before.epoch !== undefined && isSignedBy(block, SignatureDomain.block, before.epoch.publicKey)
  );
}

/** The first thing wrong with an epoch message at stream sequence `seq`, its signature included. */
export function checkEpoch(
  before: ChainPosition,
  epoch: Epoch,
  seq: number,
  pinnedKeys: readonly Uint8Array[],
): ChainFault | undefined {
  const last = before.epoch;
  if (seq !== before.seq + 1) return missingSequence(before.seq + 1, seq - 1);
  if (epoch.shard !== before.shard) return wrongShard(before.shard, epoch.shard);
  if (!isKeyTrusted(epoch, last?.publicKey, pinnedKeys)) {
    return fault('untrusted_key', `its key is neither pinned nor endorsed (owner ${epoch.owner})`);
  }
  if (!isSignedBy(epoch, SignatureDomain.epoch, epoch.publicKey)) {
    return fault('bad_signature', 'it is not signed with the key that it announces');
  }
  if (last !== undefined && epoch.generation !== last.generation) {
    return fault('wrong_generation', `generation ${epoch.generation} after ${last.generation}`);
  }
  if (!sameLink(epoch.previous, last ?? null)) {
    return fault('broken_chain', `it does not name the epoch at ${last?.seq ?? 0} before it`);
  }
  return checkKnownHead(before, epoch);
}

/** The position after a good block. */
export function afterBlock(
  before: ChainPosition,
  block: Pick<Block<unknown>, 'no' | 'hash' | 'atMs'>,
  seq: number,
): ChainPosition {
  return {
    ...before,
    seq,
    blockNo: block.no,
    blockSeq: seq,
    blockHash: block.hash,
    blockAtMs: block.atMs,
    claimIsOpen: false,
  };
}

/** The position after a good epoch message. */
export function afterEpoch(
  before: ChainPosition,
  epoch: Pick<Epoch, 'hash' | 'publicKey' | 'generation'>,
  seq: number,
): ChainPosition {
  const { hash, publicKey, generation } = epoch;
  return { ...before, seq, epoch: { seq, hash, publicKey, generation }, claimIsOpen: true };
}

function checkClaim(before: ChainPosition, block: Block<unknown>): ChainFault | undefined {
  if (!before.claimIsOpen) {
    if (block.claim === undefined) return undefined;
    return fault('broken_chain', 'it claims an epoch that earlier blocks already use');
  }
  if (block.claim === undefined || !sameLink(block.claim, before.epoch ?? null)) {
    return fault('broken_chain', `it does not name the epoch message at ${before.epoch?.seq}`);
  }
  return undefined;
}

function checkTime(before: ChainPosition, block: Block<unknown>): ChainFault | undefined {
  if (block.atMs >= before.blockAtMs) return undefined;
  return fault('time_went_back', `${block.atMs} ms after ${before.blockAtMs} ms`);
}

/** A claimer that knew a later or another head than the log now shows has seen what is gone. */
function checkKnownHead(before: ChainPosition, epoch: Epoch): ChainFault | undefined {
  const { head } = epoch;
  if (head === null || head.seq < before.blockSeq) return undefined;
  if (head.seq === before.blockSeq && sameBytes(head.hash, before.blockHash)) return undefined;
  return fault('broken_chain', `its owner had seen another block ${head.no} at ${head.seq}`);
}

interface Link {
  readonly seq: number;
  readonly hash: Uint8Array;
}

function sameLink(left: Link | null, right: Link | null): boolean {
  if (left === null || right === null) return left === right;
  return left.seq === right.seq && sameBytes(left.hash, right.hash);
}

function missingSequence(from: number, to: number): ChainFault {
  if (to < from) return fault('missing_sequence', `sequence ${to + 1} came again`);
  return fault(
    'missing_sequence',
    from === to ? `sequence ${from} is missing` : `sequences ${from} to ${to} are missing`,
  );
}

function wrongShard(wanted: number, found: number): ChainFault {
  return fault('wrong_shard', `it belongs to shard ${found}, this is ${wanted}`);
}

function fault(kind: ChainFaultKind, detail: string): ChainFault {
  return { kind, detail };
}
