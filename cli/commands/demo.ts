import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { budgetsFromOptions } from '../../workload/budget-options.ts';
import { bundledBudgets, bundledDescription, bundledRows } from '../../workload/bundled.ts';
import { planRows } from '../../workload/plan.ts';
import { isTrialFile } from '../../workload/trials/trial-file.ts';
import { type DriveTexts, driveSettings, withDriveOptions } from '../drive-options.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { contention } from '../scenarios/contention.ts';
import { emergency } from '../scenarios/emergency.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Runner, Session } from '../session.ts';
import { readTrialPlan, TRIAL_SPEED, trialSettings } from '../trial-options.ts';
import { readPlan } from './workload.ts';

type DemoTexts = DriveTexts & {
  readonly trace?: string;
  readonly scenario?: string;
  readonly keep?: boolean;
};

/** Stories by name. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  [contention.name]: contention,
  [emergency.name]: emergency,
};
/** Half an hour of recorded time in about a quarter of a minute. */
const BUNDLED_SPEED = 100;
/** Caps on a trace when none are given: tight enough to bind. */
const TRACE_CAPS = { runCap: '1.00', swarmCap: '100' } as const;

export function addDemo(program: Command, { run }: Runner): void {
  const command = program
    .command('demo')
    .description('all of it from nothing: a broker, a workload, a report; leaves nothing running');
  withDriveOptions(command, `${BUNDLED_SPEED}; max for --trace`)
    .option('--trace <file>', 'a recorded workload instead of the bundled one')
    .option('--scenario <name>', `a short story instead: ${Object.keys(SCENARIOS).join(', ')}`)
    .option('--keep', 'keep the data folder, to look at it with the other commands')
    .addHelpText(
      'after',
      `${examples('demo', 'demo --scenario contention', 'demo --trace steps.jsonl.gz', 'demo --trace steps.jsonl --run-cap 0.50 --keep')}\n\n` +
        'With --trace and no caps: $1.00 a run and $100 a swarm. A trace of whole runs (with agent_ms) is\n' +
        `driven ${TRIAL_SPEED} times as fast as recorded, in pools of as many places as it had at once.`,
    )
    .action(run(demo));
}

async function demo(session: Session, options: DemoTexts): Promise<ExitCode> {
  const { screen } = session;
  if (options.scenario !== undefined) {
    const scenario = scenarioOf(options);
    const { perform } = await import('../scenarios/perform.ts');
    return onOwnGovernor(session, options, (local) => perform(local, scenario, options.report));
  }
  if (options.trace !== undefined && (await isTrialFile(options.trace))) {
    return demoTrials(session, options, options.trace);
  }
  const { driveAndReport } = await import('../drive-and-report.ts');
  const job = await jobOf(session, options);
  screen.say(job.introduction);
  return onOwnGovernor(session, options, (local) =>
    driveAndReport(local, { ...job, isAudited: true }),
  );
}

/** A log of whole runs: places in pools and wall-time limits, nothing to price. */
async function demoTrials(session: Session, options: DemoTexts, source: string): Promise<ExitCode> {
  const { driveTrialsAndReport } = await import('../drive-trials-and-report.ts');
  const settings = trialSettings(options);
  const plan = await readTrialPlan(session.screen, source);
  session.screen.say(`Driving ${source} through a governor of its own.`);
  const job = { source, plan, settings, folder: options.report, isAudited: true };
  return onOwnGovernor(session, options, (local) => driveTrialsAndReport(local, job));
}

function scenarioOf({ scenario = '', trace }: DemoTexts): Scenario {
  const found = SCENARIOS[scenario];
  const known = Object.keys(SCENARIOS).join(', ');
  if (found === undefined) {
    throw new UsageError(`There is no scenario '${scenario}'.`, `Give one of: ${known}.`);
  }
  if (trace === undefined) return found;
  throw new UsageError('--scenario and --trace exclude each other.', 'Give one of them.');
}

/** Starts a broker and a writer in a folder of their own, works with them, and leaves nothing. */
async function onOwnGovernor(
  session: Session,
  { keep }: DemoTexts,
  work: (local: Session) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { screen, signal } = session;
  const { processLog, startGovernor } = await import('../local-governor.ts');
  const dataDir = await mkdtemp(path.join(tmpdir(), 'bursar-demo-'));
  const governor = await startGovernor({
    dataDir,
    port: 0,
    natsUrl: '',
    hasWriter: true,
    hasProjector: false,
    log: processLog(session.isVerbose ? 'stderr' : path.join(dataDir, 'bursar.log'), 'info'),
    tell: (words) => screen.progress(() => words),
  }).catch(async (error: unknown) => {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  try {
    await governor.writer?.ready();
    if (signal.aborted) return EXIT.interrupted;
    return await work({ ...session, dataDir, env: { ...session.env, NATS_URL: '' } });
  } finally {
    await governor.stop();
    if (keep) screen.say(`Kept: bursar up --data ${dataDir}`);
    else await rm(dataDir, { recursive: true, force: true });
  }
}

async function jobOf({ screen }: Session, options: DemoTexts) {
  const folder = options.report;
  const { trace } = options;
  if (trace === undefined) {
    const budgets = bundledBudgets();
    return {
      source: 'bundled workload',
      introduction: bundledDescription(),
      plan: await planRows(bundledRows()),
      settings: await driveSettings(options, { speed: BUNDLED_SPEED, budgets }),
      folder,
    };
  }
  const budgets = budgetsFromOptions(hasCaps(options) ? {} : TRACE_CAPS);
  return {
    source: trace,
    introduction: `Driving ${trace} through a governor of its own.`,
    plan: await readPlan(screen, trace, 'together'),
    settings: await driveSettings(options, { speed: 'max', budgets }),
    folder,
  };
}

function hasCaps(options: DemoTexts): boolean {
  return Object.keys(options).some((name) => /(Cap|ToolCalls|Concurrency)$/.test(name));
}
