import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { actualOf, askOf, type Pricing } from '../workload/ask.ts';
import { parseBudgets } from '../workload/budget-file.ts';
import { budgetsFromOptions } from '../workload/budget-options.ts';
import type { Budgets } from '../workload/budgets.ts';
import { capResults } from '../workload/cap-results.ts';
import { checkThenCharge } from '../workload/check-then-charge.ts';
import { type Plan, type PlannedStep, planRows } from '../workload/plan.ts';
import { openPriceBook } from '../workload/pricing.ts';
import { newRowIds, parseRow, type RowForm } from '../workload/row.ts';
import { readRows } from '../workload/row-file.ts';
import { assert, skip, suite } from './harness/suite.ts';

const test = suite('workload check-then-charge');
const traces = fileURLToPath(new URL('../../shared/traces/', import.meta.url));
let pricing: Pricing;

test.before(async () => {
  const book = await openPriceBook({ asOfMs: Date.UTC(2024, 3, 15) });
  pricing = { book, defaultModel: null };
});

const usedBy = (step: PlannedStep) => {
  const actual = actualOf(step.row, pricing);
  return actual === 'unknown' || askOf(step.row, pricing).kind === 'skip' ? null : actual;
};
const play = (plan: Plan, budgets: Budgets, isRunEndedByRefusal = true) =>
  checkThenCharge(plan, { budgets, usedBy, isRunEndedByRefusal });

const planOf = (forms: readonly RowForm[]) => {
  const ids = newRowIds();
  return planRows(
    forms.map((form, i) => parseRow(JSON.stringify(form), { file: 'f.jsonl', line: i + 1 }, ids)),
  );
};
const call = (run: string, t_ms: number, duration_ms: number, cost_usd: number): RowForm => ({
  team: 't',
  swarm: 's',
  run,
  kind: 'llm',
  model: 'gpt-4',
  tokens_in: 1,
  t_ms,
  duration_ms,
  cost_usd,
});

test('a call is let through below the cap and lands beyond it; the next one is refused', async () => {
  const plan = await planOf([call('a', 1, 1, 0.9), call('a', 2, 1, 0.5), call('a', 3, 1, 0.1)]);
  const result = play(plan, budgetsFromOptions({ runCap: '1' }));
  assert.equal(result, {
    admittedRows: 2,
    refusedRows: 1,
    notAskedRows: 0,
    skippedRows: 0,
    used: { credits: 1_400_000 },
    caps: [
      {
        tier: 'run',
        resource: 'credits',
        nodes: 1,
        over: 1,
        worst: { path: 't/s/a', amount: 400_000, percent: 40 },
        totalOver: 400_000,
      },
    ],
  });
});

test('a counter that reaches its cap exactly is not over, and admits no more', async () => {
  const plan = await planOf([call('a', 1, 1, 0.5), call('a', 2, 1, 0.5), call('a', 3, 1, 0.1)]);
  const { caps, refusedRows } = play(plan, budgetsFromOptions({ runCap: '1' }));
  assert.equal([refusedRows, caps[0]?.over, caps[0]?.totalOver], [1, 0, 0]);
});

test('calls in flight together all see room; one after the other they do not', async () => {
  const together = [1, 2, 3, 4].map((n) => call(`r${n}`, 1_000 + n, 1_000, 0.6));
  const inTurn = [1, 2, 3, 4].map((n) => call(`r${n}`, 1_000 * n, 1_000, 0.6));
  const budgets = budgetsFromOptions({ swarmCap: '1' });
  const overlapping = play(await planOf(together), budgets);
  assert.equal(overlapping.used, { credits: 2_400_000 });
  assert.equal([overlapping.refusedRows, overlapping.caps[0]?.worst?.percent], [0, 140]);
  const serial = play(await planOf(inTurn), budgets);
  assert.equal(serial.used, { credits: 1_200_000 });
  assert.equal([serial.refusedRows, serial.caps[0]?.worst?.percent], [2, 20]);
});

