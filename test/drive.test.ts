import { setTimeout as sleep } from 'node:timers/promises';
import type { BursarClient } from '../client/client.ts';
import { bundledBudgets, bundledRows } from '../workload/bundled.ts';
import { AlreadyDrivenError, TagError } from '../workload/drive-errors.ts';
import type { DriveProgress } from '../workload/drive-options.ts';
import { tagged } from '../workload/drive-tag.ts';
import { planRows } from '../workload/plan.ts';
import { call, caps, DriveRig, reportOf } from './drive-rig.ts';
import { assert, suite } from './harness/suite.ts';

const rig = new DriveRig();
const test = suite('workload: driven through a real governor', { timeoutMs: 60_000 });

test.before(async () => {
  await rig.start();
});
test.after(() => rig.close());

/** 1,000 tokens at 0.6 microcredits are held for a call of 300 microcredits. */
const HELD = 600;
const USED = 300;

test('every row of the bundled workload is accounted for, and the books agree', async () => {
  const plan = await planRows(bundledRows());
  const told: DriveProgress[] = [];
  const driven = await rig.drive([], {
    plan,
    budgets: bundledBudgets(),
    onProgress: (progress) => told.push(progress),
  });
  const report = reportOf(driven);
  assert.is(report.rows.accounted, plan.rowCount);
  assert.equal(report.booksDiffer, [], "the governor's books are the agents' sums");
  const runs = report.nodes.filter(({ path }) => path.split('/').length === 3);
  assert.is(runs.length, plan.runs.length, 'every run was opened, read and closed');
  for (const { path, caps: ceilings, peak, used } of report.nodes) {
    const cap = ceilings['credits'];
    const overrun = report.credits.overrun;
    if (cap === undefined) continue;
    assert.ok((used['credits'] ?? 0) <= cap + overrun, `${path} is above its cap`);
    assert.ok((peak['credits'] ?? 0) <= cap + overrun, `${path} held above its cap`);
  }
  assert.ok(report.emergencies.some(({ kind, path }) => kind === 'critical' && path === 'coders'));
  assert.is(driven.panels.length, 6);
  assert.ok((driven.panels[0]?.points.length ?? 0) > 100, 'the picture has a course');
  const last = told.at(-1);
  assert.is(last?.rowsDone, plan.rowCount);
  assert.is(last?.runsUnderWay, 0);
  const operator = await rig.client('coders');
  const { children } = await operator.balance('coders/batch-1');
  assert.equal(children, [], 'closed runs have left the memory of the governor');
  await operator.disconnect();
});

test('--on-deny end-run: a denied run asks no more, others go on', async () => {
  const rows = [1, 2, 3, 4].flatMap((n) => [
    call('ender', 'a', n * 2_000),
    call('ender', 'b', n * 2_000),
  ]);
  const budgets = { ...caps({}), paths: { 'ender/s/a': { credits: HELD + USED } } };
  const { rows: counted, booksDiffer } = reportOf(await rig.drive(rows, { budgets }));
  // After two calls 600 are spent, and 600 more do not fit into 900.
  assert.is(counted.byOutcome.granted, 2 + 4);
  assert.is(counted.byOutcome.denied, 1);
  assert.is(counted.byOutcome.not_asked, 1);
  assert.equal(booksDiffer, []);
  assert.equal(
    counted.reasons.map(({ outcome, reason, tier }) => [outcome, reason, tier]),
    [
      ['denied', 'insufficient_credits', 'run'],
      ['not_asked', 'run_ended', null],
    ],
  );
});

test('--on-deny skip: the run goes on with its next step', async () => {
  const dear = { max_tokens_out: 10_000 };
  const rows = [
    call('skipper', 'a', 1_000),
    call('skipper', 'a', 3_000, dear),
    call('skipper', 'a', 5_000),
  ];
  const budgets = caps({ run: { credits: 2_000 } });
  const { rows: counted } = reportOf(await rig.drive(rows, { budgets, onDeny: 'skip' }));
  assert.is(counted.byOutcome.granted, 2);
  assert.is(counted.byOutcome.denied, 1);
  assert.is(counted.byOutcome.not_asked, 0);
});

