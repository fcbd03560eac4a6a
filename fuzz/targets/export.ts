import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ExportDamagedError, exportedMessages } from '../../events/export-read.ts';
import { verifyExport } from '../../events/export-verify.ts';
import type { StoredMessage } from '../../events/ledger.ts';
import type { Chance } from '../chance.ts';
import { isSame } from '../checks/same.ts';
import { changeBytes } from '../make/change-bytes.ts';
import { changeTree } from '../make/change-tree.ts';
import { genuineLog } from '../make/fixture.ts';
import { writeJson } from '../make/write-json.ts';
import { smallerBytes } from '../shrink.ts';
import { type FuzzInput, hold, type Target } from '../target.ts';

/** Exported logs, as `audit verify --file` and replays read them. */
export function openExportTarget(): Target {
  const folder = mkdtempSync(path.join(tmpdir(), 'bursar-fuzz-'));
  const file = path.join(folder, 'export.jsonl');
  return {
    name: 'export',
    about:
      'exported logs: verifying never throws; what is found to be in order is the genuine log, or a ' +
      'part of it from its beginning; replaying gives the messages or the error `export_damaged`',
    isWaiting: true,
    make: (chance: Chance) => ({ how: 'file', bytes: wildExport(chance) }),
    check: ({ bytes }: FuzzInput) => checkFile(file, bytes),
    smaller: smallerBytes,
    close: async () => rmSync(folder, { recursive: true }),
  };
}

function wildExport(chance: Chance): Uint8Array {
  const { text } = genuineLog();
  const lines = text.trimEnd().split('\n');
  for (let times = chance.upTo(2); times > 0; times -= 1) changeLines(lines, chance);
  if (chance.oneIn(2)) seal(lines);
  const end = chance.pick(['\n', '\n', '\n', '', '\r\n', '\n\n', '\u2028', '\u0000']);
  const bytes = new TextEncoder().encode(lines.join('\n') + end);
  return chance.oneIn(3) ? changeBytes(bytes, chance, 1) : bytes;
}

function changeLines(lines: string[], chance: Chance): void {
  if (lines.length === 0) return;
  const at = chance.upTo(lines.length - 1);
  const line = lines[at] as string;
  switch (chance.upTo(5)) {
    case 0:
      lines.splice(at, 1);
      return;
    case 1:
      lines.splice(chance.upTo(lines.length), 0, line);
      return;
    case 2:
      lines[at] = chance.pick(lines);
      return;
    case 3:
      lines.length = at;
      return;
    case 4:
      lines[at] = line.replace(/"data":"([^"]*)"/, (_, data: string) => {
        const changed = changeBytes(Buffer.from(data, 'base64'), chance, 1);
        return `"data":"${Buffer.from(changed).toString('base64')}"`;
      });
      return;
    default:
      lines[at] = writeJson(changeTree(parsed(line), chance, 1 + chance.skewed(2)));
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

/** Gives the lines a last one that fits them, as somebody would who altered them. */
function seal(lines: string[]): void {
  const body = lines.filter((line) => !line.startsWith('{"sha256":'));
  const hash = createHash('sha256');
  for (const line of body) hash.update(`${line}\n`);
  lines.splice(0, lines.length, ...body, `{"sha256":"${hash.digest('hex')}"}`);
}

async function checkFile(file: string, bytes: Uint8Array): Promise<void> {
  writeFileSync(file, bytes);
  const { publicKey, messages } = genuineLog();
  const reports = await verifyExport(file, { pinnedKeys: [publicKey], witnesses: [] });
  const replayed = await replay(file);
  const isInOrder = reports.every(({ ok }) => ok);
  hold(!isInOrder || replayed !== undefined, 'what is in order can be replayed');
  const ours = reports.find(({ shard }) => shard === 0);
  if (!isInOrder || replayed === undefined || ours === undefined) return;
  hold(isSealed(bytes), 'what is in order ends with the hash of its lines');
  const genuine = messages.slice(0, replayed.length).map(({ bytes: word }) => word);
  hold(
    isSame(
      replayed.map(({ bytes: word }) => word),
      genuine,
    ),
    'what is in order is the genuine log from its beginning',
  );
}

const FIRST_BEYOND_ASCII = 0x80;

/**
 * Counted once more: the last line names the hash of all before it. A character that is cut by the
 * end of the file is none, as for whoever reads lines: it is no part of what was exported.
 */
function isSealed(bytes: Uint8Array): boolean {
  const end = bytes.findLastIndex((byte) => byte < FIRST_BEYOND_ASCII) + 1;
  const text = new TextDecoder().decode(bytes.subarray(0, end));
  const lines = text.split(/\r\n|[\n\r]/);
  if (lines.at(-1) === '') lines.pop();
  const last = lines.pop() ?? '';
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${line}\n`);
  return (JSON.parse(last) as { sha256?: unknown }).sha256 === hash.digest('hex');
}

/** Undefined where it is refused. */
async function replay(file: string): Promise<StoredMessage[] | undefined> {
  const messages: StoredMessage[] = [];
  try {
    for await (const message of exportedMessages(file, 0)) messages.push(message);
    return messages;
  } catch (error) {
    if (error instanceof ExportDamagedError) return undefined;
    throw error;
  }
}
