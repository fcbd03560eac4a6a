import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Counts, countOutcome, describeCounts } from './outcome.ts';
import { killGroup } from './process-group.ts';
import { type FileRun, runFile } from './run-file.ts';

const FILES_AT_ONCE = 2;
const FILE_LIMIT_MS = 180_000;
/** How long interrupted test files get to end by themselves. */
const INTERRUPT_GRACE_MS = 500;
const INTERRUPTED_EXIT_CODE = 130;

const USAGE = `npm test -- [pattern …] [--json] [--in FOLDER]

Runs every test/**/*.test.ts in a process of its own, two at a time; a pattern is a part of the path
(npm test -- ledger). The first line of a file may say how it wants to be run:
  // alone                 nothing else runs meanwhile
  // alone, limit 600 s    and it is killed after 600 s instead of ${FILE_LIMIT_MS / 1000}
  // limit 300 s
--json writes one JSON document to stdout and the lines to stderr.
--in FOLDER looks for test files there instead of in test/.
`;

type TestFile = { name: string; path: string; isAlone: boolean; limitMs: number };
type Finished = FileRun & { file: string; counts: Counts };

const runningPids = new Set<number>();

function findTestFiles(folder: string, patterns: string[]): TestFile[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => patterns.length === 0 || patterns.some((part) => path.includes(part)))
    .sort()
    .map((name) => readDirective(name, join(folder, name)));
}

function readDirective(name: string, path: string): TestFile {
  const [firstLine = ''] = readFileSync(path, 'utf8').split('\n', 1);
  const limit = /^\/\/ (?:alone, )?limit (\d+) s$/.exec(firstLine)?.[1];
  return {
    name,
    path,
    isAlone: /^\/\/ alone(?:,|$)/.test(firstLine),
    limitMs: limit === undefined ? FILE_LIMIT_MS : Number(limit) * 1000,
  };
}

async function runOne(file: TestFile, write: (text: string) => void): Promise<Finished> {
  let leaderPid = 0;
  const run = await runFile(file.path, file.limitMs, (pid) => {
    leaderPid = pid;
    runningPids.add(pid);
  });
  runningPids.delete(leaderPid);
  const finished = { ...run, file: file.name, counts: countOutcome(run.outcome) };
  write(describe(finished));
  return finished;
}

async function runInLanes(
  files: TestFile[],
  laneCount: number,
  write: (text: string) => void,
): Promise<Finished[]> {
  const waiting = [...files];
  const finished: Finished[] = [];
  const lane = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      finished.push(await runOne(file, write));
    }
  };
  await Promise.all(Array.from({ length: laneCount }, lane));
  return finished;
}

function describe({ file, counts, outcome, output, durationMs }: Finished): string {
  const mark = counts.failed > 0 ? 'FAIL' : 'ok  ';
  const testCount = counts.passed + counts.failed + counts.skipped;
  const shares = [`${testCount} ${testCount === 1 ? 'test' : 'tests'}`];
  if (counts.failed > 0) shares.push(`${counts.failed} failed`);
  if (counts.skipped > 0) shares.push(`${counts.skipped} skipped`);
  const seconds = (durationMs / 1000).toFixed(1);
  const lines = [`${mark} ${file}  ${shares.join(', ')}  ${seconds} s`];
  for (const test of outcome.tests) {
    if (test.status === 'skipped') lines.push(`       skipped ${test.name}: ${test.reason}`);
  }
  if (counts.failed > 0) {
    for (const problem of outcome.problems) lines.push(`       ${problem}`);
    lines.push(...output.split('\n').map((line) => `     │ ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function describeAsJson(finished: Finished[], total: Counts): string {
  const files = finished.map(({ file, outcome, durationMs }) => ({
    file,
    durationMs: Math.round(durationMs),
    ...outcome,
  }));
  return JSON.stringify({ ...total, files }, null, 2);
}

function addCounts(finished: Finished[]): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { counts } of finished) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

function stopOnSignal(signal: NodeJS.Signals): void {
  process.on(signal, () => {
    for (const pid of runningPids) killGroup(pid, 'SIGTERM');
    setTimeout(() => {
      for (const pid of runningPids) killGroup(pid, 'SIGKILL');
      process.exit(INTERRUPTED_EXIT_CODE);
    }, INTERRUPT_GRACE_MS);
  });
}

async function main(args: string[]): Promise<void> {
  const { values: options, positionals: patterns } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' }, json: { type: 'boolean' }, in: { type: 'string' } },
  });
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  const write = (text: string) => (options.json ? process.stderr : process.stdout).write(text);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) stopOnSignal(signal);

  const folder = options.in ?? fileURLToPath(new URL('..', import.meta.url));
  const files = findTestFiles(folder, patterns);
  const together = files.filter((file) => !file.isAlone);
  const alone = files.filter((file) => file.isAlone);
  const finished = await runInLanes(together, FILES_AT_ONCE, write);
  finished.push(...(await runInLanes(alone, 1, write)));

  const total = addCounts(finished);
  if (files.length === 0) write(`no test file fits ${patterns.join(' ')}\n`);
  if (options.json) process.stdout.write(`${describeAsJson(finished, total)}\n`);
  process.exitCode = total.failed > 0 || files.length === 0 ? 1 : 0;
  write(`${describeCounts(total)}\n`);
}

await main(process.argv.slice(2));
