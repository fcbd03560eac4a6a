import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Progress } from './progress.ts';
import { findJson, findText, lineOf } from './report-text.ts';
import { problemOfInput, runTarget, type TargetReport } from './run-target.ts';
import type { Target } from './target.ts';
import { TARGETS } from './targets/all.ts';

/** What the command line asks for. */
interface FuzzOptions {
  readonly target: string;
  readonly seed?: string;
  readonly minutes?: number;
  readonly runs?: number;
  readonly json: boolean;
  readonly how?: string;
  readonly input?: string;
}

const MINUTES_DEFAULT = 1;
const MS_A_MINUTE = 60_000;
/** All targets take turns of this length, so that whoever ends it early has seen each of them. */
const TURN_MS = 5_000;
const INTERRUPTED_EXIT_CODE = 130;

const program = new Command('fuzz')
  .description(
    'Sends what nobody should send to everything that reads: never a crash, never a hang, never a ' +
      'balance changed by malformed input. Exit code 1 for a find.',
  )
  .addOption(
    new Option('--target <name>', 'what is to read it')
      .choices([...Object.keys(TARGETS), 'all'])
      .default('all'),
  )
  .option('--seed <text>', 'the same seed gives the same inputs (default: drawn)')
  .addOption(
    new Option('--minutes <n>', `how long, over all targets (default: ${MINUTES_DEFAULT})`)
      .argParser(positive)
      .conflicts('runs'),
  )
  .addOption(new Option('--runs <n>', 'how many inputs for each target').argParser(wholeNumber))
  .option('--json', 'print JSON alone', false)
  .option('--how <text>', 'how the --input is to be taken, as a find says')
  .option('--input <hex>', 'run this one input again; @FILE reads the hex from a file')
  .addHelpText('after', () => help())
  .action(fuzz);

await program.parseAsync();

async function fuzz(options: FuzzOptions): Promise<void> {
  const names = options.target === 'all' ? Object.keys(TARGETS) : [options.target];
  if (options.input !== undefined) return runOneInput(names, options.how ?? '', options.input);
  const seed = options.seed ?? String(randomInt(1_000_000_000));
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const progress = new Progress(options.json);
  progress.say(`seed ${seed}`);
  const reports = await runAll(names, seed, options, interrupted.signal, progress);
  progress.end();
  const finds = reports.flatMap((report) => report.finds);
  if (options.json) {
    const targets = reports.map((report) => ({ ...report, finds: report.finds.map(findJson) }));
    process.stdout.write(`${JSON.stringify({ seed, targets }, null, 2)}\n`);
  } else {
    for (const report of reports) process.stdout.write(`${lineOf(report)}\n`);
    for (const find of finds) process.stdout.write(`\n${findText(find, seed)}\n`);
  }
  if (finds.length > 0) process.exitCode = 1;
  else if (interrupted.signal.aborted) process.exitCode = INTERRUPTED_EXIT_CODE;
}

/** Lets the targets take turns until the time is over; with `runs`, each does its own at once. */
async function runAll(
  names: readonly string[],
  seed: string,
  { runs, minutes = MINUTES_DEFAULT }: FuzzOptions,
  signal: AbortSignal,
  progress: Progress,
): Promise<TargetReport[]> {
  const targets = await Promise.all(names.map((name) => openTarget(name)));
  const endsAtMs = performance.now() + minutes * MS_A_MINUTE;
  const reports = new Map<string, TargetReport>();
  try {
    do {
      for (const target of targets) {
        if (signal.aborted) break;
        const before = reports.get(target.name);
        const leftMs = Math.max(0, endsAtMs - performance.now());
        const report = await runTarget(target, {
          seed,
          signal,
          ...(before === undefined ? {} : { before }),
          ...(runs === undefined ? { forMs: Math.min(TURN_MS, leftMs) } : { runs }),
          onProgress: (report) => progress.show(report),
        });
        reports.set(target.name, report);
      }
    } while (runs === undefined && performance.now() < endsAtMs && !signal.aborted);
  } finally {
    await Promise.all(targets.map((target) => target.close?.()));
  }
  return [...reports.values()];
}

async function runOneInput(names: readonly string[], how: string, input: string): Promise<void> {
  const [name = ''] = names;
  if (names.length !== 1) program.error('--input needs --target');
  const hex = input.startsWith('@') ? readFileSync(input.slice(1), 'utf8').trim() : input;
  const target = await openTarget(name);
  try {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
    const problem = await problemOfInput(target, { how, bytes });
    process.stdout.write(`${problem === undefined ? 'every property holds' : problem.stack}\n`);
    if (problem !== undefined) process.exitCode = 1;
  } finally {
    await target.close?.();
  }
}

async function openTarget(name: string): Promise<Target> {
  const open = TARGETS[name];
  if (open === undefined) throw new Error(`there is no target ${name}`);
  return open();
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number above 0.');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('Give a whole number from 1.');
}

function help(): string {
  return `
Examples:
  npm run fuzz                                       one minute over all targets
  npm run fuzz -- --minutes 30 --seed nightly        longer, and the same again with the same seed
  npm run fuzz -- --target commands --runs 100000    one target, so many inputs
  npm run fuzz -- --target codec --how msgpack --input 81a16101
`;
}
