import fc from 'fast-check';

import { compareShares, dominantShare } from '../../resolver/dominant-share.ts';
import { planFair } from '../../resolver/plan-fair.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import type {
  LiveAllocation,
  NodePreemption,
  PreemptionPlan,
  ResourceNode,
} from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { renamed, scaled, turned, withIdleNode } from './changed-contests.ts';
import { type RandomContest, randomContest, treeOf } from './random-contest.ts';

const test = suite('resolver fair');

function plan(contest: RandomContest): PreemptionPlan | undefined {
  return planFair(treeOf(contest), contest.request, contest.live);
}

function ids(found: PreemptionPlan | undefined): string[] | undefined {
  return found?.victims.map(({ id }) => id).sort();
}

test('F-06 a fair plan is enough, and no victim could be spared but one who makes others legal', () => {
  let plans = 0;
  fc.assert(
    fc.property(randomContest, (contest) => {
      const { request } = contest;
      const victims = victimsOf(contest);
      if (victims.length === 0) return;
      plans += 1;
      const tree = treeOf(contest);
      for (const { holder } of victims) tree.use(holder.node, holder.amounts, -1);
      assert.ok(tree.fits(request.node, request.amounts), 'it fits after the evictions');
      for (const { holder } of victims) {
        tree.use(holder.node, holder.amounts, 1);
        const others = victims.filter((one) => one.holder !== holder);
        const isNeeded = !tree.fits(request.node, request.amounts) || !areFair(contest, others);
        assert.ok(isNeeded, `${holder.id} is needed`);
        tree.use(holder.node, holder.amounts, -1);
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(plans > 100, `${plans} contests had a plan`);
});

test('F-06 each victim has at its turn the right that the plan names', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      assert.ok(areFair(contest, victimsOf(contest)));
    }),
    { numRuns: 3_000 },
  );
});

test('F-06 nobody is taken who is protected, holds nothing of it, or whom the policy excepts', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const { request } = contest;
      const tree = treeOf(contest);
      const contested = contestedIn(contest, tree);
      const { withinNode, reclaim } = tree.preemptionOf(request.node);
      for (const { holder, reason } of victimsOf(contest)) {
        assert.not.equal(holder.preemptible, false);
        assert.ok(contested.some((resource) => (holder.amounts[resource] ?? 0) > 0));
        const isOwn = reason === 'within-node-priority';
        assert.is(tree.pathOf(holder.node).includes(request.node), isOwn);
        const right = isOwn ? withinNode : reclaim;
        assert.not.equal(right, 'never');
        if (right === 'lower') assert.ok(holder.priority < request.priority);
        if (isOwn) continue;
        const isAbove = contested.some((resource) => tree.borrowedOf(holder.node, resource) > 0);
        assert.ok(isAbove, 'its node borrowed of what is contested');
      }
    }),
    { numRuns: 3_000 },
  );
});

test('F-06 planning a fair eviction changes nothing', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const tree = treeOf(contest);
      planFair(tree, contest.request, contest.live);
      const untouched = treeOf(contest);
      for (const { id } of contest.nodes) {
        for (const resource of ['cpu', 'mem']) {
          assert.equal(tree.account(id, resource), untouched.account(id, resource));
        }
      }
    }),
  );
});

test('F-06 order of input, size of the unit, an idle node and names change no fair victim', () => {
  fc.assert(
    fc.property(randomContest, fc.integer({ min: 2, max: 9 }), (contest, factor) => {
      const expected = ids(plan(contest));
      assert.equal(ids(plan(turned(contest))), expected, 'order');
      assert.equal(ids(plan(scaled(contest, factor))), expected, 'scale');
      assert.equal(ids(plan(withIdleNode(contest))), expected, 'idle node');
      const { before, after, nameOf } = renamed(contest);
      const named = plan(before)?.victims.map(({ id }) => nameOf(id));
      assert.equal(ids(plan(after)), named?.sort(), 'names');
    }),
    { numRuns: 1_500 },
  );
});

const POLICY: NodePreemption = {
  withinNode: 'lower',
  reclaim: 'any',
  whileBorrowing: { policy: 'never' },
};

function nodeOf(
  id: string,
  parent: string | null,
  nominal: number,
  weightMilli = 1000,
): ResourceNode {
  return { id, parent, quotas: { cpu: { nominal } }, weightMilli, preemption: POLICY };
}

function held(id: string, node: string, cpu: number, priority = 0): LiveAllocation {
  return { id, node, priority, amounts: { cpu }, grantedAtMs: 0 };
}

