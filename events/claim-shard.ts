import { decodeBlock } from './block.ts';
import { decodeEpoch, type Endorsement, encodeEpoch } from './epoch.ts';
import type { Ledger, ShardClaim } from './ledger.ts';
import type { Signer } from './signing.ts';

export interface ShardClaimant {
  /** Name of the owning process, for people. */
  readonly owner: string;
  readonly generation: number;
  readonly signer: Signer;
  /** Needed when the signing key is neither pinned by the readers nor the previous owner's. */
  readonly endorsement?: Endorsement;
  readonly nowMs: number;
  /** Random, unique to this attempt. */
  readonly nonce: string;
}

/**
 * Claims a shard in the name of a claimant: reads the newest epoch and block, writes an epoch
 * message that names both, and returns the right to append. Replay to `epochSeq`, then serve.
 * Throws what `Ledger.claim` throws, and LogFormatError if the log's end cannot be read.
 */
export async function claimShard(
  ledger: Ledger,
  shard: number,
  claimant: ShardClaimant,
): Promise<ShardClaim> {
  const { owner, generation, signer, endorsement, nowMs, nonce } = claimant;
  const last = await ledger.lastEpoch(shard);
  const { bytes } = encodeEpoch(
    {
      shard,
      generation,
      owner,
      ...(endorsement === undefined ? {} : { endorsement }),
      atMs: nowMs,
      previous: last === undefined ? null : { seq: last.seq, hash: decodeEpoch(last.bytes).hash },
      head: await newestBlock(ledger, shard),
    },
    signer,
  );
  return ledger.claim(shard, { epoch: bytes, nonce, previousEpochSeq: last?.seq ?? 0 });
}

/** The block at the log's end; null if there is an epoch message, or nothing, instead. */
async function newestBlock(ledger: Ledger, shard: number) {
  const { lastSeq } = await ledger.head(shard);
  const message = lastSeq === 0 ? undefined : await ledger.get(shard, lastSeq);
  if (message?.kind !== 'block') return null;
  const { no, hash } = decodeBlock(message.bytes, () => undefined);
  return { seq: message.seq, no, hash };
}