test('caps of every tier and of single paths, and of tool calls, are checked', async () => {
  const tool = (t_ms: number): RowForm => ({ ...base, kind: 'tool', tool: 'grep', t_ms });
  const base = { team: 't', swarm: 's', run: 'a' };
  const plan = await planOf([tool(1), tool(2), tool(3), call('a', 4, 1, 0.5), call('b', 5, 1, 2)]);
  const budgets = parseBudgets(
    'run: { tool_calls: 2 }\nteam: { credits_usd: 10 }\npaths: { t/s/b: { credits_usd: 0 } }',
    'b.yaml',
  );
  const skipping = play(plan, budgets, false);
  assert.equal([skipping.admittedRows, skipping.refusedRows, skipping.notAskedRows], [3, 2, 0]);
  assert.equal(skipping.used, { credits: 500_000, tool_calls: 2 });
  assert.equal(
    skipping.caps.map(({ tier, resource, nodes, over }) => [tier, resource, nodes, over]),
    [
      ['team', 'credits', 1, 0],
      ['run', 'tool_calls', 1, 0],
    ],
  );
  const ending = play(plan, budgets, true);
  assert.equal([ending.admittedRows, ending.refusedRows, ending.notAskedRows], [2, 2, 1]);
});

test('use beyond a cap of nothing is over, without a percentage', () => {
  const [result] = capResults([
    { path: 'a', caps: { credits: 100 }, used: { credits: 900 } },
    { path: 'b', caps: { credits: 0 }, used: { credits: 1 } },
  ]);
  assert.equal([result?.over, result?.totalOver], [2, 801]);
  assert.equal(result?.worst, { path: 'b', amount: 1, percent: null });
});

test('rows without a price are skipped, and the rows add up', async () => {
  const plan = await planOf([
    { team: 't', swarm: 's', run: 'a', kind: 'llm', tokens_in: 5, t_ms: 1 },
    call('a', 2, 1, 1),
    call('a', 3, 1, 1),
  ]);
  const result = play(plan, budgetsFromOptions({ runCap: '1' }));
  assert.equal([result.skippedRows, result.admittedRows, result.refusedRows], [1, 1, 1]);
});

test('a cap of 1 USD per run on the 37,267-step trace: 191 of 1,500 runs over, worst 36.4 %', async () => {
  if (!existsSync(traces)) skip('../shared/traces is absent');
  const plan = await planRows(readRows(`${traces}acr_steps.jsonl.gz`));
  const result = play(plan, budgetsFromOptions({ runCap: '1.00' }));
  const [cap] = result.caps;
  assert.equal([cap?.tier, cap?.resource, cap?.nodes, cap?.over], ['run', 'credits', 1_500, 191]);
  assert.is(cap?.worst?.percent?.toFixed(1), '36.4');
  assert.is(cap?.worst?.amount, 363_990);
  assert.is(cap?.totalOver, 9_629_830);
  const { admittedRows, refusedRows, notAskedRows, skippedRows } = result;
  assert.is(admittedRows + refusedRows + notAskedRows + skippedRows, 37_267);
  assert.is(skippedRows, 0);
  const uncapped = play(plan, budgetsFromOptions({}));
  assert.equal(uncapped.used, { credits: 693_721_000, tool_calls: 13_427 });
});

test('100 USD per swarm on the same trace binds in all five, and is overshot in flight', async () => {
  if (!existsSync(traces)) skip('../shared/traces is absent');
  const plan = await planRows(readRows(`${traces}acr_steps.jsonl.gz`));
  const result = play(plan, budgetsFromOptions({ runCap: '1.00', swarmCap: '100' }));
  const [swarm, run] = result.caps;
  assert.equal([swarm?.tier, swarm?.nodes, swarm?.over], ['swarm', 5, 5]);
  assert.ok((run?.over ?? 0) < 191);
});

test.run();
