import fc from 'fast-check';
import { LIMITS } from '../../events/limits.ts';

import { planClassic } from '../../resolver/plan-classic.ts';
import { planFair } from '../../resolver/plan-fair.ts';
import { type Planner, reversals } from '../../resolver/reversals.ts';
import { planStable } from '../../resolver/stability.ts';
import type { LiveAllocation, PendingRequest, PreemptionPlan } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { renamed, scaled, turned, withIdleNode } from './changed-contests.ts';
import { type RandomContest, randomContest, treeOf } from './random-contest.ts';

const test = suite('resolver stability');

const PLANNERS: readonly (readonly [name: string, planner: Planner])[] = [
  ['classic', planClassic],
  ['fair', planFair],
];

function stable(planner: Planner, contest: RandomContest): PreemptionPlan | undefined {
  return planStable(planner, treeOf(contest), contest.request, contest.live);
}

function ids(plan: PreemptionPlan | undefined): string[] | undefined {
  return plan?.victims.map(({ id }) => id).sort();
}

for (const [name, planner] of PLANNERS) {
  test(`S-05 no victim of a stable ${name} plan can turn it round, in whatever order they ask`, () => {
    let plans = 0;
    fc.assert(
      fc.property(randomContest, (contest) => {
        const plan = stable(planner, contest);
        if (plan === undefined) return;
        plans += 1;
        const victims = plan.victims.map(({ id }) => holderOf(contest, id));
        for (const order of ordersOf(victims)) {
          assert.is(evictorIn(planner, contest, victims, order), undefined, `${order.map(String)}`);
        }
      }),
      { numRuns: 1_500 },
    );
    assert.ok(plans > 30, `${plans} contests had a stable plan`);
  });

  test(`S-05 a reversal that is reported of a ${name} plan really takes place`, () => {
    fc.assert(
      fc.property(randomContest, (contest) => {
        const tree = treeOf(contest);
        const plan = planner(tree, contest.request, contest.live);
        if (plan === undefined) return;
        const victims = plan.victims.map(({ id }) => holderOf(contest, id));
        const found = reversals(planner, tree, contest.request, contest.live, plan);
        for (const { by, after, evicts } of found) {
          const order = [...after, by].map((id) => holderOf(contest, id));
          assert.is(evictorIn(planner, contest, victims, order), by);
          assert.ok(evicts.includes(contest.request.id));
        }
        const { stablePlansMax } = LIMITS;
        const { request, live } = contest;
        if (reversals(planner, tree, request, live, plan, 1, stablePlansMax).length === 0) {
          assert.equal(ids(stable(planner, contest)), ids(plan), 'the first plan stands');
        }
      }),
      { numRuns: 1_500 },
    );
  });

  test(`S-05 a stable ${name} plan is enough, and depends on no order, unit or idle node`, () => {
    fc.assert(
      fc.property(randomContest, fc.integer({ min: 2, max: 5 }), (contest, factor) => {
        const { request } = contest;
        const plan = stable(planner, contest);
        const tree = treeOf(contest);
        const before = treeOf(contest);
        for (const { id } of plan?.victims ?? []) {
          const { node, amounts } = holderOf(contest, id);
          tree.use(node, amounts, -1);
        }
        assert.is(plan !== undefined && !tree.fits(request.node, request.amounts), false);
        assert.equal(ids(stable(planner, turned(contest))), ids(plan), 'order');
        assert.equal(ids(stable(planner, scaled(contest, factor))), ids(plan), 'scale');
        assert.equal(ids(stable(planner, withIdleNode(contest))), ids(plan), 'idle node');
        planStable(planner, before, request, contest.live);
        for (const { id } of contest.nodes) {
          assert.equal(before.account(id, 'cpu'), treeOf(contest).account(id, 'cpu'), 'the tree');
        }
      }),
      { numRuns: 700 },
    );
  });
}

test('S-05 names of holders decide nothing of stability but ties', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const { before, after, nameOf } = renamed(contest);
      const expected = stable(planFair, before)?.victims.map(({ id }) => nameOf(id));
      assert.equal(ids(stable(planFair, after)), expected?.sort());
    }),
    { numRuns: 700 },
  );
});

test('S-05 a victim that comes back may open the way for another one', () => {
  const contest = pair(0, 2, 4, [1, 3], 3);
  const { request, live } = contest;
  // Evicts the beneficiary for b2, but only once b1 is there again.
  const planner: Planner = (_, asked, holders) =>
    asked.id === 'b2' && holders.some(({ id }) => id === 'b1')
      ? { victims: [{ id: 'r', right: 'fair', reason: 'fair-share' }] }
      : undefined;
  const victims = ['b1', 'b2'].map((id) => ({ id, right: 'fair', reason: 'fair-share' }) as const);
  assert.equal(reversals(planner, treeOf(contest), request, live, { victims }), [
    { by: 'b2', evicts: ['r'], after: ['b1'] },
  ]);
});

