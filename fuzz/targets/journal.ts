import { entryLine, headerLine, readJournal } from '../../client/journal-lines.ts';
import type { Chance } from '../chance.ts';
import { isSame } from '../checks/same.ts';
import { changeBytes } from '../make/change-bytes.ts';
import { changeTree } from '../make/change-tree.ts';
import { commandSample } from '../make/samples.ts';
import { writeJson } from '../make/write-json.ts';
import { type FuzzInput, hold, type Target } from '../target.ts';

const OWNER = { agent: 'wile', team: 'acme' };
const LINES_MAX = 6;

/** The settle journal of a client. */
export const journalTarget: Target = {
  name: 'journal',
  about:
    'settle journals: read as entries that can be sent and that are the same after they were ' +
    'written again, or refused with the line that is wrong; a torn end is left out',
  make: (chance: Chance) => {
    const lines = [writeJson(changeTree({ bursarSettles: 1, ...OWNER }, chance, rarely(chance)))];
    for (let left = chance.skewed(LINES_MAX); left > 0; left -= 1) lines.push(wildLine(chance));
    const text = `${lines.join('\n')}${chance.oneIn(8) ? '' : '\n'}`;
    const bytes = new TextEncoder().encode(text);
    return {
      how: 'file',
      bytes: chance.oneIn(4) ? changeBytes(bytes, chance, 1 + chance.skewed(4)) : bytes,
    };
  },
  check: ({ bytes }: FuzzInput) => {
    const content = read(bytes);
    if (content === undefined) return;
    const { entries, wholeBytes } = content;
    hold(wholeBytes <= bytes.length, 'no more is whole than there is');
    hold(wholeBytes === 0 || bytes[wholeBytes - 1] === 0x0a, 'what is whole ends with a line');
    hold(isSame(read(bytes.subarray(0, wholeBytes)), content), 'the torn end makes no difference');
    for (const [id, { command, firstSentAtUnixMs }] of entries) {
      hold(id === command.id && typeof command.op === 'string', 'an entry has an id and an op');
      hold(Number.isSafeInteger(firstSentAtUnixMs), 'an entry has a time that can be counted with');
    }
    const written = headerLine(OWNER) + [...entries.values()].map(entryLine).join('');
    const again = read(new TextEncoder().encode(written));
    hold(again !== undefined, 'a journal that is written again can be read');
    hold(isSame([...again.entries], [...entries]), 'a journal is the same when written again');
  },
};

/** Undefined where it is refused in the words of the journal. */
function read(bytes: Uint8Array) {
  try {
    return readJournal(Buffer.from(bytes), OWNER);
  } catch (error) {
    const isOurs =
      error instanceof Error &&
      error.constructor === Error &&
      /^line \d+ is|^it is no settle journal|^it belongs to/.test(error.message);
    if (!isOurs) throw error;
    return undefined;
  }
}

function wildLine(chance: Chance): string {
  const command = { id: 'a', ...commandSample(chance) };
  const line = chance.oneIn(5)
    ? { done: chance.oneIn(2) ? command.id : 'b' }
    : { command, firstSentAtUnixMs: 1_764_000_000_000 };
  return writeJson(changeTree(line, chance, rarely(chance)));
}

function rarely(chance: Chance): number {
  return chance.oneIn(3) ? 1 + chance.skewed(3) : 0;
}
