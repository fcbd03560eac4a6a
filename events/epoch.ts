import { encode } from './codec.ts';
import { decodeOrRefuse, type Envelope, openEnvelope, sealEnvelope } from './envelope.ts';
import { LogFormatError } from './log-format-error.ts';
import { epochBodySchema, LOG_FORMAT_VERSION } from './log-schema.ts';
import { EPOCH_BYTES_MAX } from './log-sizes.ts';
import { SignatureDomain, type Signer, sameBytes, verifySignature } from './signing.ts';

/** A trusted key's word for a new one. */
export interface Endorsement {
  /** The endorsing key, raw, 32 bytes. */
  readonly by: Uint8Array;
  /** Its signature over the new raw public key, domain `bursar.endorsement.v1`. */
  readonly sig: Uint8Array;
}

/** Who owns a shard from this message on, and with which key its blocks are signed. */
export interface EpochClaim {
  readonly shard: number;
  /** Generation of the stream, from its metadata; 1 at first. */
  readonly generation: number;
  /** Name of the owning process, for people. At most 256 characters. */
  readonly owner: string;
  /** Present when the key is not the one before it: why it may be believed. */
  readonly endorsement?: Endorsement;
  /** The claimer's clock, ms since 1970. */
  readonly atMs: number;
  /** The epoch message before this one; null for the first. */
  readonly previous: { readonly seq: number; readonly hash: Uint8Array } | null;
  /** The newest block that the claimer has seen; null if none. Others may have come before the claim. */
  readonly head: { readonly seq: number; readonly no: number; readonly hash: Uint8Array } | null;
}

/** An epoch message as read: neither its key nor its signature has been checked. */
export interface Epoch extends EpochClaim, Envelope {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Encodes and signs an epoch message with the key that it announces. */
export function encodeEpoch(
  claim: EpochClaim,
  signer: Signer,
): { readonly bytes: Uint8Array; readonly hash: Uint8Array } {
  const { shard, generation, owner, endorsement, atMs, previous, head } = claim;
  const body = encode({
    v: LOG_FORMAT_VERSION,
    shard,
    generation,
    owner,
    publicKey: signer.publicKey,
    endorsement,
    atMs,
    previous,
    head,
  });
  return sealEnvelope(SignatureDomain.epoch, body, signer);
}

/** @throws LogFormatError if the bytes are no epoch message. */
export function decodeEpoch(bytes: Uint8Array): Epoch {
  const envelope = openEnvelope(bytes, EPOCH_BYTES_MAX);
  const parsed = epochBodySchema.safeParse(decodeOrRefuse(envelope.body, EPOCH_BYTES_MAX));
  if (!parsed.success) throw new LogFormatError('an epoch message has other fields', parsed.error);
  const { v: _version, endorsement, ...claim } = parsed.data;
  return { ...claim, ...(endorsement === undefined ? {} : { endorsement }), ...envelope };
}

/** Lets `signer`, already trusted, speak for a new key. */
export function endorseKey(newPublicKey: Uint8Array, signer: Signer): Endorsement {
  return {
    by: signer.publicKey,
    sig: signer.sign(SignatureDomain.endorsement, newPublicKey),
  };
}

/**
 * Whether an epoch's key may be believed: it is pinned, it is the previous epoch's key, or one of
 * those endorsed it. That the message is signed with that key is a separate question.
 */
export function isKeyTrusted(
  epoch: Pick<Epoch, 'publicKey' | 'endorsement'>,
  previousKey: Uint8Array | undefined,
  pinnedKeys: readonly Uint8Array[],
): boolean {
  const trusted = previousKey === undefined ? pinnedKeys : [...pinnedKeys, previousKey];
  if (trusted.some((key) => sameBytes(key, epoch.publicKey))) return true;
  const { endorsement } = epoch;
  if (endorsement === undefined) return false;
  return (
    trusted.some((key) => sameBytes(key, endorsement.by)) &&
    verifySignature(endorsement.by, SignatureDomain.endorsement, epoch.publicKey, endorsement.sig)
  );
}
