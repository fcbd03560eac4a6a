import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type ExportEnd,
  type ExportHeader,
  exportEndSchema,
  exportHeaderSchema,
  exportMessageSchema,
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
  | { readonly kind: 'end'; readonly end: ExportEnd; readonly sha256: string }
  | { readonly kind: 'damaged'; readonly line: number; readonly detail: string };

/**
 * Everything in the file, good or bad, in its order. The hash of the lines before the end is given
 * beside the one that the end names. Throws only what the file system throws.
 */
export async function* readExport(file: string): AsyncGenerator<ExportItem> {
  const input = createReadStream(file);
  const hash = createHash('sha256');
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      const sha256 = text.startsWith('{"end":') ? hash.copy().digest('hex') : '';
      hash.update(`${text}\n`);
      yield parseLine(text, line, sha256);
    }
  } finally {
    input.destroy();
  }
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
    if (item.kind === 'end') isWhole = item.end.sha256 === item.sha256;
  }
  if (!isWhole) throw new ExportDamagedError(file, 'its end is missing or does not fit the lines');
}

function parseLine(text: string, line: number, sha256: string): ExportItem {
  try {
    const value: unknown = JSON.parse(text);
    if (line === 1) return { kind: 'header', header: exportHeaderSchema.parse(value) };
    if (sha256 !== '') return { kind: 'end', end: exportEndSchema.parse(value).end, sha256 };
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
