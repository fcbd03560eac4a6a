import type { JournalEntry, SettleJournal } from '../../client/journal.ts';
import { doneLine, entryLine, headerLine, readJournal } from '../../client/journal-lines.ts';
import type { Files } from '../../host/host.ts';

const FILE = 'settles.jsonl';

/**
 * A settle journal on the simulated disk, in the form of the real one: appended lines, of which
 * those that come together are written together. What was not written when the process ends is gone.
 */
export class SimJournal implements SettleJournal {
  readonly isDurable = true;
  readonly #files: Files;
  readonly #entries: Map<string, JournalEntry>;
  #text: string;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @throws Error where the file is none of this agent */
  static async open(files: Files, agent: string, team: string): Promise<SimJournal> {
    const bytes = await files.read(FILE);
    const header = headerLine({ agent, team });
    const text = bytes === undefined ? header : Buffer.from(bytes).toString('utf8');
    const { entries } = readJournal(Buffer.from(text), { agent, team });
    return new SimJournal(files, new Map(entries), text);
  }

  private constructor(files: Files, entries: Map<string, JournalEntry>, text: string) {
    this.#files = files;
    this.#entries = entries;
    this.#text = text;
  }

  append(entry: JournalEntry): Promise<void> {
    this.#entries.set(entry.command.id, entry);
    this.#text += entryLine(entry);
    return this.#write();
  }

  remove(id: string): void {
    if (!this.#entries.delete(id)) return;
    this.#text += doneLine(id);
    void this.#write();
  }

  entries(): readonly JournalEntry[] {
    return [...this.#entries.values()];
  }

  async close(): Promise<void> {
    await this.#write();
  }

  /** Resolves when all that was appended by now is on the disk. */
  #write(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#replace();
      return this.#writing;
    }
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined;
      this.#writing = this.#replace();
      return this.#writing;
    });
    return this.#next;
  }

  async #replace(): Promise<void> {
    await this.#files.replace(FILE, new TextEncoder().encode(this.#text));
    if (this.#next === undefined) this.#writing = undefined;
  }
}
