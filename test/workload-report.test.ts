import { stripVTControlCharacters } from 'node:util';
import { countText, durationText, percentText, shareText } from '../workload/number-text.ts';
import type { RowOutcome } from '../workload/outcome.ts';
import { timeSpreadOf } from '../workload/outcome.ts';
import { workloadReport } from '../workload/report.ts';
import { reportText } from '../workload/report-text.ts';
import { RowTally } from '../workload/row-tally.ts';
import { assert, suite } from './harness/suite.ts';
import { type Sample, sampleOutcome } from './workload-sample.ts';

const test = suite('workload report');
let sample: Sample;

test.before(async () => {
  sample = await sampleOutcome();
});

const row = (changes: Partial<RowOutcome>): RowOutcome => ({
  path: 't/s/r/1',
  outcome: 'granted',
  reason: null,
  shortTier: null,
  waitMs: 0,
  asked: {},
  held: {},
  used: {},
  ...changes,
});

function tallyOf(rows: readonly Partial<RowOutcome>[]): RowTally {
  const tally = new RowTally();
  for (const changes of rows) tally.add(row(changes));
  return tally;
}

test('Q-03 held but unspent and overrun are summed apart, never against each other', () => {
  const tally = tallyOf([
    { asked: { credits: 100 }, held: { credits: 100 }, used: { credits: 40 } },
    { asked: { credits: 50 }, held: { credits: 50 }, used: { credits: 80 } },
    { asked: { credits: 70 }, outcome: 'denied', reason: 'insufficient_credits' },
    { asked: { tool_calls: 1 }, held: { tool_calls: 1 }, used: { tool_calls: 1 } },
  ]);
  assert.equal(tally.sumsOf('credits'), {
    asked: 220,
    held: 150,
    used: 120,
    unspent: 60,
    overrun: 30,
  });
  assert.is(tally.sumsOf('tool_calls').used, 1);
  assert.is(tally.sumsOf('memory').used, 0);
});

test('use adds up on team, swarm and run', () => {
  const tally = tallyOf([
    { path: 't/s/a/1', used: { credits: 1 } },
    { path: 't/s/b/1', used: { credits: 2 } },
    { path: 't/x/a/1', used: { credits: 4, tool_calls: 1 } },
  ]);
  assert.equal(Object.fromEntries(tally.usedByPath()), {
    t: { credits: 7, tool_calls: 1 },
    't/s': { credits: 3 },
    't/s/a': { credits: 1 },
    't/s/b': { credits: 2 },
    't/x': { credits: 4, tool_calls: 1 },
    't/x/a': { credits: 4, tool_calls: 1 },
  });
});

test('reasons are counted by outcome, code and tier, the most frequent first', () => {
  const short = { outcome: 'denied', reason: 'insufficient_credits' } as const;
  const tally = tallyOf([
    { ...short, shortTier: 'run' },
    { outcome: 'skipped', reason: 'no_model' },
    { ...short, shortTier: 'swarm' },
    { ...short, shortTier: 'run', waitMs: 20 },
    { outcome: 'queued_granted', waitMs: 10 },
  ]);
  assert.equal(
    tally.reasons().map(({ reason, tier, rows }) => [reason, tier, rows]),
    [
      ['insufficient_credits', 'run', 2],
      ['no_model', null, 1],
      ['insufficient_credits', 'swarm', 1],
    ],
  );
  assert.equal(tally.waits(), { count: 2, p50Ms: 10, p95Ms: 20, p99Ms: 20, maxMs: 20 });
});

test('granted + denied + not asked + skipped = rows, and a row too few is said aloud', () => {
  const { outcome, tally } = sample;
  const report = workloadReport(outcome, tally);
  const { byOutcome } = report.rows;
  const sum = Object.values(byOutcome).reduce((a, b) => a + b, 0);
  assert.equal([sum, report.rows.accounted, report.rows.addsUp], [3_125, 3_125, true]);
  assert.match(reportText(report, { colours: false }), /= every one of the 3,125 rows/);
  const workload = { ...outcome.workload, rows: 3_126 };
  const short = workloadReport({ ...outcome, workload }, tally);
  assert.is(short.rows.addsUp, false);
  assert.match(reportText(short, { colours: false }), /≠ 3,126 rows: the books .* are wrong/);
});

