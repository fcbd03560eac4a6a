// alone, limit 240 s
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { crashPlan } from '../sim/plan/crash-points.ts';
import { makePlan } from '../sim/plan/make-plan.ts';
import type { Plan } from '../sim/plan/plan.ts';
import { runCampaign, seedsFrom } from '../sim/run/campaign.ts';
import { Pool } from '../sim/run/pool.ts';
import { runPlan } from '../sim/run/run-plan.ts';
import { Summary } from '../sim/run/summary.ts';
import { failureText } from '../sim/run/summary-text.ts';
import { assert, suite } from './harness/suite.ts';

const FIXTURES = path.join(import.meta.dirname, 'fixtures/sim');
const JOBS = 2;
const SEEDS = 100;
/** The small run takes fewer steps than this. */
const CRASH_POINTS_MAX = 300;

const test = suite('simulator');
test.timeout(150_000);
const pool = new Pool();
test.after(() => pool.close());

for (const file of readdirSync(FIXTURES).sort()) {
  const plan = JSON.parse(readFileSync(path.join(FIXTURES, file), 'utf8')) as Plan;
  test(`a bug that was found stays away: ${plan.theme} (${file})`, async () => {
    const report = await pool.runPlan(plan);
    assert.equal(report.violations, []);
    assert.ok(report.commandCount > 0);
  });
}

test('one seed is one run: twice the same plan, twice the same digest', async () => {
  for (const seed of [3, 7, 19]) {
    const once = await runPlan(makePlan(seed));
    const again = await pool.runSeed(seed);
    assert.is(again.digest, once.digest, `seed ${seed}`);
  }
});

for (const side of ['before', 'after'] as const) {
  test(`S §6.9 a writer crashes ${side} each operation of a small run, one at a time`, async () => {
    let isOver = false;
    let crashes = 0;
    let next = 1;
    const work = async () => {
      while (!isOver && next <= CRASH_POINTS_MAX) {
        const count = next++;
        const { violations, faults } = await pool.runPlan(crashPlan({ count, side }));
        assert.equal(violations, [], `operation ${count}`);
        if (faults['crashWriter'] === undefined) isOver = true;
        else crashes += 1;
      }
    };
    await Promise.all(Array.from({ length: JOBS }, work));
    assert.ok(isOver, 'the run has an end');
    assert.ok(crashes > 80, `${crashes} operations`);
  });
}

test(`INV-1 to INV-16: ${SEEDS} seeds without a violation`, async () => {
  const summary = new Summary();
  await runCampaign(pool, seedsFrom(1, SEEDS), {
    jobs: JOBS,
    stopsAtFirst: false,
    signal: new AbortController().signal,
    onReport: (report) => summary.add(report),
  });
  assert.is(summary.failed.map(failureText).join('\n'), '');
  assert.is(summary.runCount, SEEDS);
  assert.ok(summary.totals.commandsMedian >= 500, `${summary.totals.commandsMedian} commands`);
  assert.ok(summary.faults.size > 20, 'many kinds of faults happened');
});

test.run();
