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

/**
 * What can be wrong with a message's place or author, and what follows from it.
 * - `void`: anybody who can write to the stream can bring this about, with a forged message or an old
 *   one sent again. It counts for nothing; readers go past it, or they could be stopped at will.
 * - `broken`: owners' own messages do not fit together. Something between them is gone.
 */
const VERDICTS = {
  wrong_shard: 'void',
  wrong_generation: 'void',
  untrusted_key: 'void',
  bad_signature: 'void',
  stale_epoch: 'void',
  repeated: 'void',
  missing_sequence: 'broken',
  missing_epoch: 'broken',
  broken_chain: 'broken',
  time_went_back: 'broken',
} as const;
export type ChainFaultKind = keyof typeof VERDICTS;

export interface ChainFault {
  readonly kind: ChainFaultKind;
  readonly verdict: 'void' | 'broken';
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

/** Whether the owner of the epoch in force signed the block. To be asked first: if not, it is void. */
export function isBlockSigned(before: ChainPosition, block: Block<unknown>): boolean {
  const { epoch } = before;
  return epoch !== undefined && isSignedBy(block, SignatureDomain.block, epoch.publicKey);
}

/** The first thing wrong with a signed block at stream sequence `seq`. */
export function checkBlock(
  before: ChainPosition,
  block: Block<unknown>,
  seq: number,
): ChainFault | undefined {
  const { epoch } = before;
  if (seq !== before.seq + 1) return missingSequence(before.seq + 1, seq - 1);
  if (block.shard !== before.shard) return wrongShard(before.shard, block.shard);
  if (epoch === undefined) return fault('bad_signature', 'no epoch was claimed before it');
  if (block.epoch < epoch.seq) {
    return fault('stale_epoch', `it is of epoch ${block.epoch}, in force is ${epoch.seq}`);
  }
  if (block.epoch > epoch.seq) {
    return fault('missing_epoch', `it is of epoch ${block.epoch}, in force is ${epoch.seq}`);
  }
  if (block.no <= before.blockNo) {
    return fault('repeated', `block ${block.no} comes after block ${before.blockNo}`);
  }
  if (block.no !== before.blockNo + 1) {
    return fault('broken_chain', `block ${block.no} follows block ${before.blockNo}`);
  }
  if (block.prevSeq !== before.blockSeq || !sameBytes(block.prevHash, before.blockHash)) {
    return fault('broken_chain', `it does not name the block at ${before.blockSeq} before it`);
  }
  return checkClaim(before, block) ?? checkTime(before, block);
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
  return checkPrevious(before, epoch) ?? checkKnownHead(before, epoch);
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

/**
 * An epoch names the genuine one before it, or none when its owner found a forged one there. One that
 * names an older epoch is an old message sent again: it fences the owner off, as any message on the
 * epoch's subject does, and does no other harm.
 */
function checkPrevious(before: ChainPosition, { previous }: Epoch): ChainFault | undefined {
  const lastSeq = before.epoch?.seq ?? 0;
  if (previous === null || previous.seq < lastSeq) return undefined;
  if (sameLink(previous, before.epoch ?? null)) return undefined;
  return fault('missing_epoch', `it follows an epoch at ${previous.seq}, the last is ${lastSeq}`);
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
  return { kind, verdict: VERDICTS[kind], detail };
}