test('--on-deny retry: asks again until another has given back', async () => {
  const rows = [
    call('retrier', 'long', 20_000, { duration_ms: 20_000 }),
    call('retrier', 'late', 11_000, { duration_ms: 1_000 }),
  ];
  // Each alone fits; together only when the first has settled, 10 s of the record after the second asks.
  const budgets = caps({ team: { credits: HELD + USED } });
  const options = { budgets, speed: 100 } as const;
  const ended = reportOf(await rig.drive(rows, options));
  assert.is(ended.rows.byOutcome.denied, 1, 'without a retry it is denied');
  const again = rows.map((row) => ({ ...row, team: 'retrier2' }));
  const retried = reportOf(await rig.drive(again, { ...options, onDeny: 'retry' }));
  assert.is(retried.rows.byOutcome.granted, 2);
  assert.is(retried.rows.byOutcome.denied, 0);
  assert.ok(retried.requestTime.count > 2, 'each try is a decision');
});

test('capped slots are asked for with each call, and waited for', async () => {
  const rows = ['a', 'b', 'c'].flatMap((run) => [
    call('slots', run, 1_000),
    call('slots', run, 2_000),
  ]);
  const budgets = caps({ swarm: { concurrency: 1 } });
  const report = reportOf(await rig.drive(rows, { budgets, speed: 50 }));
  const { granted, queued_granted: queued } = report.rows.byOutcome;
  assert.is(granted + queued, 6);
  assert.ok(queued >= 2, `${queued} had to wait for the only slot`);
  assert.ok(report.queue.maxMs > 500, 'for about as long as another call took, as recorded');
  assert.is(report.nodes.find(({ path }) => path === 'slots/s')?.peak['concurrency'], 1);
});

test('speed divides every duration and pause, and the report speaks of recorded time', async () => {
  const rows = [call('paced', 'a', 2_000), call('paced', 'a', 9_000), call('paced', 'b', 5_000)];
  const startMs = performance.now();
  const { outcome } = await rig.drive(rows, { speed: 10 });
  const tookMs = performance.now() - startMs;
  // From the first start at 1 s to the last end at 9 s.
  assert.ok(outcome.elapsedMs >= 790, `${outcome.elapsedMs} ms is too fast`);
  assert.ok(tookMs < 3_000, `${tookMs} ms is too slow`);
  const panel = (
    await rig.drive(
      rows.map((row) => ({ ...row, team: 'paced2' })),
      { speed: 10 },
    )
  ).panels[0];
  const endMs = panel?.points.at(-1)?.atMs ?? 0;
  assert.ok(endMs > 7_900 && endMs < 20_000, `the course ends at ${endMs} ms`);
});

test('a lease shorter than the call is renewed while it lasts', async () => {
  const rows = [call('renewer', 'a', 90_000, { duration_ms: 90_000 })];
  const { outcome, tally } = await rig.drive(rows, { speed: 30 });
  assert.ok(outcome.elapsedMs > 2_900, 'longer than the lease of 2 s');
  assert.is(tally.count('granted'), 1);
  assert.equal(reportOf({ outcome, tally, panels: [] }).booksDiffer, []);
  const log = await rig.governor.log('renewer');
  const types = log.recorded
    .filter(({ event }) => event.team === 'renewer')
    .map(({ event }) => event.type);
  assert.ok(types.includes('LeaseRenewed'));
  assert.not.ok(types.includes('LateSettled'));
});

test('an interrupt settles what is held and counts the rest as not asked', async () => {
  const stop = new AbortController();
  const rows = [1, 2, 3].map((n) => call('stopped', 'a', n * 60_000, { duration_ms: 60_000 }));
  const onProgress = ({ runsUnderWay, elapsedMs }: DriveProgress) => {
    if (runsUnderWay === 1 && elapsedMs > 300) stop.abort();
  };
  const driven = await rig.drive(rows, { speed: 10, signal: stop.signal, onProgress });
  assert.is(driven.tally.count('granted'), 1);
  assert.is(driven.tally.count('not_asked'), 2);
  assert.equal(reportOf(driven).booksDiffer, []);
  const operator = await rig.client('stopped');
  const { liveAllocations, lines } = await operator.balance('stopped');
  assert.is(liveAllocations, 0);
  assert.is(lines.find(({ resource }) => resource === 'credits')?.spentTree, USED);
  await operator.disconnect();
});

