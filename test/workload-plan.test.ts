import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type PlannedRun, planRows } from '../workload/plan.ts';
import { newRowIds, parseRow, type RowForm } from '../workload/row.ts';
import { readRows } from '../workload/row-file.ts';
import { assert, skip, suite } from './harness/suite.ts';

const test = suite('workload plan');
const traces = fileURLToPath(new URL('../../shared/traces/', import.meta.url));

const ids = newRowIds();
const rows = (forms: readonly RowForm[]) =>
  forms.map((form, i) => parseRow(JSON.stringify(form), { file: 'f.jsonl', line: i + 1 }, ids));
const base = { team: 't', swarm: 's', run: 'r' };

const shape = (run: PlannedRun | undefined) =>
  run?.steps.map((step) => [step.step, step.startMs, step.gapBeforeMs, step.durationMs]);

test('a row is completed at t_ms, so it starts its duration earlier', async () => {
  const plan = await planRows(
    rows([
      { ...base, step: 0, t_ms: 14_000, gap_ms: 8_000 },
      { ...base, step: 1, t_ms: 17_000, gap_ms: 3_000 },
      { ...base, step: 2, t_ms: 30_000, gap_ms: 13_000, duration_ms: 4_000 },
    ]),
  );
  const [run] = plan.runs;
  assert.equal(shape(run), [
    ['0', 0, 0, 8_000],
    ['1', 8_000, 0, 3_000],
    ['2', 20_000, 9_000, 4_000],
  ]);
  assert.equal([run?.path, run?.startMs, run?.endMs], ['t/s/r', 0, 24_000]);
  assert.equal([plan.spanMs, plan.rowCount, plan.peakOverlap], [24_000, 3, 1]);
});

test('runs keep their offsets, and the peak overlap is of runs under way', async () => {
  const plan = await planRows(
    rows([
      { ...base, run: 'a', t_ms: 1_000, gap_ms: 500 },
      { ...base, run: 'b', t_ms: 1_000, gap_ms: 1_000 },
      { ...base, run: 'b', t_ms: 5_000, gap_ms: 1_000 },
      { ...base, run: 'c', t_ms: 6_000, gap_ms: 1_000 },
    ]),
  );
  assert.equal(
    plan.runs.map((run) => [run.run, run.startMs, run.endMs]),
    [
      ['b', 0, 5_000],
      ['a', 500, 1_000],
      ['c', 5_000, 6_000],
    ],
  );
  assert.is(plan.peakOverlap, 2);
});

test('runs that follow one another at the same instant do not overlap', async () => {
  const plan = await planRows(
    rows([
      { ...base, run: 'a', t_ms: 1_000, gap_ms: 1_000 },
      { ...base, run: 'b', t_ms: 2_000, gap_ms: 1_000 },
    ]),
  );
  assert.is(plan.peakOverlap, 1);
});

test('steps that overlap in the record follow at once, and are counted', async () => {
  const plan = await planRows(
    rows([
      { ...base, t_ms: 10_000, duration_ms: 10_000 },
      { ...base, t_ms: 12_000, duration_ms: 11_000 },
      { ...base, t_ms: 13_000, duration_ms: 500 },
    ]),
  );
  assert.equal(shape(plan.runs[0]), [
    ['0', 0, 0, 10_000],
    ['1', 1_000, 0, 11_000],
    ['2', 12_500, 500, 500],
  ]);
  assert.is(plan.overlappingSteps, 1);
});

test('rows out of order are put in order of completion', async () => {
  const plan = await planRows(
    rows([
      { ...base, step: 'late', t_ms: 3_000 },
      { ...base, step: 'early', t_ms: 1_000 },
    ]),
  );
  assert.equal(shape(plan.runs[0]), [
    ['early', 0, 0, 0],
    ['late', 2_000, 2_000, 0],
  ]);
});

test('without any clock the steps of a run keep file order and follow at once', async () => {
  const plan = await planRows(
    rows([
      { ...base, step: 0 },
      { ...base, step: 1, duration_ms: 70 },
      { ...base, step: 2 },
    ]),
  );
  assert.equal(shape(plan.runs[0]), [
    ['0', 0, 0, 0],
    ['1', 0, 0, 70],
    ['2', 70, 0, 0],
  ]);
  assert.equal([plan.clocklessRuns, plan.peakOverlap, plan.runs[0]?.hasClock], [1, 0, false]);
});