test('both methods stand side by side for each cap', () => {
  const { caps } = workloadReport(sample.outcome, sample.tally);
  assert.equal(
    caps.map(({ tier, resource }) => [tier, resource]),
    [
      ['team', 'credits'],
      ['swarm', 'credits'],
      ['run', 'credits'],
    ],
  );
  for (const { bursar, checkThenCharge } of caps) {
    assert.is(bursar?.over, 0);
    assert.ok((checkThenCharge?.over ?? 0) > 0);
  }
  const lean = { ...sample.outcome, nodes: [] };
  const [first] = workloadReport(lean, sample.tally).caps;
  assert.equal([first?.tier, first?.bursar], ['team', null]);
});

test('books that differ from what the agents settled are named', () => {
  const { outcome, tally } = sample;
  assert.equal(workloadReport(outcome, tally).booksDiffer, []);
  const nodes = outcome.nodes.map((node) =>
    node.path === 'coders' ? { ...node, used: { ...node.used, credits: 1 } } : node,
  );
  const report = workloadReport({ ...outcome, nodes }, tally);
  assert.equal(report.booksDiffer, ['coders']);
  assert.match(reportText(report, { colours: false }), /1 node where .* differ: coders/);
});

test('the text has every part, and no colours unless they are asked for', () => {
  const report = workloadReport(sample.outcome, sample.tally);
  const plain = reportText(report, { colours: false });
  for (const part of [
    /^bundled workload: 3,125 steps of 203 runs in 27 swarms of 3 teams$/m,
    /^Rows$/m,
    /not enough credits \(run\)/,
    /\$20\.00/,
    /check, then charge/,
    /held but unspent/,
    /admissions that passed a limit: 0/,
    /nobody had to wait/,
    /1 notice, 1 warning, 1 critical, 1 exhausted/,
    /6,250 decisions, 1,250 a second/,
    /prices: genai-prices@/,
  ]) {
    assert.match(plain, part);
  }
  assert.is(plain, stripVTControlCharacters(plain));
  for (const line of plain.split('\n')) assert.ok(line.length <= 100, line);
  const coloured = reportText(report, { colours: true });
  assert.not.equal(coloured, plain);
  assert.is(stripVTControlCharacters(coloured), plain);
});

test('a workload in which nothing was refused, capped or spent is reported too', () => {
  const { outcome } = sample;
  const report = workloadReport(
    {
      ...outcome,
      workload: { ...outcome.workload, rows: 1, runs: 1, swarms: 1, teams: 1 },
      nodes: [],
      emergencies: [],
      elapsedMs: 0,
      admissionsAboveLimit: null,
      requestTime: timeSpreadOf([]),
      checkThenCharge: { ...outcome.checkThenCharge, caps: [], used: {} },
      preemptions: { requested: 2, taken: 1, requeued: 1 },
    },
    tallyOf([{}]),
  );
  const text = reportText(report, { colours: false });
  assert.match(text, /1 step of 1 run in 1 swarm of 1 team$/m);
  assert.match(text, /no caps on what can be spent/);
  assert.match(text, /2 allocations asked to yield, 1 taken, 1 put back/);
  assert.not.match(text, /NaN|undefined|Infinity/);
});

test('the report is JSON and comes back the same', () => {
  const report = workloadReport(sample.outcome, sample.tally);
  assert.equal(JSON.parse(JSON.stringify(report)), report);
});

test('numbers for people', () => {
  assert.equal([0, 999, 1_000, 37_267, 1_234_567].map(countText), [
    '0',
    '999',
    '1,000',
    '37,267',
    '1,234,567',
  ]);
  assert.equal([0.01, 36.399, 99.99, 100].map(percentText), [
    '< 0.1 %',
    '36.4 %',
    '> 99.9 %',
    '100.0 %',
  ]);
  assert.is(shareText(0, 0), '–');
  assert.equal(
    [0.5, 12.4, 900, 61_000, 119_700, 3_599_800, 7_300_000, 200_000_000].map(durationText),
    ['0.50 ms', '12 ms', '900 ms', '1 min 1 s', '2 min 0 s', '1 h 0 min', '2 h 1 min', '2 d 7 h'],
  );
});

test('a spread is by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(timeSpreadOf(hundred), { count: 100, p50Ms: 50, p95Ms: 95, p99Ms: 99, maxMs: 100 });
  assert.equal(timeSpreadOf([]), { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 });
});

test.run();
