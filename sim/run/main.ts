import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { Screen } from '../../cli/screen.ts';
import { coverageText, reportCoverage } from '../coverage/coverage-report.ts';
import { type Found, foundText, hunt } from '../mutants/hunt.ts';
import { MUTANTS } from '../mutants/mutants.ts';
import { problemsOf } from '../plan/check-plan.ts';
import { makePlan } from '../plan/make-plan.ts';
import { PLAN_VERSION, type Plan } from '../plan/plan.ts';
import { runCampaign, seedsFrom } from './campaign.ts';
import { historyText } from './history-text.ts';
import { Pool } from './pool.ts';
import type { RunReport } from './report.ts';
import { runPlan } from './run-plan.ts';
import { shrink } from './shrink.ts';
import { Summary } from './summary.ts';
import { failureText, summaryText } from './summary-text.ts';

interface Options {
  readonly seed?: number;
  readonly seeds?: readonly [number, number];
  readonly minutes?: number;
  readonly plan?: string;
  readonly mutants?: readonly string[] | true;
  readonly jobs: number;
  readonly stopAtFirst: boolean;
  readonly shrink: boolean;
  readonly save?: string;
  readonly verbose: boolean;
  readonly json: boolean;
}

const SEEDS_DEFAULT = [1, 100] as const;
const MUTANT_SEEDS_DEFAULT = [1, 500] as const;
/** Runs from which on it is told which situations were not reached. */
const RUNS_TO_TELL_GAPS = 100;
/** Plans that are run to find a shorter one. */
const SHRINK_TRIES_MAX = 400;
/** Failed seeds that are made shorter and shown. */
const SHRUNK_MAX = 3;
const WRONG_USE_EXIT_CODE = 2;
const INTERRUPTED_EXIT_CODE = 130;

const program = new Command('sim')
  .description(
    'Runs writers, clients and projections in a simulated world in which everything breaks, and ' +
      'holds every answer and balance against an independent model. One seed is one run.',
  )
  .option('--seed <n>', 'one run', numberOf)
  .option('--seeds <a..b>', 'these runs (default: 1..100)', rangeOf)
  .option('--minutes <m>', 'as many runs as fit into this time', minutesOf)
  .option('--mutants [names...]', 'whether deliberate bugs are found, within --seeds (1..500)')
  .option('--plan <file>', 'a kept run (JSON), such as those of test/fixtures/sim')
  .option('--jobs <n>', 'runs at the same time', numberOf, availableParallelism())
  .option('--stop-at-first', 'end at the first violation', false)
  .option('--no-shrink', 'do not look for a shorter history of what failed')
  .option('--save <folder>', 'keep shortened failing runs there')
  .option('--verbose', 'tell what happens in the run, with its times', false)
  .option('--json', 'print JSON alone', false)
  .addHelpText(
    'after',
    `
Examples:
  npm run sim -- --seed 42 --verbose     one run, told in full
  npm run sim -- --seeds 1..2000         the runs of the guarantee
  npm run sim -- --minutes 30            for half an hour
  npm run sim -- --mutants               whether deliberate bugs are found

Exit code 0: no violation. 1: a violation. 2: wrong use. 130: interrupted.`,
  )
  .action(main)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USE_EXIT_CODE));

// Whoever reads has seen enough.
process.stdout.on('error', () => process.exit());
await program.parseAsync();

async function main(options: Options): Promise<void> {
  const { stdout, stderr, env } = process;
  const screen = new Screen({ isJson: options.json, stdout, stderr, env });
  if (options.mutants !== undefined) return findMutants(screen, options);
  const stopping = new AbortController();
  const pool = new Pool();
  process.once('SIGINT', () => {
    stopping.abort();
    pool.kill();
  });
  const startedAtMs = performance.now();
  const summary = new Summary();
  const take = (report: RunReport) => {
    summary.add(report);
    if (report.violations.length > 0) screen.aside(failureText(report));
    const { runs, failed } = summary.totals;
    screen.progress(() => `seed ${report.seed}: ${runs} run, ${failed} failed`);
  };
  const plan = options.plan === undefined ? undefined : await readPlan(options.plan);
  if (options.verbose) {
    take(await runTold(screen, plan ?? makePlan(options.seed ?? SEEDS_DEFAULT[0])));
  } else if (plan !== undefined) {
    take(await pool.runPlan(plan));
  } else {
    const { minutes, jobs, stopAtFirst } = options;
    await runCampaign(pool, seedsOf(options), {
      jobs,
      stopsAtFirst: stopAtFirst,
      ...(minutes === undefined ? {} : { forMs: minutes * 60_000 }),
      signal: stopping.signal,
      onReport: take,
    });
  }
  if (options.shrink && !stopping.signal.aborted) {
    for (const report of summary.failed.slice(0, SHRUNK_MAX)) {
      await shorten(pool, screen, report, plan ?? makePlan(report.seed), options.save);
    }
  }
  await pool.close();
  const coverage = reportCoverage(summary.cells);
  const json = {
    ...summary.totals,
    coverage,
    faults: Object.fromEntries(summary.faults),
    failed: summary.failed,
  };
  screen.result(json, () => {
    const text = summaryText(summary, performance.now() - startedAtMs);
    // Few runs leave most out, which says nothing.
    if (summary.runCount < RUNS_TO_TELL_GAPS) return text;
    return `${text}\n${coverageText(coverage)}`;
  });
  if (stopping.signal.aborted) process.exitCode = INTERRUPTED_EXIT_CODE;
  else if (summary.failed.length > 0) process.exitCode = 1;
}

