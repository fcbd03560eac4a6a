import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathsIn } from '../broker/data-folder.ts';

/**
 * Turns over one bit of `text`, an ASCII string that stands inside a stored event, in the files of a
 * stopped broker's store. Throws unless exactly one file holds it.
 */
export function flipBitOfText(dataDir: string, shard: number, text: string): void {
  let flips = 0;
  for (const file of storeFiles(dataDir, shard)) {
    const at = readFileSync(file).indexOf(text);
    if (at === -1) continue;
    flipBit(file, at);
    flips += 1;
  }
  if (flips !== 1) throw new Error(`"${text}" stands in ${flips} files of the store`);
}

/** Turns over one bit in the middle of the oldest file, which is sealed and compressed by then. */
export function flipBitOfOldestFile(dataDir: string, shard: number): void {
  const [oldest, ...more] = storeFiles(dataDir, shard);
  if (oldest === undefined || more.length === 0) throw new Error('no file is sealed yet');
  flipBit(oldest, Math.floor(readFileSync(oldest).length / 2));
}

/** A stream's message files, oldest first. */
function storeFiles(dataDir: string, shard: number): string[] {
  const { store } = pathsIn(dataDir);
  const folder = path.join(store, 'LEDGER', 'streams', `LEDGER_${shard}`, 'msgs');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.blk'))
    .sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10))
    .map((name) => path.join(folder, name));
}

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