test('a freeze while it runs: denials say so, and the rest is still accounted for', async () => {
  const rows = [1, 2, 3, 4, 5, 6].map((n) => call('frosty', 'a', n * 2_000));
  const driving = rig.drive(rows, { speed: 10 });
  const operator = await rig.client('frosty');
  await untilSpent(operator, 'frosty');
  await operator.freeze('frosty');
  const { rows: counted, emergencies } = reportOf(await driving);
  await operator.disconnect();
  assert.is(counted.accounted, 6);
  assert.ok(
    counted.reasons.some(({ reason }) => reason === 'frozen'),
    'frozen is a reason',
  );
  assert.ok(
    emergencies.some(({ path }) => path === 'frosty'),
    'and an emergency that was heard',
  );
});

test('rows that cannot be asked are skipped and say why; tools ask for a call', async () => {
  const rows = [
    call('odd', 'a', 1_000, { model: null }),
    call('odd', 'a', 2_000, { model: 'nobody-knows' }),
    { team: 'odd', swarm: 's', run: 'a', kind: 'tool', tool: 'grep', t_ms: 3_000 },
    { team: 'odd', swarm: 's', run: 'a', kind: 'human', t_ms: 4_000 },
  ];
  const report = reportOf(await rig.drive(rows, { budgets: caps({ run: { tool_calls: 1 } }) }));
  assert.is(report.rows.byOutcome.skipped, 3);
  assert.is(report.rows.byOutcome.granted, 1);
  assert.is(report.toolCalls.used, 1);
  assert.equal(report.booksDiffer, []);
});

test('a cost that nobody can believe is not booked, and nothing stays held', async () => {
  const rows = [call('wild', 'a', 1_000, { cost_usd: 5 }), call('wild', 'a', 3_000)];
  const report = reportOf(
    await rig.drive(rows, { budgets: caps({ team: { credits: 1_000_000 } }) }),
  );
  assert.is(report.credits.used, 0);
  assert.ok(report.rows.reasons.some(({ reason }) => reason === 'implausible_amount'));
  assert.is(report.rows.addsUp, true);
  assert.equal(report.booksDiffer, []);
  const operator = await rig.client('wild');
  assert.is((await operator.balance('wild')).liveAllocations, 0);
  await operator.disconnect();
});

test('a file is driven once more under a tag; without one it says what to do', async () => {
  const rows = [call('twice', 'a', 1_000)];
  await rig.drive(rows);
  const error = await rig.drive(rows).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, AlreadyDrivenError);
  assert.match((error as AlreadyDrivenError).advice, /--tag/);
  const first = await rig.drive([call('twice', 'a', 1_000, { swarm: 'other' })]);
  const again = tagged('two', await planOf(rows), {
    ...caps({}),
    paths: { 'twice/s': { credits: 900 } },
  });
  const second = await rig.drive([], again);
  assert.is(reportOf(second).rows.byOutcome.granted, 1);
  const node = second.outcome.nodes.find(({ path }) => path === 'twice/s-two');
  assert.is(node?.caps['credits'], 900, 'the budget goes with the name');
  const team = second.outcome.nodes.find(({ path }) => path === 'twice');
  assert.is(team?.used['credits'], USED, 'spend of earlier drives is not counted again');
  assert.is(first.outcome.nodes.length > 0, true);
  assert.throws(
    () => tagged('a b', again.plan, again.budgets),
    (thrown: Error) => thrown instanceof TagError,
  );
});

test('a governor that nobody serves ends the drive with an error', async () => {
  const error = await rig
    .drive([call('acme', 'a', 1_000)], {
      governor: {
        operatorOf: async () => {
          throw new Error('away');
        },
        agentOf: () => rig.client('acme'),
      },
    })
    .catch((thrown: Error) => thrown);
  assert.instance(error, Error);
  assert.is((error as Error).message, 'away');
});

/** Waits until something was spent on a team. */
async function untilSpent(operator: BursarClient, team: string): Promise<void> {
  for (;;) {
    const balance = await operator.balance(team).catch(() => undefined);
    if (balance?.lines.some(({ spentTree }) => spentTree > 0)) return;
    await sleep(20);
  }
}

async function planOf(rows: Parameters<DriveRig['drive']>[0]) {
  const { newRowIds, parseRow } = await import('../workload/row.ts');
  const ids = newRowIds();
  return planRows(rows.map((row) => parseRow(JSON.stringify(row), { file: 'test', line: 1 }, ids)));
}

test.run();
