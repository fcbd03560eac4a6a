import { decodeBlock, writtenSeq } from './block.ts';
import { isSignedBy } from './envelope.ts';
import { decodeEpoch, type Endorsement, type Epoch, encodeEpoch, isKeyTrusted } from './epoch.ts';
import type { Ledger, ShardClaim, StoredMessage } from './ledger.ts';
import { LogFormatError } from './log-format-error.ts';
import { SignatureDomain, type Signer } from './signing.ts';

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
 *
 * Only what a trusted key signed, and where it was written, is named: an epoch message that named a
 * forged one could not be followed by any reader.
 * Throws what `Ledger.claim` throws.
 */
export async function claimShard(
  ledger: Ledger,
  shard: number,
  claimant: ShardClaimant,
): Promise<ShardClaim> {
  const { owner, generation, signer, endorsement, nowMs, nonce } = claimant;
  const trusted = [signer.publicKey, ...(endorsement === undefined ? [] : [endorsement.by])];
  const last = await ledger.lastEpoch(shard);
  const lastGenuine = genuineEpoch(last, trusted);
  const { bytes } = encodeEpoch(
    {
      shard,
      generation,
      owner,
      ...(endorsement === undefined ? {} : { endorsement }),
      atMs: nowMs,
      previous:
        last === undefined || lastGenuine === undefined
          ? null
          : { seq: last.seq, hash: lastGenuine.hash },
      head: await newestBlock(ledger, shard, trusted),
    },
    signer,
  );
  return ledger.claim(shard, { epoch: bytes, nonce, previousEpochSeq: last?.seq ?? 0 });
}

/** The block at the log's end; null if there is no genuine one. */
async function newestBlock(ledger: Ledger, shard: number, trusted: readonly Uint8Array[]) {
  const { lastSeq } = await ledger.head(shard);
  const message = lastSeq === 0 ? undefined : await ledger.get(shard, lastSeq);
  if (message?.kind !== 'block') return null;
  const block = unlessMalformed(() => decodeBlock(message.bytes, () => undefined));
  if (block === undefined || writtenSeq(block) !== message.seq) return null;
  const epoch = genuineEpoch(await ledger.get(shard, block.epoch), trusted);
  if (epoch === undefined) return null;
  if (!isSignedBy(block, SignatureDomain.block, epoch.publicKey)) return null;
  return { seq: message.seq, no: block.no, hash: block.hash };
}

function genuineEpoch(
  message: StoredMessage | undefined,
  trusted: readonly Uint8Array[],
): Epoch | undefined {
  if (message?.kind !== 'epoch') return undefined;
  const epoch = unlessMalformed(() => decodeEpoch(message.bytes));
  if (epoch === undefined || !isKeyTrusted(epoch, undefined, trusted)) return undefined;
  return isSignedBy(epoch, SignatureDomain.epoch, epoch.publicKey) ? epoch : undefined;
}

function unlessMalformed<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LogFormatError) return undefined;
    throw error;
  }
}
