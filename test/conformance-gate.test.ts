import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { judgeRecord } from '../conformance/judge-record.ts';
import { readScenarios } from '../conformance/read-file.ts';
import { linesOf, tallyOf } from '../conformance/report.ts';
import type { Judged, ScenarioRecord } from '../conformance/verdict.ts';
import { assert, skip, suite } from './harness/suite.ts';

const root = path.resolve(import.meta.dirname, '..');
const shared = path.resolve(root, '..', 'shared', 'scenarios');

const gate = suite('conformance: scenarios of others', { timeoutMs: 120_000 });

/** The records of a file of ../shared; skips where there is none. */
function recordsOf(name: string): ScenarioRecord[] {
  const file = path.join(shared, name);
  if (!existsSync(file)) skip(`no ${file}`);
  return readScenarios(file);
}

async function judged(records: readonly ScenarioRecord[]): Promise<Judged[]> {
  const all: Judged[] = [];
  for (const record of records) all.push({ record, verdict: await judgeRecord(record) });
  return all;
}

const notPassing = (all: readonly Judged[]) =>
  all.filter(({ verdict }) => verdict.status !== 'passed');
const linesOfAll = (all: readonly Judged[]) => all.flatMap(linesOf).join('\n');

gate('T-06 budgets: none fails, at most three form no path', async () => {
  const all = await judged(recordsOf('budget.json'));
  const { failed, skipped } = tallyOf(all);
  assert.is(failed, 0, linesOfAll(notPassing(all)));
  assert.ok(skipped <= 3, `${skipped} skipped`);
});

gate('I-01 scheduling: 95 of 100 pass', async () => {
  const all = await judged(recordsOf('scheduling.json'));
  const { passed } = tallyOf(all);
  assert.ok(passed * 100 >= all.length * 95, linesOfAll(notPassing(all)));
});

gate('the page names every record that does not pass, and no other', async () => {
  const records = [...recordsOf('budget.json'), ...recordsOf('scheduling.json')];
  const page = readFileSync(path.join(root, 'docs', 'conformance.md'), 'utf8');
  const [, table = ''] = page.split('## What does not pass');
  const named = [...table.matchAll(/^\| ([A-Za-z]+-[A-Za-z0-9-]+) \|/gm)].map(([, id]) => id);
  const all = await judged(records);
  assert.equal(
    named.sort(),
    notPassing(all)
      .map(({ record }) => record.id)
      .sort(),
  );
});

gate('I-01 the order in which nodes, holders and requests are named changes nothing', async () => {
  const records = recordsOf('scheduling.json');
  const ids = new Set(notPassing(await judged(records)).map(({ record }) => record.id));
  const sound = records.filter(({ id }) => !ids.has(id));
  for (const field of ['nodes', 'allocations', 'requests']) {
    const turned = sound.map((record) => {
      const list = (record as unknown as Readonly<Record<string, unknown[]>>)[field] ?? [];
      return { ...record, [field]: [...list].reverse() };
    });
    assert.is(linesOfAll(notPassing(await judged(turned))), '', field);
  }
});

/** Fields of budget.json that are amounts of money or of another resource. */
const AMOUNTS: ReadonlySet<string> = new Set([
  ...['limit', 'spent', 'amount', 'actual', 'overdraft', 'held', 'remaining', 'debt', 'charged'],
  ...['past_spent', 'overrun', 'released', 'reserved'],
]);

/** How many of parallel operations ended how. */
const COUNTS: ReadonlySet<string> = new Set(['outcomes', 'outcomes_any', 'at_most']);

/** The same with every amount seven times as large; below `amounts` and `actuals` all are. */
function sevenfold(value: unknown, isAmount = false): unknown {
  if (typeof value === 'number') return isAmount ? value * 7 : value;
  if (Array.isArray(value)) return value.map((one) => sevenfold(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      if (COUNTS.has(key)) return [key, one];
      const holdsAmounts = key === 'amounts' || key === 'actuals';
      const inner = holdsAmounts
        ? Object.fromEntries(
            Object.entries(one).map(([tier, amount]) => [tier, sevenfold(amount, true)]),
          )
        : sevenfold(one, AMOUNTS.has(key));
      return [key, inner];
    }),
  );
}

gate('T-06 seven times every amount is seven times every sum', async () => {
  const tiers = recordsOf('budget.json').filter(
    (record) => (record as { readonly family?: string }).family === 'tiers',
  );
  const all = await judged(tiers.map((record) => sevenfold(record) as ScenarioRecord));
  assert.is(tallyOf(all).failed, 0, linesOfAll(notPassing(all)));
});
gate.run();
