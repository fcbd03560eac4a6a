import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { WorkloadFileError } from './errors.ts';
import { WORKLOAD_LIMITS } from './limits.ts';
import { newRowIds, parseRow, type Row } from './row.ts';

const PLAIN = /\.(jsonl|ndjson)$/i;
const GZIPPED = /\.(jsonl|ndjson)\.gz$/i;

/** Where a row stands; `line` is 1-based. */
export type RowPlace = { readonly file: string; readonly line: number };

/**
 * Streams the rows of a `.jsonl` or `.jsonl.gz` file, in file order; empty lines are passed over.
 * Throws WorkloadFileError at the first thing that is wrong, naming file and line.
 */
export function readRows(file: string): AsyncGenerator<Row, void, undefined> {
  const ids = newRowIds();
  return readRowsAs(file, (text, at) => parseRow(text, at, ids));
}

/** The same for rows of another form. */
export async function* readRowsAs<Parsed>(
  file: string,
  parse: (text: string, at: RowPlace) => Parsed,
): AsyncGenerator<Parsed, void, undefined> {
  let rows = 0;
  for await (const { text, line } of readLines(file)) {
    if (text.trim() === '') continue;
    rows += 1;
    if (rows > WORKLOAD_LIMITS.rowsMax) {
      const problem = `more than ${WORKLOAD_LIMITS.rowsMax} rows; split the file`;
      throw new WorkloadFileError('too_many_rows', { file, line }, problem);
    }
    yield parse(text, { file, line });
  }
  if (rows === 0) {
    throw new WorkloadFileError('no_rows', { file, line: null }, 'has no rows; nothing to drive');
  }
}

type Line = { readonly text: string; readonly line: number };

async function* readLines(file: string): AsyncGenerator<Line, void, undefined> {
  // Fatal: a byte that is not UTF-8 would otherwise turn two ids into the same one.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 0;
  try {
    for await (const chunk of bytesOf(file)) {
      const parts = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const text of parts) {
        line += 1;
        yield checked({ text, line }, file);
      }
      checked({ text: rest, line: line + 1 }, file);
    }
    rest += decoder.decode();
  } catch (cause) {
    throw asFileError(cause, { file, line: line + 1 });
  }
  if (rest !== '') yield checked({ text: rest, line: line + 1 }, file);
}

function bytesOf(file: string): NodeJS.ReadableStream {
  if (PLAIN.test(file)) return createReadStream(file);
  if (!GZIPPED.test(file)) {
    const problem = 'is neither .jsonl nor .jsonl.gz; convert it to one JSON object per line';
    throw new WorkloadFileError('file_kind_unknown', { file, line: null }, problem);
  }
  // The callback only keeps the error from being unhandled: the reader of the result gets it.
  return pipeline(createReadStream(file), createGunzip(), () => {});
}

function checked(line: Line, file: string): Line {
  if (line.text.length <= WORKLOAD_LIMITS.lineCharsMax) return line;
  const problem = `longer than ${WORKLOAD_LIMITS.lineCharsMax} characters; is this JSON lines?`;
  throw new WorkloadFileError('line_too_long', { file, line: line.line }, problem);
}

function asFileError(cause: unknown, at: { file: string; line: number }): unknown {
  const code = (cause as { code?: unknown }).code;
  if (cause instanceof WorkloadFileError || typeof code !== 'string') return cause;
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new WorkloadFileError('not_utf8', at, 'is not UTF-8 text', { cause });
  }
  const { message } = cause as Error;
  if (code.startsWith('Z_')) {
    const problem = `the gzip data is damaged or cut (${message}); fetch the file again`;
    return new WorkloadFileError('gzip_damaged', at, problem, { cause });
  }
  const whole = { file: at.file, line: null };
  const problem = `cannot be read (${message}); check the path and the permissions`;
  return new WorkloadFileError('file_unreadable', whole, problem, { cause });
}
