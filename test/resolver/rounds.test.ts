import fc from 'fast-check';
import { admitToBudget } from '../../resolver/admit-to-budget.ts';
import { planStarts, type TimedUse } from '../../resolver/backfill.ts';
import { admitBundle, amountsOf, type BundlePart } from '../../resolver/partial-bundle.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import type { ResourceNode, TimedRequest } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { shuffled } from './shuffled.ts';

const test = suite('resolver: starts, bundles and budgets');

const nodesOf = (cpu: number): ResourceNode[] => [
  { id: 'root', parent: null, quotas: { cpu: { nominal: cpu } } },
  { id: 'a', parent: 'root', quotas: {} },
];
const treeOf = (cpu: number) => QuotaTree.ofQuotas(nodesOf(cpu));

const job = (id: string, priority: number, cpu: number, runsForMs?: number): TimedRequest => ({
  id,
  node: 'a',
  priority,
  amounts: { cpu },
  ...(runsForMs !== undefined && { runsForMs }),
});

test('O-05 S-08 a later request goes first where it delays nobody, and waits where it would', () => {
  const before = [job('one', 9, 1, 10), job('all', 5, 8, 10)];
  const starts = (more: TimedRequest) =>
    Object.fromEntries(planStarts(treeOf(8), [], [...before, more], 0));
  assert.equal(starts(job('short', 1, 7, 10)), { one: 0, all: 10, short: 0 });
  assert.equal(starts(job('long', 1, 7, 11)), { one: 0, all: 10, long: 20 });
  assert.equal(starts(job('open', 1, 7)), { one: 0, all: 10, open: 20 });
  assert.equal(starts(job('never', 1, 9, 1)), { one: 0, all: 10, never: null });
});

test('O-05 nobody can say when what has no known end will be over', () => {
  const endless: TimedUse = { node: 'a', amounts: { cpu: 5 }, endsAtMs: null };
  const ending: TimedUse = { node: 'a', amounts: { cpu: 2 }, endsAtMs: 40 };
  const waiting = [job('large', 2, 4, 10), job('small', 1, 3, 10)];
  const starts = planStarts(treeOf(8), [endless, ending], waiting, 5);
  assert.equal(Object.fromEntries(starts), { large: null, small: 40 });
});

const anyJobs = fc
  .array(
    fc.record({ priority: fc.nat(3), cpu: fc.integer({ min: 1, max: 8 }), runs: fc.nat(20) }),
    { minLength: 1, maxLength: 8 },
  )
  .map((rows) => rows.map(({ priority, cpu, runs }, i) => job(`j${i}`, priority, cpu, runs + 1)));

test('O-05 planned starts never overlap beyond capacity; lower requests delay no higher one', () => {
  fc.assert(
    fc.property(anyJobs, fc.nat(), (jobs, seed) => {
      const starts = planStarts(treeOf(8), [], jobs, 0);
      assert.equal(new Map(planStarts(treeOf(8), [], shuffled(jobs, seed), 0)), new Map(starts));
      const spans = jobs.map((one) => ({ ...one, fromMs: starts.get(one.id) ?? Number.NaN }));
      for (const { fromMs } of spans) {
        const running = spans.filter(
          (one) => one.fromMs <= fromMs && fromMs < one.fromMs + (one.runsForMs ?? 0),
        );
        assert.ok(running.reduce((sum, one) => sum + (one.amounts['cpu'] ?? 0), 0) <= 8);
      }
      const lowest = Math.min(...jobs.map(({ priority }) => priority));
      const others = jobs.filter(({ priority }) => priority > lowest);
      for (const [id, atMs] of planStarts(treeOf(8), [], others, 0)) {
        assert.is(starts.get(id), atMs);
      }
    }),
  );
});

const part = (id: string, count: number, minCount?: number, cpu = 1): BundlePart => ({
  id,
  count,
  each: { cpu },
  ...(minCount !== undefined && { minCount }),
});

test('O-02 a bundle is admitted whole, or smaller by one common fraction, or not at all', () => {
  const parts = [part('fixed', 20), part('wide', 30, 10), part('narrow', 15, 5)];
  const admit = (cpu: number, allowsPartial = true) => {
    const { decision, counts } = admitBundle(treeOf(cpu), 'a', parts, allowsPartial);
    return [decision, ...counts.values()];
  };
  assert.equal(admit(65), ['grant', 20, 30, 15]);
  assert.equal(admit(50), ['partial', 20, 20, 10]);
  assert.equal(admit(35), ['partial', 20, 10, 5]);
  assert.equal(admit(34), ['queue', 0, 0, 0]);
  assert.equal(admit(64, false), ['queue', 0, 0, 0]);
});

const anyParts = fc
  .array(fc.record({ count: fc.integer({ min: 1, max: 9 }), min: fc.nat(9), cpu: fc.nat(4) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((rows) => rows.map(({ count, min, cpu }, i) => part(`p${i}`, count, min, cpu)));

test('O-02 the counts of a partial bundle fit, keep their minima, and one piece less given up would not', () => {
  fc.assert(
    fc.property(anyParts, fc.nat(60), (parts, cpu) => {
      const { decision, counts } = admitBundle(treeOf(cpu), 'a', parts, true);
      const least = parts.map(({ count, minCount = count }) => Math.min(count, minCount));
      const cpuOf = (numbers: readonly number[]) =>
        parts.reduce((sum, { each }, i) => sum + (each['cpu'] ?? 0) * (numbers[i] ?? 0), 0);
      assert.is(decision === 'queue', cpuOf(least) > cpu);
      assert.is(decision === 'grant', cpuOf(parts.map(({ count }) => count)) <= cpu);
      if (decision !== 'partial') return;
      assert.ok((amountsOf(parts, counts)['cpu'] ?? 0) <= cpu);
      parts.forEach(({ id, count }, i) => {
        const got = counts.get(id) ?? 0;
        assert.ok(got <= count && got >= (least[i] ?? 0));
      });
      const all = parts.map(({ id, count }) => Math.min(count, (counts.get(id) ?? 0) + 1));
      assert.ok(cpuOf(all) > cpu, 'not every part could have one more');
    }),
  );
});

test('R-03 of a fan-out only as many pass as the budget holds', () => {
  const tree = treeOf(1_000);
  tree.use('root', { cpu: 990 }, 1);
  const children = [0, 1, 2, 3, 4].map((i) => ({ ...job(`c${i}`, 0, 10), createdAtMs: 0 }));
  const answers = admitToBudget(tree, shuffled(children, 7));
  assert.equal(
    answers.map(({ id, decision }) => `${id} ${decision}`),
    ['c0 grant', 'c1 queue', 'c2 queue', 'c3 queue', 'c4 queue'],
  );
  assert.is(tree.available('a', 'cpu'), 10, 'asking changed nothing');
});

test('O-02 R-03 what a budget cannot cover is not begun, but a part above the minimum may be', () => {
  const tree = treeOf(400);
  const ask = (min: number) =>
    admitToBudget(tree, [{ ...job('r', 0, 500), mins: { cpu: min } }])[0];
  tree.use('root', { cpu: 1 }, 1);
  assert.is(ask(400)?.decision, 'queue');
  tree.use('root', { cpu: 1 }, -1);
  assert.equal(ask(300), { id: 'r', decision: 'partial', amounts: { cpu: 400 } });
  assert.is(ask(401)?.decision, 'deny', 'not even an unspent budget would cover it');
});

test.run();
