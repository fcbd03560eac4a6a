import { blockMessageId, encodeBlock } from '../events/block.ts';
import { afterBlock, afterEpoch, type ChainPosition, chainStart } from '../events/chain.ts';
import { claimShard } from '../events/claim-shard.ts';
import { decodeEpoch } from '../events/epoch.ts';
import type { Ledger, StoredMessage } from '../events/ledger.ts';
import { MemoryLedger } from '../events/ledger-memory.ts';
import { MemoryStore } from '../events/memory-log.ts';
import type { Signer } from '../events/signing.ts';
import { collect } from './ledger-contract.ts';

/**
 * Writes a log as a writer would: for each number a claim and so many blocks, two events a block,
 * each event with a text of its own (`event-<seq>-<index>`). Returns where the log ends.
 */
export async function writeGenuineLog(
  ledger: Ledger,
  shard: number,
  signer: Signer,
  blocksByEpoch: readonly number[],
): Promise<ChainPosition> {
  return continueGenuineLog(ledger, chainStart(shard), signer, blocksByEpoch);
}

/** The same behind a log that ends at `from`. */
export async function continueGenuineLog(
  ledger: Ledger,
  from: ChainPosition,
  signer: Signer,
  blocksByEpoch: readonly number[],
): Promise<ChainPosition> {
  const { shard } = from;
  let position = from;
  for (const [index, blockCount] of blocksByEpoch.entries()) {
    const claim = await claimShard(ledger, shard, {
      owner: `owner-${index}`,
      generation: 1,
      signer,
      nowMs: 1_000 + from.seq + index,
      nonce: `${shard}-${from.seq}-${index}`,
    });
    const message = await ledger.get(shard, claim.epochSeq);
    if (message === undefined) throw new Error('the claim is not in the log');
    position = afterEpoch(position, decodeEpoch(message.bytes), message.seq);
    for (let block = 0; block < blockCount; block += 1) {
      position = await appendBlock(ledger, position, signer);
    }
  }
  return position;
}

async function appendBlock(
  ledger: Ledger,
  before: ChainPosition,
  signer: Signer,
): Promise<ChainPosition> {
  const { shard, epoch } = before;
  if (epoch === undefined) throw new Error('nobody has claimed the shard');
  const seq = before.seq + 1;
  const place = {
    shard,
    epoch: epoch.seq,
    no: before.blockNo + 1,
    prevSeq: before.blockSeq,
    prevHash: before.blockHash,
    atMs: 1_764_000_000_000 + seq,
    ...(before.claimIsOpen ? { claim: { seq: epoch.seq, hash: epoch.hash } } : {}),
  };
  const events = [0, 1].map((index) => ({ type: 'Test', text: `event-${seq}-${index}` }));
  const { bytes, hash } = encodeBlock(place, events, signer);
  const claim = { shard, epochSeq: epoch.seq, brokerAtMs: 0, previousEpochSeq: 0 };
  const request = { expectedSeq: before.seq, msgId: blockMessageId(place), bytes };
  const outcome = await ledger.append(claim, request);
  if (outcome.kind !== 'stored') throw new Error(`block ${place.no}: ${outcome.kind}`);
  return afterBlock(before, { no: place.no, hash, atMs: place.atMs }, seq);
}

/** The messages of such a log, and where it ends. */
export async function genuineMessages(
  shard: number,
  signer: Signer,
  blocksByEpoch: readonly number[],
): Promise<{ readonly messages: StoredMessage[]; readonly end: ChainPosition }> {
  const ledger = new MemoryLedger();
  const end = await writeGenuineLog(ledger, shard, signer, blocksByEpoch);
  return { messages: await collect(ledger.read(shard, 1, end.seq)), end };
}

/** A ledger that holds exactly these messages, numbered anew from 1. */
export function ledgerOf(shard: number, messages: readonly StoredMessage[]): MemoryLedger {
  const store = new MemoryStore();
  store.log(shard).rewrite(messages);
  return new MemoryLedger({ store });
}