/** Runs a plan in this process and tells of everything that happens in it. */
async function runTold(screen: Screen, plan: Plan): Promise<RunReport> {
  screen.say(historyText(plan));
  return runPlan(plan, {
    onLine: ({ atMs, who, text }) => {
      screen.line({ atMs, who, text }, () => `${(atMs / 1000).toFixed(4)} s  ${who}: ${text}`);
    },
  });
}

/** Looks for the shortest history of what failed, shows it, and keeps it where that is asked for. */
async function shorten(
  pool: Pool,
  screen: Screen,
  report: RunReport,
  plan: Plan,
  folder: string | undefined,
): Promise<void> {
  const [first] = report.violations;
  let triesCount = 0;
  const stillFails = async (candidate: Plan) => {
    triesCount += 1;
    screen.progress(() => `seed ${report.seed}: looking for a shorter history, try ${triesCount}`);
    const { violations } = await pool.runPlan(candidate);
    return violations.some(({ rule }) => rule === first?.rule);
  };
  const { plan: shortest } = await shrink(plan, stillFails, SHRINK_TRIES_MAX);
  screen.aside(`the shortest history found after ${triesCount} tries:\n${historyText(shortest)}`);
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `seed-${report.seed}.json`);
  await writeFile(file, `${JSON.stringify(shortest, undefined, 1)}\n`);
  screen.aside(`kept as ${file}; again: npm run sim -- --plan ${file}`);
}

async function findMutants(screen: Screen, options: Options): Promise<void> {
  const names = options.mutants === true ? [] : (options.mutants ?? []);
  const chosen = MUTANTS.filter(({ name }) => names.length === 0 || names.includes(name));
  const unknown = names.find((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown !== undefined) {
    const known = MUTANTS.map(({ name }) => name).join(', ');
    program.error(`there is no mutant ${unknown}; there are ${known}`);
  }
  const found: Found[] = [];
  for (const mutant of chosen) {
    screen.progress(() => `${mutant.name}: looking for a seed that finds it`);
    const one = await hunt(mutant, options.seeds ?? MUTANT_SEEDS_DEFAULT, options.jobs);
    found.push(one);
    screen.say(foundText(one));
  }
  const missed = found.filter(({ by }) => by === null);
  screen.result(found, () => `${found.length - missed.length} of ${found.length} mutants found`);
  if (missed.length > 0) process.exitCode = 1;
}

async function readPlan(file: string): Promise<Plan> {
  let plan: Plan;
  try {
    plan = JSON.parse(await readFile(file, 'utf8')) as Plan;
  } catch (error) {
    return program.error(`${file} cannot be read as a plan: ${(error as Error).message}`);
  }
  if (plan.v !== PLAN_VERSION) {
    return program.error(`${file} is of version ${plan.v}; this simulator runs ${PLAN_VERSION}`);
  }
  const [problem] = problemsOf(plan);
  return problem === undefined ? plan : program.error(`${file} is no plan: ${problem}`);
}

function seedsOf({ seed, seeds, minutes }: Options): Iterable<number> {
  if (seed !== undefined) return seedsFrom(seed, seed);
  const [first, last] = seeds ?? SEEDS_DEFAULT;
  return minutes === undefined || seeds !== undefined ? seedsFrom(first, last) : seedsFrom(first);
}

function numberOf(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError(`'${text}' is no whole number from 0.`);
}

function minutesOf(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError(`'${text}' is no time.`);
}

function rangeOf(text: string): [number, number] {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  const range: [number, number] = [Number(first), Number(last)];
  if (first !== undefined && range[0] <= range[1]) return range;
  throw new InvalidArgumentError(`'${text}' is no range such as 1..100.`);
}
