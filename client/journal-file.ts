import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { JournalError } from './errors.ts';
import type { JournalEntry, SettleJournal } from './journal.ts';
import {
  doneLine,
  entryLine,
  headerLine,
  type JournalContent,
  type JournalOwner,
  readJournal,
} from './journal-lines.ts';
import { lockFile } from './lock-file.ts';

/** A file is written anew when it is larger than this and than twice what is still needed. */
const COMPACT_BYTES_MIN = 1024 * 1024;

/**
 * Opens the settle journal in a file, or makes it: one JSON value a line, appended and synced
 * before a settle is sent. Settles that come together share one sync.
 *
 * @param file belongs to one process at a time, and to one agent and team for good
 * @throws JournalError when it is in use, damaged or another's
 */
export async function openJournalFile(file: string, owner: JournalOwner): Promise<SettleJournal> {
  const unlock = await lockFile(`${file}.lock`).catch((cause) => {
    const advice = 'Give each process a journal of its own.';
    throw new JournalError(file, 'it is in use, or its lock cannot be made', advice, cause);
  });
  try {
    const handle = await open(file, 'a+', 0o600);
    const content = await readContent(handle, file, owner);
    return new JournalFile(file, owner, handle, content, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function readContent(
  handle: FileHandle,
  file: string,
  owner: JournalOwner,
): Promise<JournalContent> {
  try {
    const bytes = await handle.readFile();
    const content = readJournal(bytes, owner);
    if (content.wholeBytes < bytes.byteLength) await handle.truncate(content.wholeBytes);
    if (content.wholeBytes > 0) return content;
    const header = headerLine(owner);
    await handle.appendFile(header);
    await handle.datasync();
    await syncFolder(file);
    return { ...content, wholeBytes: header.length };
  } catch (cause) {
    await handle.close();
    const problem = cause instanceof Error ? cause.message : String(cause);
    const advice = 'Keep the file, see what it holds, and use another one meanwhile.';
    throw new JournalError(file, problem, advice, cause);
  }
}

class JournalFile implements SettleJournal {
  readonly isDurable = true;
  readonly #file: string;
  readonly #owner: JournalOwner;
  readonly #unlock: () => Promise<void>;
  readonly #kept: Map<string, JournalEntry>;
  #handle: FileHandle;
  #fileBytes: number;
  #keptBytes = 0;
  /** Lines that are not in the file yet. */
  #unwritten = '';
  #needsSync = false;
  /** A write has failed: a part of a line may stand at the end. */
  #isTorn = false;
  /** The write under way, and the one that starts after it. */
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(
    file: string,
    owner: JournalOwner,
    handle: FileHandle,
    content: JournalContent,
    unlock: () => Promise<void>,
  ) {
    this.#file = file;
    this.#owner = owner;
    this.#handle = handle;
    this.#kept = new Map(content.entries);
    this.#fileBytes = content.wholeBytes;
    for (const entry of this.#kept.values()) this.#keptBytes += entryLine(entry).length;
    this.#unlock = unlock;
  }

  append(entry: JournalEntry): Promise<void> {
    const line = entryLine(entry);
    this.#kept.set(entry.command.id, entry);
    this.#keptBytes += line.length;
    this.#unwritten += line;
    this.#needsSync = true;
    return this.#write();
  }

  remove(id: string): void {
    const entry = this.#kept.get(id);
    if (entry === undefined) return;
    this.#kept.delete(id);
    this.#keptBytes -= entryLine(entry).length;
    this.#unwritten += doneLine(id);
    // A lost removal only repeats a settle, so nobody waits for it.
    this.#write().catch(() => {});
  }

  entries(): readonly JournalEntry[] {
    return [...this.#kept.values()];
  }

  async close(): Promise<void> {
    await this.#write().catch(() => {});
    await this.#handle.close();
    await this.#unlock();
  }

  /** Resolves when everything said so far is in the file. */
  #write(): Promise<void> {
    this.#next ??= this.#writeAfter(this.#running);
    return this.#next;
  }

  async #writeAfter(running: Promise<void> | undefined): Promise<void> {
    await running?.catch(() => {});
    this.#running = this.#next;
    this.#next = undefined;
    try {
      if (this.#isTorn) await this.#rewrite();
      else await this.#append();
    } catch (cause) {
      this.#isTorn = true;
      const advice = 'Make room on the disk; until then settles are kept in memory alone.';
      throw new JournalError(this.#file, 'it cannot be written', advice, cause);
    }
    const isWasteful = this.#fileBytes > Math.max(COMPACT_BYTES_MIN, 2 * this.#keptBytes);
    // What was asked for is in the file: if this fails it is tried again with the next write.
    if (isWasteful) await this.#rewrite().catch(() => {});
  }

  async #append(): Promise<void> {
    const text = this.#unwritten;
    const needsSync = this.#needsSync;
    this.#unwritten = '';
    this.#needsSync = false;
    await this.#handle.appendFile(text);
    if (needsSync) await this.#handle.datasync();
    this.#fileBytes += text.length;
  }

  /** Replaces the file by one that holds only what is still needed. */
  async #rewrite(): Promise<void> {
    const text = [headerLine(this.#owner), ...this.entries().map(entryLine)].join('');
    this.#unwritten = '';
    this.#needsSync = false;
    const fresh = await open(`${this.#file}.new`, 'w', 0o600);
    try {
      await fresh.appendFile(text);
      await fresh.datasync();
    } finally {
      await fresh.close();
    }
    const replacement = await open(`${this.#file}.new`, 'a', 0o600);
    await rename(`${this.#file}.new`, this.#file);
    await this.#handle.close();
    this.#handle = replacement;
    this.#fileBytes = text.length;
    this.#isTorn = false;
    await syncFolder(this.#file);
  }
}

/** Makes a new or renamed file's place in its folder durable. */
async function syncFolder(file: string): Promise<void> {
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
