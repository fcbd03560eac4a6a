import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';

const LOG_BYTES_MAX = 8 * 2 ** 20;
const TAIL_BYTES = 8_192;
const TAIL_LINES = 12;

/** Moves a long log to `<file>.old` before a start, so that logs cannot fill the disk. */
export function rotateLog(file: string): void {
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.old`);
}

/** The last lines of a log, oldest first. */
export function logTail(file: string): string[] {
  if (!existsSync(file)) return [];
  const from = Math.max(0, logSize(file) - TAIL_BYTES);
  return readLog(file, from).trimEnd().split('\n').slice(-TAIL_LINES);
}

/** Bytes in the log now. */
export function logSize(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** What was logged from `fromByte` on. */
export function readLog(file: string, fromByte: number): string {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(handle).size - fromByte));
    const read = readSync(handle, bytes, 0, bytes.length, fromByte);
    return bytes.toString('utf8', 0, read);
  } finally {
    closeSync(handle);
  }
}