function asked(node: string, cpu: number, priority = 0) {
  return { id: 'r', node, priority, amounts: { cpu } };
}

/** A pool of 12 that nobody owns, and two who borrow of it. */
const POOL = [nodeOf('team', null, 12), nodeOf('a', 'team', 0), nodeOf('b', 'team', 0)];

test('F-06 the larger share gives until both are even, whatever the priorities', () => {
  const live = [1, 2, 3, 4].map((n) => held(`b${n}`, 'b', 3, 9));
  assert.equal(plan({ nodes: POOL, live, request: asked('a', 6) })?.victims, [
    { id: 'b1', right: 'fair', reason: 'fair-share' },
    { id: 'b2', right: 'fair', reason: 'fair-share' },
  ]);
  assert.is(plan({ nodes: POOL, live, request: asked('a', 10, 99) }), undefined);
});

test('F-06 weights are what shares are divided by; weight 0 gives all it has borrowed', () => {
  const live = [1, 2, 3, 4].map((n) => held(`b${n}`, 'b', 3));
  const heavy = [nodeOf('team', null, 12), nodeOf('a', 'team', 0, 3000), nodeOf('b', 'team', 0)];
  assert.is(plan({ nodes: heavy, live, request: asked('a', 9) })?.victims.length, 3);
  const none = [nodeOf('team', null, 12), nodeOf('a', 'team', 0), nodeOf('b', 'team', 0, 0)];
  assert.is(plan({ nodes: none, live, request: asked('a', 12) })?.victims.length, 4);
  const asker = [nodeOf('team', null, 12), nodeOf('a', 'team', 0, 0), nodeOf('b', 'team', 0)];
  assert.is(plan({ nodes: asker, live, request: asked('a', 3) }), undefined);
});

test('F-06 inside its own quota a node takes back what is lent, whatever the shares', () => {
  const nodes = [nodeOf('team', null, 0), nodeOf('a', 'team', 4), nodeOf('b', 'team', 2)];
  const live = [held('b1', 'b', 6)];
  assert.equal(plan({ nodes, live, request: asked('a', 4) })?.victims, [
    { id: 'b1', right: 'reclaim', reason: 'reclaim-nominal' },
  ]);
});

test('F-06 shares are compared where the branches part, not at the leaves', () => {
  // Left and right have the same quota; within left one leaf holds all.
  const nodes = [
    nodeOf('team', null, 8),
    nodeOf('left', 'team', 0),
    nodeOf('right', 'team', 0),
    nodeOf('l1', 'left', 0),
    nodeOf('l2', 'left', 0),
    nodeOf('r1', 'right', 0),
  ];
  const live = [held('x1', 'l1', 2), held('x2', 'l1', 2), held('y1', 'r1', 2), held('y2', 'r1', 2)];
  const request = asked('l2', 2);
  assert.equal(ids(plan({ nodes, live, request })), ['x1'], 'its own branch has had enough');
});

test('F-06 a branch that is itself poor enough does not make up for a rich one above it', () => {
  const nodes = [
    nodeOf('team', null, 12),
    nodeOf('left', 'team', 0),
    nodeOf('right', 'team', 0),
    nodeOf('l1', 'left', 0),
    nodeOf('l2', 'left', 0),
    nodeOf('r1', 'right', 0),
  ];
  const live = [{ ...held('x', 'l1', 6), preemptible: false }, held('y', 'r1', 6)];
  assert.is(plan({ nodes, live, request: asked('l2', 2) }), undefined);
});

test('F-06 what a branch has for itself is safe, though a node in it borrows', () => {
  const nodes = [
    nodeOf('team', null, 0),
    nodeOf('a', 'team', 4),
    nodeOf('c', 'team', 0),
    nodeOf('right', 'team', 2),
    nodeOf('b', 'right', 0),
  ];
  const live = [{ ...held('c1', 'c', 2), preemptible: false }, held('b1', 'b', 2)];
  assert.is(plan({ nodes, live, request: asked('a', 4) }), undefined);
});

test('F-06 of equal shares the branch of several gives before the single node', () => {
  const nodes = [...POOL, nodeOf('g', 'team', 0), nodeOf('g1', 'g', 0)];
  const live = ['b1', 'b2'].map((id) => held(id, 'b', 3));
  live.push(...['z1', 'z2'].map((id) => held(id, 'g1', 3)));
  assert.equal(ids(plan({ nodes, live, request: asked('a', 3) })), ['z1']);
});

