import { decode, encode } from './codec.ts';
import { LogFormatError } from './log-format-error.ts';
import { envelopeSchema } from './log-schema.ts';
import { type SignatureDomain, type Signer, sha256, verifySignature } from './signing.ts';

/** A message of the log before anybody has looked inside or believed it. */
export interface Envelope {
  /** msgpack of a block's or an epoch's fields. */
  readonly body: Uint8Array;
  /** SHA-256 of `body`: the message's identity in the chain. */
  readonly hash: Uint8Array;
  /** Ed25519 over the hash, under the domain of the message's kind. */
  readonly sig: Uint8Array;
}

/** Wraps and signs a body: `{body, sig}` in msgpack. */
export function sealEnvelope(
  domain: SignatureDomain,
  body: Uint8Array,
  signer: Signer,
): { readonly bytes: Uint8Array; readonly hash: Uint8Array } {
  const hash = sha256(body);
  return { bytes: encode({ body, sig: signer.sign(domain, hash) }), hash };
}

/**
 * Takes the wrapping off. Says nothing about who signed: see {@link isSignedBy}.
 * @throws LogFormatError
 */
export function openEnvelope(bytes: Uint8Array, bytesMax: number): Envelope {
  const outer = envelopeSchema.safeParse(decodeOrRefuse(bytes, bytesMax));
  if (!outer.success) throw new LogFormatError('it is not {body, sig}', outer.error);
  return { body: outer.data.body, hash: sha256(outer.data.body), sig: outer.data.sig };
}

/** Whether the holder of `publicKey` (raw, 32 bytes) signed this for `domain`. */
export function isSignedBy(
  signed: Pick<Envelope, 'hash' | 'sig'>,
  domain: SignatureDomain,
  publicKey: Uint8Array,
): boolean {
  return verifySignature(publicKey, domain, signed.hash, signed.sig);
}

/** @throws LogFormatError instead of the codec's error. */
export function decodeOrRefuse(bytes: Uint8Array, bytesMax: number): unknown {
  try {
    return decode(bytes, bytesMax);
  } catch (cause) {
    throw new LogFormatError(cause instanceof Error ? cause.message : String(cause), cause);
  }
}
