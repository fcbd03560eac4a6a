import { encode } from '../events/codec.ts';
import { LIMITS } from '../events/limits.ts';
import type { Entry } from './entry.ts';
import { InvalidCommandError } from './errors.ts';

/** One message and the commands in it. */
export interface Packed {
  readonly entries: readonly Entry[];
  readonly op: string;
  readonly isBatch: boolean;
  readonly data: Uint8Array;
}

/** Their answers may be large: with others in one message they could exceed what fits in a reply. */
const ALONE: ReadonlySet<string> = new Set([
  'balance',
  'explain',
  'queue',
  'policy',
  'emergencies',
]);

/**
 * Takes commands off the front of the queue for one message: at most `countMax`, in at most 64 KiB,
 * no id twice. Commands that cannot be encoded fail.
 * @returns undefined when the queue is empty
 */
export function packMessage(queue: Entry[], countMax: number, nowMs: number): Packed | undefined {
  let count = countTogether(queue, countMax);
  while (count > 0) {
    const entries = queue.slice(0, count);
    const packed = pack(entries, nowMs);
    if (packed !== undefined && packed.data.byteLength <= LIMITS.requestBytesMax) {
      queue.splice(0, count);
      return packed;
    }
    if (packed === undefined) {
      failUnencodable(entries);
      count = countTogether(queue, countMax);
    } else if (count === 1) {
      failTooLarge(entries, packed.data.byteLength);
      count = countTogether(queue, countMax);
    } else {
      count = Math.floor(count / 2);
    }
  }
  return undefined;
}

/** How many from the front may travel together. Commands that are done leave the queue. */
function countTogether(queue: Entry[], countMax: number): number {
  if (queue.some((entry) => entry.isDone)) {
    queue.splice(0, queue.length, ...queue.filter((entry) => !entry.isDone));
  }
  let ids: Set<string | undefined> | undefined;
  let count = 0;
  for (const entry of queue) {
    if (count === countMax) break;
    const { op, id } = entry.command;
    if (ALONE.has(op)) return Math.max(count, 1);
    if (entry.isCallerId) {
      ids ??= new Set();
      if (ids.has(id)) break;
      ids.add(id);
    }
    count += 1;
  }
  return count;
}

/** undefined when something in it is not plain data. */
function pack(entries: readonly Entry[], nowMs: number): Packed | undefined {
  const commands = entries.map((entry) => entry.wireForm(nowMs));
  const [only] = commands;
  const isBatch = commands.length > 1;
  try {
    const data = encode(isBatch ? { op: 'batch', commands } : only);
    return { entries, op: isBatch ? 'batch' : (only?.op ?? ''), isBatch, data };
  } catch {
    return undefined;
  }
}

function failUnencodable(entries: readonly Entry[]): void {
  for (const entry of entries) {
    try {
      encode(entry.command);
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      entry.fail(new InvalidCommandError(entry.command.op, problem, cause));
    }
  }
}

function failTooLarge(entries: readonly Entry[], byteLength: number): void {
  for (const entry of entries) {
    const problem = `it has ${byteLength} bytes, at most ${LIMITS.requestBytesMax} are allowed`;
    entry.fail(new InvalidCommandError(entry.command.op, problem));
  }
}
