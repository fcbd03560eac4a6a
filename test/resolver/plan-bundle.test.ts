import fc from 'fast-check';

import { amountsOf, type BundlePart } from '../../resolver/partial-bundle.ts';
import { planBundle } from '../../resolver/plan-bundle.ts';
import { planClassic } from '../../resolver/plan-classic.ts';
import type { LiveAllocation } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { randomContest, treeOf } from './random-contest.ts';
import { treeWith } from './random-tree.ts';

const test = suite('resolver bundle plans');

const NODES = [
  {
    id: 'only',
    parent: null,
    quotas: { gpu: { nominal: 12 } },
    preemption: {
      withinNode: 'lower' as const,
      reclaim: 'never' as const,
      whileBorrowing: { policy: 'never' as const },
    },
  },
];

const OLD: LiveAllocation = {
  id: 'old',
  node: 'only',
  priority: 0,
  amounts: { gpu: 7 },
  grantedAtMs: 0,
};

function planned(part: Omit<BundlePart, 'id' | 'each'>, priority: number, allowsPartial = true) {
  const parts = [{ id: 'p', each: { gpu: 1 }, ...part }];
  const request = { id: 'r', node: 'only', priority, amounts: { gpu: part.count } };
  const plan = planBundle(
    treeWith(NODES, [OLD]),
    request,
    parts,
    [OLD],
    planClassic,
    allowsPartial,
  );
  const { decision, counts, victims, undisturbed } = plan;
  return [decision, counts.get('p'), victims.map(({ id }) => id), undisturbed.counts.get('p')];
}

test('O-02 O-07 a bundle that never fits in full shrinks to what evictions can make room for', () => {
  assert.equal(planned({ count: 20, minCount: 3 }, 1), ['preempt-then-grant', 12, ['old'], 5]);
});

test('O-02 without a right to evict it takes the largest part that is free', () => {
  assert.equal(planned({ count: 20, minCount: 3 }, 0), ['partial', 5, [], 5]);
});

test('O-07 in full before in part: a bundle that evictions can serve whole is not cut', () => {
  assert.equal(planned({ count: 8, minCount: 3 }, 1), ['preempt-then-grant', 8, ['old'], 5]);
  assert.equal(planned({ count: 8, minCount: 3 }, 1, false), ['preempt-then-grant', 8, ['old'], 0]);
  assert.equal(planned({ count: 13, minCount: 3 }, 1, false), ['queue', 0, [], 0]);
});

test('O-02 what a bundle is given lies between its minimum and its ask, and fits', () => {
  const part = fc.record({ count: fc.integer({ min: 1, max: 8 }), minCount: fc.nat(8) });
  fc.assert(
    fc.property(randomContest, part, (contest, { count, minCount }) => {
      const { request, live } = contest;
      const parts = [{ id: 'p', count, minCount, each: request.amounts }];
      const all = amountsOf(parts, new Map([['p', count]]));
      const tree = treeOf(contest);
      const plan = planBundle(tree, { ...request, amounts: all }, parts, live, planClassic, true);
      if (plan.decision === 'queue') return;
      const got = plan.counts.get('p') ?? 0;
      assert.ok(got >= Math.min(count, minCount) && got <= count);
      for (const { id } of plan.victims) {
        const holder = live.find((one) => one.id === id);
        tree.use(holder?.node ?? '', holder?.amounts ?? {}, -1);
      }
      assert.ok(tree.fits(request.node, amountsOf(parts, plan.counts)));
    }),
  );
});

test.run();
