import fc from 'fast-check';

import { planClassic } from '../../resolver/plan-classic.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import type {
  LiveAllocation,
  NodePreemption,
  PreemptionPlan,
  ResourceNode,
} from '../../resolver/types.ts';
import { orderVictims } from '../../resolver/victim-order.ts';
import { assert, suite } from '../harness/suite.ts';
import { renamed, scaled, turned, withIdleNode } from './changed-contests.ts';
import { type RandomContest, randomContest, treeOf } from './random-contest.ts';

const test = suite('resolver classic');

function plan(contest: RandomContest): PreemptionPlan | undefined {
  return planClassic(treeOf(contest), contest.request, contest.live);
}

function ids(found: PreemptionPlan | undefined): string[] | undefined {
  return found?.victims.map(({ id }) => id).sort();
}

test('S-05 a plan is enough, and without any one of its victims it would not be', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const { request } = contest;
      const victims = victimsOf(contest);
      if (victims.length === 0) return;
      const tree = treeOf(contest);
      for (const { node, amounts } of victims) tree.use(node, amounts, -1);
      assert.ok(tree.fits(request.node, request.amounts), 'it fits after the evictions');
      for (const { id, node, amounts } of victims) {
        tree.use(node, amounts, 1);
        const borrows = Object.entries(request.amounts).some(
          ([resource, amount]) => amount > 0 && tree.isBorrowing(request.node, resource, amount),
        );
        assert.ok(!tree.fits(request.node, request.amounts) || borrows, `${id} is needed`);
        tree.use(node, amounts, -1);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('S-05 nobody is taken from within a quota, against the policy or against its protection', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const { request, nodes } = contest;
      const tree = treeOf(contest);
      const contested = Object.keys(request.amounts).filter(
        (resource) => (request.amounts[resource] ?? 0) > tree.available(request.node, resource),
      );
      const { withinNode, reclaim } = tree.preemptionOf(request.node);
      for (const victim of victimsOf(contest)) {
        assert.not.equal(victim.preemptible, false);
        assert.ok(contested.some((resource) => (victim.amounts[resource] ?? 0) > 0));
        const isOwn = victim.node === request.node;
        const right = isOwn ? withinNode : reclaim;
        assert.not.equal(right, 'never');
        if (right === 'lower') assert.ok(victim.priority < request.priority);
        if (!isOwn) assert.ok(isAboveOnItsWay(tree, nodes, victim, request.node, contested));
        tree.use(victim.node, victim.amounts, -1);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('S-05 where guarantees are kept, no branch is left with less than its own', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const { request, live } = contest;
      const tree = treeOf(contest);
      const found = planClassic(tree, request, live, { keepsGuarantees: true });
      const victims = live.filter(({ id }) => found?.victims.some((victim) => victim.id === id));
      for (const { node, amounts } of victims) tree.use(node, amounts, -1);
      const own = tree.pathOf(request.node);
      const full = treeOf(contest);
      for (const { node, amounts } of victims) {
        for (const resource of ['cpu', 'mem']) {
          const [asked, given] = [request.amounts[resource] ?? 0, amounts[resource] ?? 0];
          if (given === 0 || asked <= full.available(request.node, resource)) continue;
          for (const id of tree.pathOf(node).filter((each) => !own.includes(each))) {
            const { committed, guarantee } = tree.account(id, resource);
            assert.ok(committed >= guarantee, `${id} keeps its ${resource}`);
          }
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test('S-05 planning changes nothing', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const tree = treeOf(contest);
      planClassic(tree, contest.request, contest.live);
      const untouched = treeOf(contest);
      for (const { id } of contest.nodes) {
        for (const resource of ['cpu', 'mem']) {
          assert.equal(tree.account(id, resource), untouched.account(id, resource));
        }
      }
    }),
  );
});

test('S-05 order of input, size of the unit and an idle node change no victim', () => {
  fc.assert(
    fc.property(randomContest, fc.integer({ min: 2, max: 9 }), (contest, factor) => {
      const expected = ids(plan(contest));
      assert.equal(ids(plan(turned(contest))), expected, 'order');
      assert.equal(ids(plan(scaled(contest, factor))), expected, 'scale');
      assert.equal(ids(plan(withIdleNode(contest))), expected, 'idle node');
    }),
    { numRuns: 1_000 },
  );
});

test('S-05 names decide nothing but ties', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const { before, after, nameOf } = renamed(contest);
      const expected = plan(before)
        ?.victims.map(({ id }) => nameOf(id))
        .sort();
      assert.equal(ids(plan(after)), expected);
    }),
  );
});

