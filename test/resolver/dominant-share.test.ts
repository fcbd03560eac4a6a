import fc from 'fast-check';

import {
  compareShares,
  type DominantShare,
  dominantShare,
  isEndless,
  sharePermille,
} from '../../resolver/dominant-share.ts';
import { mayPreempt } from '../../resolver/may-preempt.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import { assert, suite } from '../harness/suite.ts';
import { randomNodes, randomUses, treeWith } from './random-tree.ts';

const test = suite('resolver dominant share');

const share: fc.Arbitrary<DominantShare> = fc
  .record({
    borrowed: fc.nat(50),
    lendable: fc.integer({ min: 1, max: 40 }),
    weightMilli: fc.constantFrom(0, 1, 500, 1000, 3000),
  })
  .map((one) => ({ ...one, dominant: null, isBorrowing: one.borrowed > 0 }));

test('F-06 shares are ordered as their exact quotients are', () => {
  fc.assert(
    fc.property(share, share, (a, b) => {
      const value = ({ borrowed, lendable, weightMilli }: DominantShare) =>
        borrowed === 0 ? 0 : weightMilli === 0 ? Infinity : borrowed / lendable / weightMilli;
      const [left, right] = [value(a), value(b)];
      const order = compareShares(a, b);
      assert.is(compareShares(b, a), order === 0 ? 0 : -order);
      const isClose = Math.abs(left - right) < 1e-12;
      if (Number.isFinite(left) && Number.isFinite(right) && !isClose) {
        assert.is(Math.sign(order), Math.sign(left - right));
      }
      if (isEndless(a) && !isEndless(b)) assert.is(order, 1);
    }),
  );
});

test('F-06 a node has a share only of what it borrows, and more use never makes it smaller', () => {
  const used = randomNodes.chain((nodes) =>
    fc.record({ nodes: fc.constant(nodes), uses: randomUses(nodes), cpu: fc.nat(9) }),
  );
  fc.assert(
    fc.property(used, ({ nodes, uses, cpu }) => {
      const tree = treeWith(nodes, uses);
      for (const { id, parent } of nodes) {
        const before = dominantShare(tree, id);
        const borrows = ['cpu', 'mem'].some((resource) => tree.isBorrowing(id, resource));
        assert.is(before.isBorrowing, borrows && parent !== null);
        if (!before.isBorrowing) assert.is(sharePermille(before), 0n);
        assert.ok(compareShares(dominantShare(tree, id, { cpu }), before) >= 0);
      }
    }),
  );
});

test('F-06 flavours of one kind are counted together', () => {
  const tree = QuotaTree.ofQuotas([
    { id: 'root', parent: null, quotas: { 'cpu@spot': { nominal: 6 }, 'cpu@on': { nominal: 4 } } },
    { id: 'a', parent: 'root', quotas: {} },
  ]);
  tree.use('a', { 'cpu@spot': 1, 'cpu@on': 2 }, 1);
  const found = dominantShare(tree, 'a');
  assert.is(found.dominant, 'cpu');
  assert.is(sharePermille(found), 300n);
});

test('S-05 who may take from whom counts what an operator added, on both sides', () => {
  const holder = (priority: number, boost = 0) => ({ priority, boost, grantedAtMs: 5 });
  assert.ok(mayPreempt('lower', { priority: 1, boost: 2 }, holder(2)));
  assert.not.ok(mayPreempt('lower', { priority: 2 }, holder(1, 1)));
  assert.ok(mayPreempt('lowerOrNewerEqual', { priority: 1, createdAtMs: 4 }, holder(1)));
  assert.not.ok(mayPreempt('lowerOrNewerEqual', { priority: 1, createdAtMs: 5 }, holder(1)));
  assert.ok(mayPreempt('lowerOrNewerEqual', { priority: 1 }, holder(1)));
  assert.ok(mayPreempt('any', { priority: 0 }, holder(9)));
  assert.not.ok(mayPreempt('never', { priority: 9 }, holder(0)));
});

test.run();
