import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judgeRecord } from '../conformance/judge-record.ts';
import type { Difference, ScenarioRecord } from '../conformance/verdict.ts';
import { assert, suite } from './harness/suite.ts';

const root = path.resolve(import.meta.dirname, '..');

const runner = suite('conformance: the runner');

const base = { title: 'made for this test', adopt: 'same', family: 'tiers' };
const tier = (id: string, limit: number) => ({ id, limit });
const reserve = (id: string, tiers: readonly string[], amount: unknown, more: object = {}) => ({
  op: 'reserve',
  id,
  tiers,
  amount,
  ...more,
});
const fits = {
  ...base,
  id: 'fits',
  setup: { tiers: [tier('team', 10)] },
  operations: [reserve('a', ['team'], 4)],
  expected: [
    { step: 0, result: 'reserved', reserved: 4 },
    { after_step: 0, tiers: { team: { held: 4, remaining: 6 } } },
  ],
};

/** Where a record fails. */
async function differencesOf(record: ScenarioRecord): Promise<readonly Difference[]> {
  const verdict = await judgeRecord(record);
  return verdict.status === 'failed' ? verdict.differences : [];
}

const placesOf = async (record: ScenarioRecord) =>
  (await differencesOf(record)).map(({ at, observed }) => `${at}: ${observed}`);

runner('a record passes when all that it expects is so', async () => {
  assert.equal(await judgeRecord(fits), { status: 'passed' });
});

runner('each thing that is not so is told with both sides', async () => {
  const expected = [
    { step: 0, result: 'denied', reserved: 5 },
    { after_step: 0, tiers: { team: { held: 5, remaining: 6 } } },
  ];
  const found = await differencesOf({ ...fits, expected } as ScenarioRecord);
  assert.equal(
    found.map(({ at, expected: wanted }) => [at, wanted]),
    [
      ['step 0 result', 'denied'],
      ['step 0 reserved', 5],
      ['after step 0 team.held', 5],
    ],
  );
  assert.is(found[2]?.observed, 4);
});

runner('what the adapter does not know fails with its name, wherever it stands', async () => {
  const step = { step: 0, result: 'reserved' };
  const odd: [more: object, place: string][] = [
    [{ operations: [{ op: 'steal' }] }, 'op: steal'],
    [{ operations: [reserve('a', ['team'], 4, { colour: 1 })] }, 'field of reserve: colour'],
    [{ expected: [{ ...step, mood: 'good' }] }, 'step 0 expects: mood'],
    [
      { expected: [{ after_step: 0, tiers: { team: { weight: 1 } } }] },
      'after step 0 a tier has: weight',
    ],
    [{ family: 'unheard' }, 'family: unheard'],
    [{ family: undefined, kind: 'unheard' }, 'kind: unheard'],
    [{ family: 'resets', operations: [{ op: 'reserve' }] }, 'step 0 op: reserve'],
    [{ family: 'grants', operations: [{ op: 'reserve' }] }, 'op or field: reserve'],
    [{ family: 'thresholds', setup: { thresholds: [{ kind: 'mood' }] } }, 'threshold: mood'],
  ];
  for (const [more, place] of odd) {
    const record = JSON.parse(JSON.stringify({ ...fits, ...more })) as ScenarioRecord;
    assert.ok((await placesOf(record)).includes(place), `${place} of ${await placesOf(record)}`);
  }
});

runner('where we differ on purpose, what we do counts', async () => {
  const theirs = [{ step: 0, result: 'denied' }];
  const record = { ...fits, adopt: 'differ', expected: theirs, expected_ours: fits.expected };
  assert.is((await judgeRecord(record)).status, 'passed');
  assert.is((await judgeRecord({ ...record, adopt: 'same' } as ScenarioRecord)).status, 'failed');
});

runner('tiers of which no order is a path are skipped, and say so', async () => {
  const operations = [
    reserve('a', ['team', 'red'], 1),
    reserve('b', ['team', 'blue'], 1),
    reserve('c', ['red', 'blue'], 1),
  ];
  const verdict = await judgeRecord({ ...fits, operations } as ScenarioRecord);
  assert.is(verdict.status, 'skipped');
  assert.match(verdict.status === 'skipped' ? verdict.reason : '', /no path|neither lies/);
});

runner('T-01 tiers nest by name where it says so, whatever their order', async () => {
  const record = {
    ...fits,
    setup: { tiers: [tier('run', 10), { ...tier('team', 20), spent: 5 }] },
    operations: [reserve('a', ['run', 'team'], 9), reserve('b', ['team'], 7)],
    expected: [
      { step: 1, result: 'denied', reason: 'budget_exceeded', tier: 'team' },
      { after_step: 1, tiers: { team: { held: 9, spent: 5, remaining: 6 }, run: { held: 9 } } },
    ],
  };
  assert.equal(await placesOf(record), []);
});

runner('parallel operations must do so in every order', async () => {
  const ops = [reserve('a', ['team'], 6), reserve('b', ['team'], 5)];
  const one = { step: 0, outcomes: { reserved: 1, denied: 1 } };
  const record = { ...fits, operations: [{ op: 'parallel', ops }], expected: [one] };
  assert.is((await judgeRecord(record)).status, 'passed');
  const first = { after_step: 0, tiers: { team: { held: 6 } } };
  const [place = ''] = await placesOf({ ...record, expected: [one, first] } as ScenarioRecord);
  assert.match(place, /team\.held \(order: reversed\): 5/);
});

runner('a line a scenario, differences in full, the tally last, and the exit code', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bursar-conformance-'));
  try {
    const file = path.join(folder, 'some.json');
    const off = { ...fits, id: 'off', expected: [{ step: 0, result: 'denied' }] };
    writeFileSync(file, JSON.stringify([fits, off]));
    const run = (...args: readonly string[]) => {
      const main = path.join(root, 'conformance', 'main.ts');
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        ['--import', 'tsx', main, ...args],
        { cwd: root, encoding: 'utf8' },
      );
      return { lines: stdout.trimEnd().split('\n'), stderr, status };
    };
    const all = run(file);
    assert.is(all.status, 1, all.stderr);
    assert.is(all.lines[0], 'passed  fits  made for this test');
    assert.is(all.lines[1], 'failed  off  made for this test');
    assert.match(all.lines.slice(2, -1).join('\n'), /step 0 result\s+expected "denied"\s+observed/);
    assert.is(all.lines.at(-1), '1 passed, 1 failed, 0 skipped');
    const some = run(file, '--only', 'fi');
    assert.equal([some.lines.at(-1), some.status], ['1 passed, 0 failed, 0 skipped', 0]);
    assert.is(JSON.parse(run(file, '--json').lines.join('\n')).failed, 1);
    assert.is(run(file, '--only', 'nothing').status, 1, 'nothing run is nothing proven');
    writeFileSync(file, '[{');
    for (const unusable of [file, folder, path.join(folder, 'missing.json')]) {
      const { stderr, status } = run(unusable);
      assert.is(status, 2);
      assert.is(stderr.indexOf(`${unusable} cannot be read as JSON: `), 0, stderr);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

runner('a record that says nothing to compare fails, and does not end the run', async () => {
  const bare = { id: 'bare', title: 'bare', kind: 'preempt-classic' };
  assert.equal(await placesOf(bare), ['expected: undefined']);
});

runner.run();
