import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBudgets, readBudgetFile } from '../workload/budget-file.ts';
import { budgetsFromOptions } from '../workload/budget-options.ts';
import { budgetTierOf, capsOf, mergeBudgets, NO_BUDGETS } from '../workload/budgets.ts';
import { BudgetError } from '../workload/errors.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('workload budgets');

const fails = (line: number | null, message: RegExp) => (error: unknown) =>
  error instanceof BudgetError && error.line === line && message.test(error.message);

test('T-22 options give every node of a tier its ceilings, USD in microcredits', () => {
  const budgets = budgetsFromOptions({
    runCap: '1.00',
    swarmCap: '100',
    teamCap: ' 0.0000001 ',
    runToolCalls: '50',
    swarmConcurrency: '8',
  });
  assert.equal(budgets, {
    tiers: {
      team: { credits: 1 },
      swarm: { credits: 100_000_000, concurrency: 8 },
      run: { credits: 1_000_000, tool_calls: 50 },
      step: {},
    },
    paths: {},
  });
  assert.equal(budgetsFromOptions({}), NO_BUDGETS);
});

test('an option that is no budget is named, with what to write', () => {
  assert.throws(
    () => budgetsFromOptions({ runCap: '$1' }),
    fails(null, /--run-cap: .*USD such as/),
  );
  assert.throws(
    () => budgetsFromOptions({ teamCap: '-1' }),
    fails(null, /--team-cap: .*below zero/),
  );
  assert.throws(
    () => budgetsFromOptions({ swarmCap: '1e30' }),
    fails(null, /--swarm-cap: .*above/),
  );
  for (const text of ['1.5', '-3', 'many', '', '99999999999999999']) {
    const run = () => budgetsFromOptions({ stepConcurrency: text });
    assert.throws(run, fails(null, /--step-concurrency: .*whole number/), text);
  }
});

const YAML = `# caps
team: { credits_usd: 500 }
swarm:
  credits_usd: 100
  concurrency: 8
run:
  credits_usd: 1.00
  tool_calls: 50
paths:
  acme/research:
    credits_usd: "20.5"
    concurrency: null
`;

test('a YAML file and the same in JSON give the same budgets', () => {
  const fromYaml = parseBudgets(YAML, 'b.yaml');
  assert.equal(fromYaml, {
    tiers: {
      team: { credits: 500_000_000 },
      swarm: { credits: 100_000_000, concurrency: 8 },
      run: { credits: 1_000_000, tool_calls: 50 },
      step: {},
    },
    paths: { 'acme/research': { credits: 20_500_000, concurrency: null } },
  });
  const json = JSON.stringify({
    team: { credits_usd: 500 },
    swarm: { credits_usd: 100, concurrency: 8 },
    run: { credits_usd: 1, tool_calls: 50 },
    paths: { 'acme/research': { credits_usd: '20.5', concurrency: null } },
  });
  assert.equal(parseBudgets(json, 'b.json'), fromYaml);
  assert.equal(parseBudgets('', 'empty.yaml'), NO_BUDGETS);
});

test('what is wrong with a budget file is named with its line', () => {
  const cases: [string, number, RegExp][] = [
    ['run:\n  credits_usd: lots\n', 2, /b\.yaml:2: run\.credits_usd: "lots" is not a decimal/],
    [
      'run:\n  tool_calls: 3\n  credit_usd: 1\n',
      3,
      /run\.credit_usd: unknown; known are credits_usd/,
    ],
    ['\nswarms: {}\n', 2, /swarms: unknown; known are team, swarm, run, step, paths/],
    ['team: {}\nrun: { concurrency: 1.5 }\n', 2, /run\.concurrency: .*got 1\.5/],
    ['run: { tool_calls: -1 }\n', 1, /run\.tool_calls: .*got -1/],
    ['paths:\n  a/b: {}\n  "a b": {}\n', 3, /paths\.a b: must be names joined/],
    ['paths:\n  a: { tokens: 3 }\n', 2, /paths\.a\.tokens: unknown; known are credits_usd/],
    ['run: 1\n', 1, /run: .*got 1/],
    ['[1]\n', 1, /the file: /],
    ['run:\n  a: [\n', 3, /b\.yaml:3: /],
    ['run: { tool_calls: 1 }\nrun: { tool_calls: 2 }\n', 2, /unique/],
  ];
  for (const [text, line, message] of cases) {
    assert.throws(() => parseBudgets(text, 'b.yaml'), fails(line, message), text);
  }
});

test('a budget file is read from disk, and an absent one is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-budgets-'));
  try {
    const file = join(folder, 'b.yaml');
    writeFileSync(file, YAML);
    assert.equal(await readBudgetFile(file), parseBudgets(YAML, file));
    await assert.rejects(readBudgetFile(`${file}.absent`), fails(null, /cannot be read/));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('T-06 the ceilings of a node are those of its tier, changed by its own path', () => {
  const budgets = parseBudgets(YAML, 'b.yaml');
  assert.equal(capsOf(budgets, 'acme'), { credits: 500_000_000 });
  assert.equal(capsOf(budgets, 'acme/other'), { credits: 100_000_000, concurrency: 8 });
  assert.equal(capsOf(budgets, 'acme/research'), { credits: 20_500_000 });
  assert.equal(capsOf(budgets, 'acme/research/r1'), { credits: 1_000_000, tool_calls: 50 });
  assert.equal(capsOf(budgets, 'acme/research/r1/s'), {});
  assert.equal(['a', 'a/b', 'a/b/c', 'a/b/c/d', 'a/b/c/d/e'].map(budgetTierOf), [
    'team',
    'swarm',
    'run',
    'step',
    'step',
  ]);
});

test('options win over the file, resource by resource', () => {
  const merged = mergeBudgets(parseBudgets(YAML, 'b.yaml'), budgetsFromOptions({ runCap: '2' }));
  assert.equal(capsOf(merged, 'acme/x/r'), { credits: 2_000_000, tool_calls: 50 });
  assert.equal(capsOf(merged, 'acme/research'), { credits: 20_500_000 });
});

test.run();
