import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { actualOf, askOf, type Pricing } from '../workload/ask.ts';
import {
  bundledBudgets,
  bundledDescription,
  bundledJsonLines,
  bundledRows,
} from '../workload/bundled.ts';
import { checkThenCharge } from '../workload/check-then-charge.ts';
import { planRows } from '../workload/plan.ts';
import { openPriceBook } from '../workload/pricing.ts';
import { drawFrom, pickFrom, seededRandom } from '../workload/random.ts';
import type { Row } from '../workload/row.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('workload bundled');
const rows = bundledRows();
let pricing: Pricing;

test.before(async () => {
  const book = await openPriceBook({ asOfMs: Date.UTC(2026, 3, 1) });
  pricing = { book, defaultModel: null };
});

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

function isNear(actual: number, published: number, tolerance: number, what: string): void {
  const off = Math.abs(actual / published - 1);
  assert.ok(off <= tolerance, `${what}: ${actual} is ${(off * 100).toFixed(0)} % off ${published}`);
}

const numbers = (of: readonly Row[], field: 'tokensIn' | 'tokensOut' | 'durationMs') =>
  of.map((row) => row[field]).filter((value) => value !== null);
const costsUsd = (of: readonly Row[]) =>
  of.map((row) => {
    const actual = actualOf(row, pricing);
    return actual === 'unknown' ? Number.NaN : (actual['credits'] ?? 0) / 1e6;
  });

test('the same seed gives the same bytes everywhere, another seed others', () => {
  const digest = (seed?: number) =>
    createHash('sha256')
      .update(bundledJsonLines(seed === undefined ? {} : { seed }))
      .digest('hex');
  assert.is(digest(), '6dd88797011823d234eb327a41c680b21558100c380c1c9d06a519cba389b7f3');
  assert.is(digest(1), digest(1));
  assert.not.equal(digest(1), digest(2));
});

test('about 3,000 steps of three teams, all of them askable', async () => {
  assert.ok(rows.length >= 2_700 && rows.length <= 3_300, `${rows.length}`);
  const plan = await planRows(rows);
  assert.equal([...plan.teams].sort(), ['coders', 'research', 'studio']);
  assert.equal([plan.clocklessRuns, plan.overlappingSteps], [0, 0]);
  assert.ok(plan.peakOverlap >= 20);
  for (const row of rows) assert.is(askOf(row, pricing).kind, 'ask', `row ${row.line}`);
});

test('its calls have the published costs by role, its tools the published share', () => {
  const coders = rows.filter((row) => row.team === 'coders');
  const byRole = (role: string) => costsUsd(coders.filter((row) => row.role === role));
  isNear(quantile(byRole('proxy'), 0.5), 0.007, 0.1, 'proxy p50');
  isNear(quantile(byRole('proxy'), 0.95), 0.0107, 0.1, 'proxy p95');
  isNear(quantile(byRole('search'), 0.5), 0.037, 0.15, 'search p50');
  isNear(quantile(byRole('search'), 0.95), 0.103, 0.25, 'search p95');
  isNear(quantile(byRole('patch'), 0.5), 0.0703, 0.2, 'patch p50');
  const llm = coders.filter((row) => row.kind === 'llm');
  isNear(byRole('proxy').length / llm.length, 12_478 / 23_840, 0.1, 'share of proxy');
  assert.ok(quantile(numbers(llm, 'tokensOut'), 1) <= 1_024);
});

test('its reservations are used as little as published, and never exceeded', () => {
  const studio = rows.filter((row) => row.team === 'studio');
  const shares = studio.map((row) => (row.tokensOut ?? 0) / (row.maxTokensOut ?? 0));
  assert.ok(shares.every((share) => share <= 1));
  // The context window cuts the largest reservations, so the median use is above 6.8 %.
  const median = quantile(shares, 0.5);
  assert.ok(median > 0.06 && median < 0.12, `${median}`);
  isNear(quantile(numbers(studio, 'tokensIn'), 0.5), 1_332, 0.15, 'input p50');
  isNear(quantile(numbers(studio, 'tokensOut'), 0.5), 304, 0.25, 'output p50');
  isNear(quantile(numbers(studio, 'durationMs'), 0.5), 13_000, 0.2, 'duration p50');
});

test('its sessions cost what was published by step', () => {
  const calls = rows.filter((row) => row.team === 'research' && row.kind === 'llm');
  isNear(quantile(costsUsd(calls), 0.5), 0.07, 0.15, 'cost p50');
  isNear(quantile(costsUsd(calls), 0.9), 0.2, 0.2, 'cost p90');
});

test('its budgets bind: soft caps would be overshot on every tier', async () => {
  const plan = await planRows(rows);
  const { caps, refusedRows, notAskedRows, admittedRows } = checkThenCharge(plan, {
    budgets: bundledBudgets(),
    usedBy: ({ row }) => {
      const actual = actualOf(row, pricing);
      return actual === 'unknown' ? null : actual;
    },
    isRunEndedByRefusal: false,
  });
  assert.is(admittedRows + refusedRows + notAskedRows, rows.length);
  assert.ok(refusedRows >= 100, `${refusedRows}`);
  const over = new Map(caps.map((cap) => [cap.tier, cap.over]));
  for (const tier of ['team', 'swarm', 'run'] as const) assert.ok((over.get(tier) ?? 0) > 0, tier);
});

test('it says that it is synthetic and whose figures it uses', () => {
  const text = bundledDescription();
  assert.match(text, /synthetic/);
  for (const source of ['auto-code-rover', 'ChatDev', 'TraceLab', 'Terminal-Bench']) {
    assert.match(text, source);
  }
});

test('a draw stays within its distribution, a pick follows the weights', () => {
  const random = seededRandom(7);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), (low, more) => {
      const drawn = drawFrom(
        [
          [0, low],
          [0.5, low + more],
          [1, low + 2 * more],
        ],
        random,
      );
      assert.ok(drawn >= low * (1 - 1e-12) && drawn <= (low + 2 * more) * (1 + 1e-12));
    }),
  );
  const picks = Array.from({ length: 4_000 }, () =>
    pickFrom(
      [
        [1, 'a'],
        [3, 'b'],
      ],
      random,
    ),
  );
  isNear(picks.filter((pick) => pick === 'b').length, 3_000, 0.05, 'picks');
});

test.run();
