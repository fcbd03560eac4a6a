import { z } from 'zod';

/** Names the format in the first line of an export. */
export const EXPORT_FORMAT = 'bursar-log';
export const EXPORT_VERSION = 1;

const count = z.int().min(0);
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);

/** First line: what is in the export. */
export const exportHeaderSchema = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  v: z.literal(EXPORT_VERSION),
  /** When it was written, ms since 1970. */
  atMs: count,
  /** How many shards there are in all; absent in older exports. */
  shardCount: count.optional(),
  shards: z.array(
    z.strictObject({
      shard: count,
      /** The log's last sequence when the export began; it reaches from 1 to here. */
      lastSeq: count,
      /** Birth of the stream, ISO 8601. */
      createdAt: z.string(),
    }),
  ),
});
export type ExportHeader = z.infer<typeof exportHeaderSchema>;

/** One message of the log a line, shard after shard, each in order. */
export const exportMessageSchema = z.strictObject({
  shard: count,
  seq: z.int().min(1),
  kind: z.enum(['epoch', 'block']),
  id: z.string().nullable(),
  atMs: count,
  /** The message's bytes, base64. */
  data: z.base64(),
});

/** Last line but one: what the messages above it say. */
const exportEndSchema = z.strictObject({
  messages: count,
  shards: z.array(
    z.strictObject({
      shard: count,
      /** The last block; null if there is none. */
      head: z.strictObject({ seq: count, no: count, hash: hex64 }).nullable(),
      /** Which public key signs from which epoch message on. */
      keys: z.array(z.strictObject({ epochSeq: count, publicKey: hex64 })),
    }),
  ),
});
export type ExportEnd = z.infer<typeof exportEndSchema>;
export const exportEndLineSchema = z.strictObject({ end: exportEndSchema });

/** Last line: SHA-256 of all lines before it, line ends included. Without it the export was cut. */
export const exportSealSchema = z.strictObject({ sha256: hex64 });