test('F-06 by the stricter rule alone shares may become even, but not change places', () => {
  const strategies = ['lteFinal'] as const;
  const ask = (live: readonly LiveAllocation[], cpu: number) =>
    planFair(
      treeOf({ nodes: POOL, live: [...live], request: asked('a', cpu) }),
      asked('a', cpu),
      live,
      {
        strategies,
      },
    );
  const live = [1, 2, 3, 4].map((n) => held(`b${n}`, 'b', 3));
  assert.equal(ids(ask(live, 6)), ['b1', 'b2']);
  assert.is(ask(live, 7), undefined);
});

test('F-06 a divisible holder of the larger share gives a part', () => {
  const live = [{ ...held('b1', 'b', 12), min: { cpu: 4 } }];
  assert.equal(plan({ nodes: POOL, live, request: asked('a', 5) })?.victims, [
    { id: 'b1', right: 'fair', reason: 'fair-share', take: { cpu: 5 } },
  ]);
});

test('F-06 in accounts of the governor a guarantee is taken back; of what has no end there is no share', () => {
  const terms = (limit: number | null, guarantee: number) => ({ limit, guarantee, lend: null });
  const nodeWith = (id: string, parent: string | null, slots: number | null, own: number) => ({
    id,
    parent,
    preemption: POLICY,
    accounts: { slots: terms(slots, own), credits: terms(null, 0) },
  });
  const nodes = [
    nodeWith('team', null, 6, 0),
    nodeWith('a', 'team', null, 4),
    nodeWith('b', 'team', null, 0),
  ];
  const live = [1, 2, 3].map((n) => ({
    ...held(`b${n}`, 'b', 0),
    amounts: { slots: 2, credits: 1_000 },
  }));
  const tree = QuotaTree.ofAccounts(nodes);
  for (const { node, amounts } of live) tree.use(node, amounts, 1);
  const request = { id: 'r', node: 'a', priority: 0, amounts: { slots: 3, credits: 10 } };
  assert.equal(planFair(tree, request, live)?.victims, [
    { id: 'b1', right: 'reclaim', reason: 'reclaim-nominal' },
    { id: 'b2', right: 'reclaim', reason: 'reclaim-nominal' },
  ]);
  const wide = { ...request, amounts: { slots: 5, credits: 10 } };
  const reasons = planFair(tree, wide, live)?.victims.map(({ reason }) => reason);
  assert.equal(reasons, ['fair-share', 'fair-share', 'fair-share'], 'beyond it the shares decide');
});

interface Taken {
  readonly holder: LiveAllocation;
  readonly reason: string;
}

/** The victims of a contest in the order in which they were picked. */
function victimsOf(contest: RandomContest): Taken[] {
  const byId = new Map(contest.live.map((one) => [one.id, one]));
  return (plan(contest)?.victims ?? []).flatMap(({ id, reason }) => {
    const holder = byId.get(id);
    return holder ? [{ holder, reason }] : [];
  });
}

/** Told step by step on a tree of its own: the right of each, after those before it are gone. */
function areFair(contest: RandomContest, victims: readonly Taken[]): boolean {
  const { request } = contest;
  const tree = treeOf(contest);
  const contested = contestedIn(contest, tree);
  tree.use(request.node, request.amounts, 1);
  for (const { holder, reason } of victims) {
    const mine = branchShare(tree, request.node, holder.node);
    const before = branchShare(tree, holder.node, request.node);
    const isInside = contested.every((each) => tree.borrowedOf(request.node, each) === 0);
    tree.use(holder.node, holder.amounts, -1);
    const after = branchShare(tree, holder.node, request.node);
    if (reason === 'reclaim-nominal' && !isInside) return false;
    if (reason !== 'fair-share') continue;
    if (!mine || !before || !after) return false;
    if (compareShares(mine, after) > 0 && compareShares(mine, before) >= 0) return false;
  }
  return true;
}

/** The share of the highest node above `node` that is not above `other`. */
function branchShare(tree: QuotaTree, node: string, other: string) {
  const shared = new Set(tree.pathOf(other));
  const branch = tree.pathOf(node).findLast((each) => !shared.has(each));
  return branch === undefined ? undefined : dominantShare(tree, branch);
}

function contestedIn({ request }: RandomContest, tree: QuotaTree): string[] {
  return Object.entries(request.amounts).flatMap(([resource, amount]) =>
    amount > tree.available(request.node, resource) ? [resource] : [],
  );
}

test.run();
