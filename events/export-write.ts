import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { decodeBlock } from './block.ts';
import { decodeEpoch } from './epoch.ts';
import {
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type ExportEnd,
  type ExportHeader,
} from './export-format.ts';
import type { Ledger, StoredMessage } from './ledger.ts';
import { readAround } from './read-around.ts';
import { toHex } from './signing.ts';

type ExportedShard = ExportEnd['shards'][number];

export interface ExportSummary {
  readonly messages: number;
  /** Sequences that could not be read and are missing in the export, by shard. */
  readonly missing: readonly { readonly shard: number; readonly count: number }[];
}

/**
 * Writes the logs of shards into one file that can be verified without the broker. Nothing is judged
 * here: damaged messages are written as they are, unreadable ones left out. The file appears under
 * its name only when it is complete.
 *
 * @param nowMs goes into the header
 * @param shardCount how many there are in all, exported or not
 * @throws LedgerUnavailableError, and the errors of the file system
 */
export async function exportLog(
  ledger: Ledger,
  shards: readonly number[],
  file: string,
  nowMs: number,
  shardCount?: number,
): Promise<ExportSummary> {
  const draft = `${file}.${process.pid}.draft`;
  const handle = await open(draft, 'w', 0o600);
  try {
    const summary = await writeAll(new ExportLines(handle), ledger, shards, {
      atMs: nowMs,
      shardCount,
    });
    await handle.sync();
    await handle.close();
    await rename(draft, file);
    return summary;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeAll(
  lines: ExportLines,
  ledger: Ledger,
  shards: readonly number[],
  { atMs, shardCount }: { readonly atMs: number; readonly shardCount: number | undefined },
): Promise<ExportSummary> {
  const heads = await Promise.all(shards.map((shard) => ledger.head(shard)));
  const header: ExportHeader = {
    format: EXPORT_FORMAT,
    v: EXPORT_VERSION,
    atMs,
    ...(shardCount === undefined ? {} : { shardCount }),
    shards: heads.map(({ shard, lastSeq, createdAt }) => ({ shard, lastSeq, createdAt })),
  };
  await lines.add(header);
  const exported: ExportedShard[] = [];
  const missing: { shard: number; count: number }[] = [];
  let messages = 0;
  for (const { shard, lastSeq } of heads) {
    const summary = await writeShard(lines, ledger, shard, lastSeq);
    messages += summary.messages;
    exported.push(summary.shard);
    if (summary.messages < lastSeq) missing.push({ shard, count: lastSeq - summary.messages });
  }
  const end: ExportEnd = { messages, shards: exported };
  await lines.add({ end });
  await lines.seal();
  return { messages, missing };
}

async function writeShard(lines: ExportLines, ledger: Ledger, shard: number, lastSeq: number) {
  const keys: ExportedShard['keys'] = [];
  let lastBlock: StoredMessage | undefined;
  let messages = 0;
  for await (const message of readAround(ledger, shard, 1, lastSeq)) {
    const { seq, kind, msgId, storedAtMs, bytes } = message;
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    await lines.add({ shard, seq, kind, id: msgId ?? null, atMs: storedAtMs, data });
    messages += 1;
    if (kind === 'block') lastBlock = message;
    const publicKey = kind === 'epoch' ? publicKeyOf(bytes) : undefined;
    if (publicKey !== undefined) keys.push({ epochSeq: seq, publicKey });
  }
  return { messages, shard: { shard, head: headOf(lastBlock), keys } };
}

/** What cannot be decoded is for verification to report. */
function publicKeyOf(bytes: Uint8Array): string | undefined {
  try {
    return toHex(decodeEpoch(bytes).publicKey);
  } catch {
    return undefined;
  }
}

function headOf(message: StoredMessage | undefined): ExportedShard['head'] {
  if (message === undefined) return null;
  try {
    const { no, hash } = decodeBlock(message.bytes, () => undefined);
    return { seq: message.seq, no, hash: toHex(hash) };
  } catch {
    return null;
  }
}

/** Lines of JSON into a file, hashed on the way. */
class ExportLines {
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #pending: string[] = [];
  #pendingLength = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async add(value: unknown): Promise<void> {
    const line = `${JSON.stringify(value)}\n`;
    this.#hash.update(line);
    this.#pending.push(line);
    this.#pendingLength += line.length;
    if (this.#pendingLength > FLUSH_LENGTH) await this.#flush();
  }

  /** Writes the hash of all lines so far as the last one. */
  async seal(): Promise<void> {
    await this.add({ sha256: this.#hash.copy().digest('hex') });
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#pending.join('');
    this.#pending = [];
    this.#pendingLength = 0;
    await this.#handle.writeFile(text);
  }
}

const FLUSH_LENGTH = 1024 * 1024;