const LOWER: NodePreemption = {
  withinNode: 'lower',
  reclaim: 'any',
  whileBorrowing: { policy: 'never' },
};

function held(id: string, node: string, priority: number, cpu: number): LiveAllocation {
  return { id, node, priority, amounts: { cpu }, grantedAtMs: 0 };
}

function nodeOf(id: string, parent: string | null, nominal: number): ResourceNode {
  return { id, parent, quotas: { cpu: { nominal } }, preemption: LOWER };
}

test('S-05 who is leaving already costs nothing and goes first', () => {
  const nodes = [nodeOf('only', null, 4)];
  const live = [
    held('low', 'only', 0, 2),
    { ...held('high', 'only', 1, 2), state: 'evicting' as const },
  ];
  const request = { id: 'r', node: 'only', priority: 2, amounts: { cpu: 2 } };
  assert.equal(ids(plan({ nodes, live, request })), ['high']);
});

test('S-05 among equals the youngest grant goes first, by id where they are of one age', () => {
  const nodes = [nodeOf('only', null, 6)];
  const at = (id: string, grantedAtMs: number) => ({ ...held(id, 'only', 0, 2), grantedAtMs });
  const request = { id: 'r', node: 'only', priority: 1, amounts: { cpu: 2 } };
  const old = [at('a', 1), at('b', 3), at('c', 2)];
  assert.equal(ids(plan({ nodes, live: old, request })), ['b']);
  const twins = [at('c', 3), at('b', 3), at('a', 1)];
  assert.equal(ids(plan({ nodes, live: twins, request })), ['b']);
});

test('S-05 victims are asked in one order: leaving, elsewhere, lower, divisible, younger, by id', () => {
  const at = (id: string, more: Partial<LiveAllocation> = {}): LiveAllocation => {
    return { ...held(id, 'b', 5, 1), grantedAtMs: 5, ...more };
  };
  const holders = [
    at('own', { node: 'a', priority: 0 }),
    at('twin-2'),
    at('twin-1'),
    at('old', { grantedAtMs: 1 }),
    at('divisible', { grantedAtMs: 0, min: { cpu: 0 } }),
    at('low', { priority: 1 }),
    at('leaving', { node: 'a', priority: 9, state: 'evicting' }),
  ];
  assert.equal(
    orderVictims(holders, 'a').map(({ id }) => id),
    ['leaving', 'low', 'divisible', 'twin-1', 'twin-2', 'old', 'own'],
  );
});

test('S-05 a divisible holder shrinks by what is missing instead of leaving', () => {
  const nodes = [nodeOf('only', null, 10)];
  const live = [{ ...held('big', 'only', 0, 9), min: { cpu: 2 } }];
  const request = { id: 'r', node: 'only', priority: 1, amounts: { cpu: 5 } };
  assert.equal(plan({ nodes, live, request })?.victims, [
    { id: 'big', right: 'priority', reason: 'within-node-priority', take: { cpu: 4 } },
  ]);
  const more = { ...request, amounts: { cpu: 9 } };
  assert.equal(plan({ nodes, live, request: more })?.victims, [
    { id: 'big', right: 'priority', reason: 'within-node-priority' },
  ]);
});

