import { z } from 'zod';
import { HASH_BYTES, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './log-sizes.ts';

/** Version of block bodies, epoch bodies and signed heads that this code writes. */
export const LOG_FORMAT_VERSION = 1;

const version = z.literal(LOG_FORMAT_VERSION);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const position = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const bytesOf = (byteLength: number) =>
  z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength === byteLength, {
    error: `must be ${byteLength} bytes`,
  });
const hash = bytesOf(HASH_BYTES);
const publicKey = bytesOf(PUBLIC_KEY_BYTES);
const signature = bytesOf(SIGNATURE_BYTES);
const link = z.strictObject({ seq: position, hash });

/** What a message of the log is: body bytes and the owner's signature over their hash. */
export const envelopeSchema = z.strictObject({ body: z.instanceof(Uint8Array), sig: signature });

/** A block's body; its events are parsed by whoever knows their schema. */
export const blockBodySchema = z.strictObject({
  v: version,
  shard: count,
  epoch: position,
  no: position,
  prevSeq: count,
  prevHash: hash,
  atMs: count,
  claim: link.optional(),
  events: z.array(z.unknown()),
});

/** An epoch message's body: who owns the shard from here on, and with which key. */
export const epochBodySchema = z.strictObject({
  v: version,
  shard: count,
  generation: position,
  owner: z.string().min(1).max(256),
  publicKey,
  endorsement: z.strictObject({ by: publicKey, sig: signature }).optional(),
  atMs: count,
  previous: link.nullable(),
  head: z.strictObject({ seq: position, no: position, hash }).nullable(),
});

const hex = (byteLength: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${byteLength * 2}}$`), {
    error: `must be ${byteLength} bytes of lower-case hex`,
  });

/** A witness file: the newest head of a shard as its owner signed it. */
export const witnessFileSchema = z.strictObject({
  v: version,
  shard: count,
  seq: position,
  no: position,
  hash: hex(HASH_BYTES),
  publicKey: hex(PUBLIC_KEY_BYTES),
  sig: hex(SIGNATURE_BYTES),
  atMs: count,
});
