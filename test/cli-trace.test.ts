// alone, limit 400 s
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Json, runHere } from './cli-rig.ts';
import { assert, skip, suite } from './harness/suite.ts';

const traces = path.resolve(import.meta.dirname, '..', '..', 'shared', 'traces');
const report = mkdtempSync(path.join(tmpdir(), 'bursar-trace-'));
const test = suite('cli: recorded workloads of others through the demo', { timeoutMs: 180_000 });

test.after(() => rmSync(report, { recursive: true, force: true }));

/** The figures of `demo --trace`; skips where there is no such trace. */
async function demo(name: string, ...options: readonly string[]): Promise<Json> {
  const file = path.join(traces, name);
  if (!existsSync(file)) skip(`no ${file}`);
  const args = ['demo', '--trace', file, '--report', report, '--json', ...options];
  const { code, stdout } = await runHere(args, process.env);
  const figures = JSON.parse(stdout);
  assert.is(code, 0, JSON.stringify(figures.audit ?? figures));
  return figures;
}

/** What must hold of every drive, whatever its caps. */
function assertSound(figures: Json, rows: number): void {
  assert.is(figures.workload.rows, rows);
  assert.is(figures.rows.accounted, rows, 'every row has an outcome');
  assert.is(figures.admissionsAboveLimit, 0);
  assert.is(figures.audit.ok, true, 'the log is whole, and recounts to the same sums');
  assert.ok(figures.audit.limitsChecked > 1_000);
  assert.equal(figures.booksDiffer, []);
}

const capOf = (figures: Json, tier: string) =>
  figures.caps.find((cap: Json) => cap.tier === tier && cap.resource === 'credits');

test('37,267 steps of 1,500 runs with $1.00 a run and $100 a swarm', async () => {
  const figures = await demo('acr_steps.jsonl.gz');
  assertSound(figures, 37_267);
  assert.is(figures.workload.runs, 1_500);
  assert.ok(figures.rows.byOutcome.granted > 25_000);
  // Each call asks for more than it can use here, so nothing ends beyond a cap.
  for (const tier of ['run', 'swarm']) assert.is(capOf(figures, tier).bursar.over, 0, tier);
  assert.is(capOf(figures, 'swarm').checkThenCharge.over, 5);
});

test('with the runs capped alone, check-then-charge is beyond $1 in 191 runs, worst by 36.4 %', async () => {
  const figures = await demo('acr_steps.jsonl.gz', '--run-cap', '1.00');
  assertSound(figures, 37_267);
  const { bursar, checkThenCharge } = capOf(figures, 'run');
  assert.is(bursar.over, 0);
  assert.is(checkThenCharge.over, 191);
  assert.is(Math.round(checkThenCharge.worst.percent * 10), 364);
});

test('1,884 calls of 94 projects, with a model for the rows that name none', async () => {
  const figures = await demo('chatdev_calls.jsonl.gz', '--default-model', 'gpt-3.5-turbo');
  assertSound(figures, 1_884);
  assert.is(figures.workload.teams, 12);
  assert.is(figures.rows.byOutcome.skipped, 0);
});

test('5,680 runs in 20 pools: never more places taken than a pool has, every kill enforced', async () => {
  // The record's nine hours at this speed take half a minute.
  const figures = await demo('orca_tbench_runs.jsonl.gz', '--speed', '1000');
  assertSound(figures, 5_680);
  assert.is(figures.rows.byOutcome.skipped, 134, 'rows without any time');
  assert.is(figures.pools.length, 20);
  assert.equal(figures.poolsExceeded, []);
  for (const { path: pool, peak, slots } of figures.pools) assert.is(peak, slots, pool);
  const { ends, timedOut, overstayed } = figures.limits;
  assert.is(overstayed, 0, 'nobody outlives a limit');
  assert.is(timedOut, ends.killedTimedOut + ends.finishedTimedOut);
  assert.is(ends.killedTimedOut + ends.killedOther + ends.notBegun >= 1_987, true);
  assert.is(ends.killedOther, 0, 'of 1,987 that the record says were killed');
  const [high, , low] = figures.waits;
  assert.ok(high.p50Ms < low.p50Ms, `${high.p50Ms} and ${low.p50Ms}`);
});

test.run();