test('a row without a time among timed ones stays in its place', async () => {
  const plan = await planRows(
    rows([
      { ...base, step: 'a' },
      { ...base, step: 'b', t_ms: 5_000, gap_ms: 1_000 },
      { ...base, step: 'c', duration_ms: 300 },
      { ...base, step: 'd', t_ms: 9_000, gap_ms: 1_000 },
    ]),
  );
  assert.equal(shape(plan.runs[0]), [
    ['a', 0, 0, 0],
    ['b', 0, 0, 1_000],
    ['c', 1_000, 0, 300],
    ['d', 4_000, 2_700, 1_000],
  ]);
});

test('a step name that comes back in its run gets a number; others keep theirs', async () => {
  const long = 'x'.repeat(64);
  const forms = ['7', '7', '7-2', '7', null, long, long].map((step) => ({ ...base, step }));
  const plan = await planRows(rows([...forms, { ...base, run: 'other', step: '7' }]));
  const names = plan.runs.map((run) => run.steps.map((step) => step.step));
  assert.equal(names, [['7', '7-2', '7-2-2', '7-3', '4', long, `${'x'.repeat(62)}-2`], ['7']]);
});

test('swarms are played together or one after the other', async () => {
  const forms = [
    { ...base, swarm: 'x', t_ms: 3_000, gap_ms: 1_000 },
    { ...base, swarm: 'y', t_ms: 10_000, gap_ms: 4_000 },
  ];
  const starts = async (swarmOrder: 'together' | 'one-after-another') =>
    (await planRows(rows(forms), { swarmOrder })).runs.map((run) => [run.swarm, run.startMs]);
  assert.equal(await starts('together'), [
    ['x', 0],
    ['y', 4_000],
  ]);
  assert.equal(await starts('one-after-another'), [
    ['x', 0],
    ['y', 1_000],
  ]);
});

test('no rows make an empty plan', async () => {
  const plan = await planRows([]);
  assert.equal([plan.runs.length, plan.rowCount, plan.spanMs, plan.peakOverlap], [0, 0, 0, 0]);
});

test('the 37,267-step trace becomes 1,500 closed loops with the overlap that its README states', async () => {
  if (!existsSync(traces)) skip('../shared/traces is absent');
  const plan = await planRows(readRows(`${traces}acr_steps.jsonl.gz`));
  assert.equal([plan.rowCount, plan.runs.length, plan.swarms.length], [37_267, 1_500, 5]);
  assert.equal([plan.clocklessRuns, plan.overlappingSteps], [0, 0]);
  for (const swarm of plan.swarms) {
    const alone = await planRows(
      plan.runs
        .filter((run) => `${run.team}/${run.swarm}` === swarm)
        .flatMap((run) => run.steps.map((step) => step.row)),
    );
    assert.ok(alone.peakOverlap >= 4 && alone.peakOverlap <= 8, `${swarm} ${alone.peakOverlap}`);
  }
  for (const run of plan.runs) {
    let atMs = run.startMs;
    for (const step of run.steps) {
      atMs += step.gapBeforeMs + step.durationMs;
      assert.is(step.startMs + step.durationMs, atMs, `${run.path}/${step.step}`);
    }
    assert.is(run.endMs, atMs);
  }
});

test('the other traces, without clocks or about whole runs, can be planned', async () => {
  if (!existsSync(traces)) skip('../shared/traces is absent');
  const counts: Record<string, readonly number[]> = {};
  for (const file of [
    'chatdev_calls',
    'sweagent_steps',
    'sweagent_runs',
    'orca_tbench_runs',
    'acr_runs',
    'chatdev_projects',
  ]) {
    const plan = await planRows(readRows(`${traces}${file}.jsonl.gz`));
    counts[file] = [plan.rowCount, plan.clocklessRuns];
  }
  assert.equal(counts, {
    chatdev_calls: [1_884, 0],
    sweagent_steps: [8_792, 826],
    sweagent_runs: [826, 826],
    orca_tbench_runs: [5_680, 134],
    acr_runs: [1_500, 1_500],
    chatdev_projects: [94, 94],
  });
});

test.run();