test('S-05 a plan whose victims may come back in too many ways to look at is not trusted', () => {
  const sizes = [1, 1, 1, 1, 1, 1, 1, 1];
  const contest = pair(0, 2, 9, sizes, 1);
  const victims = sizes.map(
    (_, at) => ({ id: `b${at + 1}`, right: 'fair', reason: 'fair-share' }) as const,
  );
  const none: Planner = () => undefined;
  const { request, live } = contest;
  const few = { victims: victims.slice(0, 5) };
  assert.equal(reversals(none, treeOf(contest), request, live, few), [], 'all 32 ways are seen');
  const [first] = reversals(none, treeOf(contest), request, live, { victims });
  assert.equal(first?.evicts, ['r']);
});

/** Two nodes of a team with quotas of their own, that lend all of it and take back all of it. */
function pair(common: number, ofA: number, ofB: number, holds: readonly number[], ask: number) {
  const preemption = {
    withinNode: 'lower' as const,
    reclaim: 'any' as const,
    whileBorrowing: { policy: 'never' as const },
  };
  return {
    nodes: [
      { id: 'team', parent: null, quotas: { cpu: { nominal: common } } },
      { id: 'a', parent: 'team', quotas: { cpu: { nominal: ofA } }, preemption },
      { id: 'b', parent: 'team', quotas: { cpu: { nominal: ofB } }, preemption },
    ],
    live: holds.map((cpu, at) => ({
      id: `b${at + 1}`,
      node: 'b',
      priority: 0,
      amounts: { cpu },
      grantedAtMs: 0,
    })),
    request: { id: 'r', node: 'a', priority: 0, amounts: { cpu: ask } },
  };
}

test('S-05 where every plan would be turned round, the request waits', () => {
  const contest = pair(0, 3, 1, [1, 3], 4);
  const tree = treeOf(contest);
  const plain = planFair(tree, contest.request, contest.live);
  assert.ok(plain);
  assert.equal(ids(plain), ['b1', 'b2'], 'it is legal, since b had more to begin with');
  assert.equal(reversals(planFair, tree, contest.request, contest.live, plain), [
    { by: 'b1', evicts: ['r'], after: [] },
  ]);
  assert.is(stable(planFair, contest), undefined);
});

test('S-05 where another plan would stand, it is taken instead', () => {
  const contest = pair(2, 2, 4, [3, 4, 1], 4);
  const plain = planFair(treeOf(contest), contest.request, contest.live);
  assert.equal(ids(plain), ['b1', 'b3']);
  assert.equal(ids(stable(planFair, contest)), ['b2']);
});

test('S-05 a request that cannot be evicted once it runs has only stable plans', () => {
  const { nodes, live, request } = pair(0, 3, 1, [1, 3], 4);
  const lasting = { nodes, live, request: { ...request, preemptible: false } };
  assert.equal(ids(stable(planFair, lasting)), ['b1', 'b2']);
});

function holderOf({ live }: RandomContest, id: string): LiveAllocation {
  const holder = live.find((one) => one.id === id);
  assert.ok(holder, `${id} is live`);
  return holder as LiveAllocation;
}

/** All orders of up to four, and a sample of more. */
function ordersOf(items: readonly LiveAllocation[]): LiveAllocation[][] {
  if (items.length <= 1) return [[...items]];
  const firsts = items.length <= 4 ? items : items.slice(0, 2);
  return firsts.flatMap((first) =>
    ordersOf(items.filter((one) => one !== first)).map((rest) => [first, ...rest]),
  );
}

/**
 * Told on a tree of its own: the victims of an executed plan ask again in this order, and get what
 * fits. Who of them would obtain a plan that contains the beneficiary, or undefined.
 */
function evictorIn(
  planner: Planner,
  { nodes, live, request }: RandomContest,
  victims: readonly LiveAllocation[],
  order: readonly LiveAllocation[],
): string | undefined {
  const beneficiary: LiveAllocation = {
    ...request,
    grantedAtMs: 100,
    createdAtMs: createdAt(request),
  };
  const now = [...live.filter((one) => !victims.includes(one)), beneficiary];
  for (const victim of order) {
    const tree = treeOf({ nodes, live: now, request });
    const createdAtMs = victim.createdAtMs ?? victim.grantedAtMs;
    const again: PendingRequest = {
      id: victim.id,
      node: victim.node,
      priority: victim.priority,
      amounts: victim.amounts,
      createdAtMs,
    };
    if (tree.fits(again.node, again.amounts)) {
      now.push({ ...victim, grantedAtMs: 100, state: 'active' });
    } else if (planner(tree, again, now)?.victims.some(({ id }) => id === request.id)) {
      return victim.id;
    }
  }
  return undefined;
}

function createdAt({ createdAtMs = 100 }: PendingRequest): number {
  return createdAtMs;
}

test.run();
