import { Command, InvalidArgumentError } from 'commander';
import { measureDecisionCost } from './decision-cost.ts';
import { measureInProcess } from './in-process.ts';
import { invariantsTextOf, measureInvariants } from './invariants.ts';
import { runPeers } from './peers.ts';
import { measurePoint, type Point } from './point.ts';
import { type BenchReport, machineOf, oneCallerRatioOf, versionsOf } from './report.ts';
import { type BenchRig, startRig } from './rig.ts';
import { measureStop } from './stop.ts';
import { stopTableOf } from './stop-table.ts';
import { tableOf } from './table.ts';

/** What the command line asks for. */
interface BenchOptions {
  readonly callers: readonly number[];
  readonly seconds: number;
  readonly teams: number;
  readonly json: boolean;
  readonly peers: boolean;
  readonly invariants: boolean;
  readonly stop: boolean;
  readonly agents: number;
  readonly allocations: number;
  readonly rounds: number;
  readonly data?: string;
  readonly profile?: string;
}

/** Load before the first point, so that compilers and caches are warm. */
const WARM_UP = { callers: 64, seconds: 2 } as const;
const IN_PROCESS_SECONDS_MAX = 3;

const program = new Command('bench')
  .description('Durable request + settle pairs over NATS, beside the least that NATS itself costs.')
  .option(
    '--callers <list>',
    'numbers of callers, each with its next pair after its last',
    countsOf,
    [1, 16, 64, 256, 1024],
  )
  .option('--seconds <n>', 'time of each point', secondsOf, 6)
  .option('--teams <n>', 'teams over which the callers spread; one connection each', countOf, 1)
  .option('--json', 'print JSON alone', false)
  .option('--peers', 'also run Redis and PostgreSQL on the same work', false)
  .option(
    '--invariants',
    'measure what the invariants cost instead: with and without in turns',
    false,
  )
  .option('--stop', 'measure instead how fast a swarm is stopped', false)
  .option('--agents <n>', 'with --stop: agents that hold allocations', countOf, 100)
  .option('--allocations <n>', 'with --stop: live allocations in the swarm', countOf, 10_000)
  .option('--rounds <n>', 'with --stop: rounds of either kind', countOf, 3)
  .option('--data <dir>', 'where the temporary data folder is made (default: the system’s)')
  .option('--profile <dir>', 'leave CPU profiles of writer and load there')
  .action(bench);

await program.parseAsync();

async function bench(options: BenchOptions): Promise<void> {
  process.once('SIGINT', () => process.exit(130));
  const say = (word: string) => process.stderr.write(`${word}\n`);
  if (options.invariants) {
    const costs = await measureInvariants(options.seconds, say, options.data);
    const text = options.json ? JSON.stringify(costs, null, 2) : invariantsTextOf(costs);
    process.stdout.write(`${text}\n`);
    return;
  }
  if (options.stop) {
    const report = await measureStop(options, say);
    process.stdout.write(
      `${options.json ? JSON.stringify(report, null, 2) : stopTableOf(report)}\n`,
    );
    if (report.log.admittedBelow.length > 0) process.exitCode = 1;
    return;
  }
  say('In process …');
  const inProcessSeconds = Math.min(options.seconds, IN_PROCESS_SECONDS_MAX);
  const inProcess = measureInProcess(inProcessSeconds);
  say('In process, among 100,000 that wait …');
  const decisionCost = measureDecisionCost(inProcessSeconds);
  say('Starting broker, writer, echo and load …');
  const rig = await startRig(options.teams, options.data, options.profile);
  let report: BenchReport;
  try {
    report = { ...(await measure(rig, options, say)), inProcess, decisionCost };
  } finally {
    await rig.close();
  }
  if (options.peers) {
    say('Peers …');
    const peers = await runPeers(options.teams, options.callers, options.seconds);
    report = { ...report, peers };
  }
  process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : tableOf(report)}\n`);
}

async function measure(
  rig: BenchRig,
  { callers, seconds, teams }: BenchOptions,
  say: (word: string) => void,
): Promise<Omit<BenchReport, 'inProcess' | 'decisionCost'>> {
  await rig.load.ask('pairs', { ...WARM_UP, seconds: Math.min(WARM_UP.seconds, seconds) });
  const points: Point[] = [];
  for (const count of callers) {
    say(`${count} caller(s) …`);
    points.push(await measurePoint(rig, count, seconds));
  }
  const oneCallerRatio = oneCallerRatioOf(points);
  return {
    versions: versionsOf(rig.broker.version),
    machine: machineOf(rig.broker.dataDir),
    settings: {
      syncInterval: 'always',
      replicas: 1,
      shards: rig.broker.shards,
      teams,
      tiers: 4,
      echoBytes: rig.echoBytes,
      publishBytes: 512,
      secondsPerPoint: seconds,
    },
    points,
    ...(oneCallerRatio === undefined ? {} : { oneCallerRatio }),
  };
}

function countsOf(text: string): number[] {
  return text.split(',').map(countOf);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return count;
  throw new InvalidArgumentError('Give whole numbers from 1 to 10000.');
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.3 && seconds <= 600) return seconds;
  throw new InvalidArgumentError('Give 0.3 to 600 seconds.');
}
