import { shown } from '../events/shown.ts';
import type { JournalEntry } from './journal.ts';

/** Whose settles a journal holds; its first line. */
export interface JournalOwner {
  readonly agent: string;
  readonly team: string;
}

/** What a journal file holds. */
export interface JournalContent {
  readonly entries: ReadonlyMap<string, JournalEntry>;
  /** Bytes up to the end of the last whole line: what comes behind was torn by a crash. */
  readonly wholeBytes: number;
}

const VERSION = 1;

export function headerLine({ agent, team }: JournalOwner): string {
  return `${JSON.stringify({ bursarSettles: VERSION, agent, team })}\n`;
}

export function entryLine(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

export function doneLine(id: string): string {
  return `${JSON.stringify({ done: id })}\n`;
}

/**
 * Reads a journal. A last line without its end is left out; nobody waited for it.
 * @throws Error saying what is wrong with which line
 */
export function readJournal(bytes: Buffer, owner: JournalOwner): JournalContent {
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const entries = new Map<string, JournalEntry>();
  const lines = bytes.subarray(0, wholeBytes).toString('utf8').split('\n').slice(0, -1);
  for (const [i, line] of lines.entries()) {
    const value = parseLine(line, i + 1);
    if (i === 0) assertOwner(value, owner);
    else if (typeof value['done'] === 'string') entries.delete(value['done']);
    else if (isEntry(value)) entries.set(value.command.id, value);
    else throw new Error(`line ${i + 1} is no entry`);
  }
  return { entries, wholeBytes };
}

function parseLine(line: string, lineNumber: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    // A line that reads as something else than was written was written by nobody of ours.
    const isOurs = typeof value === 'object' && value !== null && JSON.stringify(value) === line;
    if (isOurs) return value as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`line ${lineNumber} is not JSON`, { cause });
  }
  throw new Error(`line ${lineNumber} is no entry`);
}

function assertOwner(header: Record<string, unknown>, owner: JournalOwner): void {
  const { bursarSettles, agent, team } = header;
  if (bursarSettles !== VERSION) throw new Error('it is no settle journal of this version');
  if (agent !== owner.agent || team !== owner.team) {
    throw new Error(`it belongs to agent '${shown(agent)}' of team '${shown(team)}'`);
  }
}

function isEntry(value: Record<string, unknown>): value is Record<string, unknown> & JournalEntry {
  const { command, firstSentAtUnixMs } = value as Partial<JournalEntry>;
  return (
    typeof command === 'object' &&
    command !== null &&
    typeof command.id === 'string' &&
    typeof command.op === 'string' &&
    Number.isSafeInteger(firstSentAtUnixMs)
  );
}
