import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pc from 'picocolors';
import { toHex } from '../events/signing.ts';
import type { Find, TargetReport } from './run-target.ts';

/** A longer input is not printed but put into a file: shells take no such arguments. */
const HEX_LENGTH_MAX = 2_000;

/** One line of what a target has done so far. */
export function lineOf({ target, runs, elapsedMs, slowestMs, finds }: TargetReport): string {
  const perSecond = Math.round((runs / Math.max(1, elapsedMs)) * 1_000);
  const found = finds.length === 0 ? pc.green('nothing found') : pc.red(`${finds.length} found`);
  return (
    `${target.padEnd(12)} ${String(runs).padStart(9)} runs  ${String(perSecond).padStart(6)}/s  ` +
    `slowest ${slowestMs.toFixed(0)} ms  ${found}`
  );
}

/** What was found, the smallest input for it, and how to run that again. */
export function findText(find: Find, seed: string): string {
  const { target, run, problem, input, firstBytes, stack } = find;
  const { bytes, how } = input;
  return [
    pc.red(`${target}: ${problem}`),
    `  run ${run} of seed ${seed}; ${bytes.length} bytes (of ${firstBytes}) taken as '${how}':`,
    `  ${shortHex(bytes)}`,
    '  run it again with',
    `  npm run fuzz -- --target ${target} --how '${how}' --input ${inputArgument(find)}`,
    stack,
  ].join('\n');
}

/** The same for programs. */
export function findJson(find: Find): object {
  const { input, ...rest } = find;
  return { ...rest, how: input.how, hex: toHex(input.bytes) };
}

function shortHex(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  return hex.length <= HEX_LENGTH_MAX ? hex : `${hex.slice(0, HEX_LENGTH_MAX)}…`;
}

function inputArgument({ target, run, input }: Find): string {
  const hex = toHex(input.bytes);
  if (hex.length <= HEX_LENGTH_MAX) return hex === '' ? "''" : hex;
  const folder = path.join(tmpdir(), 'bursar-fuzz');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${target}-${run}.hex`);
  writeFileSync(file, hex);
  return `@${file}`;
}