test('S-05 what is inside the own quota is reclaimed from any priority, beyond it only by policy', () => {
  const nodes = [nodeOf('team', null, 0), nodeOf('a', 'team', 4), nodeOf('b', 'team', 4)];
  const live = [held('vast', 'b', 9, 8)];
  const request = { id: 'r', node: 'a', priority: 0, amounts: { cpu: 4 } };
  assert.equal(plan({ nodes, live, request })?.victims, [
    { id: 'vast', right: 'reclaim', reason: 'reclaim-nominal' },
  ]);
  const beyond = { ...request, priority: 10, amounts: { cpu: 5 } };
  assert.is(plan({ nodes, live, request: beyond }), undefined);
  const bold = nodes.map((node) => ({
    ...node,
    preemption: { ...LOWER, whileBorrowing: { policy: 'lower' as const } },
  }));
  assert.equal(plan({ nodes: bold, live, request: beyond })?.victims, [
    { id: 'vast', right: 'priority', reason: 'priority-while-borrowing' },
  ]);
});

test('S-05 a guarantee that an allocation straddles is kept where the policy says so', () => {
  const nodes = [nodeOf('team', null, 0), nodeOf('a', 'team', 4), nodeOf('b', 'team', 4)];
  const request = { id: 'r', node: 'a', priority: 0, amounts: { cpu: 4 } };
  const victims = (live: LiveAllocation[], keepsGuarantees: boolean) =>
    planClassic(treeOf({ nodes, live, request }), request, live, { keepsGuarantees })?.victims.map(
      ({ id }) => id,
    );
  const straddling = [held('vast', 'b', 0, 8)];
  assert.equal(victims(straddling, false), ['vast']);
  assert.is(victims(straddling, true), undefined);
  const apart = [held('within', 'b', 0, 4), held('above', 'b', 1, 4)];
  assert.equal(victims(apart, true), ['within']);
});

test('S-05 in the terms of the governor a guarantee is reclaimed, the rest goes by priority', () => {
  const policy: NodePreemption = { ...LOWER, whileBorrowing: { policy: 'lower' } };
  const account = (id: string, parent: string | null, limit: number | null, guarantee: number) => {
    const accounts = { cpu: { limit, guarantee, lend: null } };
    return { id, parent, accounts, preemption: policy };
  };
  const tree = () =>
    QuotaTree.ofAccounts([
      account('team', null, 10, 0),
      account('a', 'team', null, 4),
      account('b', 'team', null, 0),
    ]);
  const live = [held('b1', 'b', 5, 8)];
  const reasons = (priority: number, cpu: number) => {
    const full = tree();
    for (const { node, amounts } of live) full.use(node, amounts, 1);
    const request = { id: 'r', node: 'a', priority, amounts: { cpu } };
    return planClassic(full, request, live)?.victims.map(({ right }) => right);
  };
  assert.equal(reasons(0, 4), ['reclaim']);
  assert.is(reasons(0, 5), undefined);
  assert.equal(reasons(6, 5), ['priority']);
});

/** The victims of a contest in the order in which they were picked. */
function victimsOf(contest: RandomContest): LiveAllocation[] {
  const byId = new Map(contest.live.map((one) => [one.id, one]));
  return (plan(contest)?.victims ?? []).flatMap(({ id }) => byId.get(id) ?? []);
}

/** Told from the nodes alone, without the resolver's own paths. */
function isAboveOnItsWay(
  tree: QuotaTree,
  nodes: readonly ResourceNode[],
  victim: LiveAllocation,
  requester: string,
  contested: readonly string[],
): boolean {
  const parentOf = (id: string) => nodes.find((node) => node.id === id)?.parent ?? null;
  const own = new Set<string>();
  for (let id: string | null = requester; id !== null; id = parentOf(id)) own.add(id);
  for (let id: string | null = victim.node; id !== null && !own.has(id); id = parentOf(id)) {
    const at = id;
    if (!contested.some((resource) => tree.borrowedOf(at, resource) > 0)) return false;
  }
  return true;
}

test.run();
