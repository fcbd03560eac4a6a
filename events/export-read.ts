import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type ExportEnd,
  type ExportHeader,
  exportEndLineSchema,
  exportHeaderSchema,
  exportMessageSchema,
  exportSealSchema,
} from './export-format.ts';
import type { StoredMessage } from './ledger.ts';
import { LedgerError } from './ledger-errors.ts';

/** An export that is incomplete or was altered after it was written. */
export class ExportDamagedError extends LedgerError {
  override readonly name = 'ExportDamagedError';
  readonly code = 'export_damaged';
  readonly retryable = false;

  constructor(file: string, detail: string, cause?: unknown) {
    super(`${file}: ${detail}; verify it with \`bursar audit verify --file\`, or export again`, {
      cause,
    });
  }
}

/** Line by line what an export holds. `damaged`: a line that is none of the format; the rest goes on. */
export type ExportItem =
  | { readonly kind: 'header'; readonly header: ExportHeader }
  | { readonly kind: 'message'; readonly message: StoredMessage }
  | { readonly kind: 'end'; readonly end: ExportEnd }
  | { readonly kind: 'seal'; readonly isRight: boolean }
  | { readonly kind: 'damaged'; readonly line: number; readonly detail: string };

/**
 * Everything in the file, good or bad, in its order. The seal says
 * whether the lines before it are those that were written. Throws only what the file system throws.
 */
export async function* readExport(file: string): AsyncGenerator<ExportItem> {
  const input = createReadStream(file);
  const hash = createHash('sha256');
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      yield parseLine(text, line, hash);
      hash.update(`${text}\n`);
    }
  } finally {
    input.destroy();
  }
}

/** The first line of an export; undefined where the file does not begin like one. */
export async function headerOfExport(file: string): Promise<ExportHeader | undefined> {
  for await (const item of readExport(file)) {
    return item.kind === 'header' ? item.header : undefined;
  }
  return undefined;
}

/**
 * The messages of one shard, as the live log gives them.
 * @throws ExportDamagedError at the first line that is not as it was written, or at the end if the
 *   export was cut
 */
export async function* exportedMessages(
  file: string,
  shard: number,
): AsyncGenerator<StoredMessage> {
  let isWhole = false;
  for await (const item of readExport(file)) {
    if (item.kind === 'damaged') {
      throw new ExportDamagedError(file, `line ${item.line}: ${item.detail}`);
    }
    if (item.kind === 'message' && item.message.shard === shard) yield item.message;
    if (item.kind === 'seal') isWhole = item.isRight;
  }
  if (!isWhole)
    throw new ExportDamagedError(file, 'its last line is missing or does not fit the others');
}

function parseLine(text: string, line: number, before: Hash): ExportItem {
  try {
    const value: unknown = JSON.parse(text);
    if (line === 1) return { kind: 'header', header: exportHeaderSchema.parse(value) };
    if (text.startsWith('{"end":')) {
      return { kind: 'end', end: exportEndLineSchema.parse(value).end };
    }
    if (text.startsWith('{"sha256":')) {
      const { sha256 } = exportSealSchema.parse(value);
      return { kind: 'seal', isRight: sha256 === before.copy().digest('hex') };
    }
    const { shard, seq, kind, id, atMs, data } = exportMessageSchema.parse(value);
    const bytes = new Uint8Array(Buffer.from(data, 'base64'));
    const msgId = id ?? undefined;
    return { kind: 'message', message: { shard, seq, kind, msgId, storedAtMs: atMs, bytes } };
  } catch (error) {
    return {
      kind: 'damaged',
      line,
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}
