import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/** Replaces `file` in one step: a reader sees the old content or the new, never a part. */
export function replaceFile(file: string, content: string, mode: number): void {
  const draft = writeDraft(file, content, mode);
  renameSync(draft, file);
}

/**
 * Creates `file` with its content in one step.
 *
 * @returns false when the file exists already, which is then left as it is
 */
export function createFile(file: string, content: string, mode: number): boolean {
  const draft = writeDraft(file, content, mode);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

function writeDraft(file: string, content: string, mode: number): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.draft`;
  const handle = openSync(draft, 'wx', mode);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return draft;
}
