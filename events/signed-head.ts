import { SignatureDomain, type Signer, toHex, verifySignature } from './signing.ts';

/** The newest block of a shard, as a witness outside the log remembers it. */
export interface LogHeadMark {
  readonly shard: number;
  /** Stream sequence of the block. */
  readonly seq: number;
  /** Its number. */
  readonly no: number;
  readonly hash: Uint8Array;
  /** When it was marked, ms since 1970. */
  readonly atMs: number;
}

/** A mark that the shard's owner signed with the key of the epoch. */
export interface SignedHead extends LogHeadMark {
  readonly publicKey: Uint8Array;
  readonly sig: Uint8Array;
}

export function signHead(mark: LogHeadMark, signer: Signer): SignedHead {
  const { shard, seq, no, hash, atMs } = mark;
  const sig = signer.sign(SignatureDomain.head, payloadOf(mark));
  return { shard, seq, no, hash, atMs, publicKey: signer.publicKey, sig };
}

/** Whether the key that the head names signed it. Whether that key may be believed is another matter. */
export function isHeadSigned(head: SignedHead): boolean {
  return verifySignature(head.publicKey, SignatureDomain.head, payloadOf(head), head.sig);
}

/** `<shard> <seq> <no> <hash in hex> <atMs>`, numbers in decimal. */
function payloadOf({ shard, seq, no, hash, atMs }: LogHeadMark): Uint8Array {
  return new TextEncoder().encode(`${shard} ${seq} ${no} ${toHex(hash)} ${atMs}`);
}
