import type { BursarEvent } from '../events/events.ts';
import { newRowIds } from '../workload/row.ts';
import { type DriveTrialsOptions, driveTrials } from '../workload/trials/drive-trials.ts';
import { parseTrial } from '../workload/trials/trial.ts';
import { planTrials } from '../workload/trials/trial-plan.ts';
import { TrialCount } from '../workload/trials/trial-recount.ts';
import { trialReport } from '../workload/trials/trial-report.ts';
import { trialReportText } from '../workload/trials/trial-report-text.ts';
import { DriveRig } from './drive-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new DriveRig();
const test = suite('workload: whole runs through a real governor', { timeoutMs: 60_000 });

test.before(() => rig.start());
test.after(() => rig.close());

const SPEED = 100;

/** Recorded times; the clock of the drive goes 100 times faster. */
function row(run: string, agentMs: number, more: object = {}) {
  const times = { t_ms: 0, setup_ms: 1_000, agent_ms: agentMs, total_ms: agentMs + 2_000 };
  return { swarm: 's', run, task: run.split('.')[0], ...times, ...more };
}

const killed = { failure_mode: 'agent_timeout' };

/** Drives rows as they would stand in a file, and recounts them from the log. */
async function drive(
  team: string,
  rows: readonly object[],
  options: Partial<DriveTrialsOptions> = {},
) {
  const ids = newRowIds();
  const at = { file: 'test', line: 1 };
  const parsed = rows.map((one) => parseTrial(JSON.stringify({ team, ...one }), at, ids));
  const plan = await planTrials(parsed);
  const governor = rig.access();
  const driven = await driveTrials({
    plan,
    governor,
    speed: SPEED,
    maxWaitMs: null,
    poolSlots: null,
    ...options,
  });
  const { recorded } = await rig.governor.log(team);
  const log = recorded.map(({ event }) => event).filter((event) => event.team === team);
  const count = new TrialCount(plan);
  for (const event of log) count.take(event);
  const named = { source: 'test', plan, speed: SPEED, admissionsAboveLimit: null };
  return { report: trialReport(named, driven, count.end()), log };
}

/** Runs in the order in which they got their places. */
function placesOf(log: readonly BursarEvent[]): string[] {
  return log.flatMap((event) => {
    const isPlace = event.type === 'AllocationGranted' && event.items['concurrency'] === 1;
    return isPlace ? [event.ask.path.split('/')[2] ?? ''] : [];
  });
}

test('R-13 T-20 places are never above the pool, agents end at their limit, each row has its end', async () => {
  const none = { t_ms: null, setup_ms: null, agent_ms: null, total_ms: null };
  const { report, log } = await drive(
    'trials',
    [
      row('x.1-of-3', 40_000, killed),
      row('x.2-of-3', 5_000),
      row('x.3-of-3', 5_000),
      row('y.1-of-3', 5_000),
      row('y.2-of-3', 30_000, killed),
      row('y.3-of-3', 5_000),
      row('z', 0, none),
    ],
    { poolSlots: 2 },
  );
  const [pool] = report.pools;
  assert.equal([pool?.slots, pool?.peak, pool?.trials], [2, 2, 6]);
  assert.equal(report.poolsExceeded, []);
  assert.is(report.workload.killed, 2);
  assert.is(report.limits.timedOut, 2);
  assert.is(report.limits.ends.killedTimedOut, 2);
  assert.is(report.limits.ends.finishedInTime, 4);
  assert.is(report.limits.overstayed, 0);
  assert.ok(report.limits.afterDeadlineRealMs.maxMs < 1_000);
  const { granted, queued_granted: queued, skipped } = report.rows.byOutcome;
  assert.equal([granted, queued, skipped, report.rows.addsUp], [2, 4, 1, true]);
  // 40 + 30 s of those that were killed, 20 s of the others, as recorded.
  assert.is(report.computeMs, 90_000);
  assert.equal(report.booksDiffer, []);
  const late = log.filter(({ type }) => type === 'LateSettled');
  assert.is(late.length, 2, 'the time of agents that were killed is booked afterwards');
  const text = trialReportText(report, { colours: false });
  assert.match(text, /2 agents timed out by the governor \(28\.6 % of the runs\)/);
  assert.match(text, /no pool ever had more places taken than it has/);
});

test('C-01 of those who wait, first tries get their places before repeats', async () => {
  const runs = ['a.2-of-2', 'b.2-of-2', 'c.1-of-2', 'd.2-of-2', 'e.1-of-2', 'f.1-of-2'];
  const rows = runs.map((run) => row(run, 10_000));
  const { report, log } = await drive('ranks', rows, { poolSlots: 1 });
  // One has the place and two wait for it: a; b and c; then d joins, then e, then f.
  const order = placesOf(log).map((run) => run.slice(0, 1));
  assert.equal(order, ['a', 'c', 'b', 'e', 'f', 'd']);
  const [high, low] = report.waits;
  assert.equal([high?.priority, low?.priority, high?.trials], ['high', 'low', 3]);
  assert.ok((high?.maxMs ?? 0) < (low?.maxMs ?? 0));
});

test('--max-wait: who waits longer than that is denied, and counted so', async () => {
  const rows = [row('a', 60_000), row('b', 60_000)];
  const { report } = await drive('impatient', rows, { poolSlots: 1, maxWaitMs: 10_000 });
  assert.is(report.rows.byOutcome.granted, 1);
  assert.equal(
    report.rows.reasons.map(({ outcome, reason }) => [outcome, reason]),
    [['denied', 'wait_timeout']],
  );
});

test('an interrupted drive counts the rest as not asked and gives back its places', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  const rows = ['a', 'b', 'c'].map((run) => row(run, 200_000));
  const { report, log } = await drive('broken', rows, { poolSlots: 1, signal: stop.signal });
  assert.is(report.rows.accounted, 3);
  const taken = placesOf(log).length;
  assert.ok(taken <= 1);
  assert.is(report.rows.byOutcome.not_asked, 3 - taken);
  const ended = log.filter(({ type }) => type === 'AllocationEnded').length;
  assert.is(ended, taken, 'nothing is held');
});

test.run();
