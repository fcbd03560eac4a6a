import fc from 'fast-check';

import type { RoundPolicy } from '../../resolver/admit-round.ts';
import { type Lifecycle, playLifecycle } from '../../resolver/lifecycle.ts';
import { planClassic } from '../../resolver/plan-classic.ts';
import { planFair } from '../../resolver/plan-fair.ts';
import type { QuotaTree } from '../../resolver/quota-tree.ts';
import { planStable } from '../../resolver/stability.ts';
import type { LiveAllocation, ResourceNode, TimedRequest } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { scaled, withIdleNode } from './changed-contests.ts';
import { treeOf } from './random-contest.ts';
import { type RandomStory, randomStory } from './random-story.ts';
import { treeWith } from './random-tree.ts';

const test = suite('resolver lifecycle');

const CLASSIC: RoundPolicy = {
  order: 'classic',
  depth: 'passing',
  planner: (...asked) => planStable(planClassic, ...asked),
};
const FAIR: RoundPolicy = {
  order: 'fair',
  depth: 'passing',
  planner: (...asked) => planStable(planFair, ...asked),
};

const policies = fc.constantFrom(CLASSIC, FAIR);

function played(story: RandomStory, policy: RoundPolicy): Lifecycle {
  return playLifecycle(treeOf(story), story.requests, story.live, policy);
}

test('A-08 every story comes to rest, and nobody is evicted more often than the protection says', () => {
  fc.assert(
    fc.property(randomStory, policies, fc.integer({ min: 1, max: 3 }), (story, policy, after) => {
      const end = playLifecycle(treeOf(story), story.requests, story.live, {
        ...policy,
        protectedAfter: after,
      });
      assert.ok(end.isQuiet);
      const times = new Map<string, number>();
      for (const { id } of end.evictions) times.set(id, (times.get(id) ?? 0) + 1);
      for (const [id, count] of times) assert.ok(count <= after, `${id}: ${count}`);
    }),
    { numRuns: 400 },
  );
});

test('A-08 at the end nobody is lost, no limit is exceeded, and the sums are those of the holders', () => {
  fc.assert(
    fc.property(randomStory, policies, (story, policy) => {
      const end = played(story, policy);
      const everybody = [...story.live, ...story.requests].map(({ id }) => id).sort();
      const told = [...end.live, ...end.waiting].map(({ id }) => id).sort();
      assert.equal(told, everybody, 'each runs or waits');
      const running = new Set(end.live.map(({ id }) => id));
      const asked = story.requests.map(({ id }) => id);
      assert.equal(
        end.granted,
        asked.filter((id) => running.has(id)),
      );
      const tree = treeWith(story.nodes, end.live);
      for (const { id } of story.nodes) assertWithin(tree, id);
      for (const { id } of story.nodes) assert.equal(end.useOf[id], useBeneath(tree, id, end.live));
    }),
    { numRuns: 400 },
  );
});

test('A-08 order of input, size of the unit and an idle node change no story; it changes nothing', () => {
  fc.assert(
    fc.property(randomStory, policies, (story, policy) => {
      const { nodes, live, requests } = story;
      const tree = treeOf(story);
      const end = playLifecycle(tree, requests, live, policy);
      const other = played(
        {
          ...story,
          nodes: [...nodes].reverse(),
          live: [...live].reverse(),
          requests: [...requests].reverse(),
        },
        policy,
      );
      assert.equal(other.evictions, end.evictions);
      assert.equal([...other.granted].sort(), [...end.granted].sort());
      const larger = requests.map((request) => scaled({ ...story, request }, 7).request);
      const scale = played({ ...scaled(story, 7), requests: larger }, policy);
      assert.equal([scale.evictions, scale.granted], [end.evictions, end.granted], 'scale');
      const idle = played({ ...withIdleNode(story), requests }, policy);
      assert.equal([idle.evictions, idle.granted], [end.evictions, end.granted], 'idle node');
      for (const { id } of nodes) {
        assert.equal(tree.account(id, 'mem'), treeOf(story).account(id, 'mem'));
      }
    }),
    { numRuns: 250 },
  );
});

test('A-08 whoever could begin at the end without an eviction is kept from it by somebody', () => {
  fc.assert(
    fc.property(randomStory, policies, (story, policy) => {
      const end = played(story, policy);
      if (end.waiting.some(({ why }) => why === 'no-room' || why === 'behind-head')) return;
      const tree = treeWith(story.nodes, end.live);
      for (const { id } of end.waiting) {
        const request = story.requests.find((one) => one.id === id);
        if (request) assert.is(tree.fits(request.node, request.amounts), false, id);
      }
    }),
    { numRuns: 400 },
  );
});

const OWNER = {
  withinNode: 'lower' as const,
  reclaim: 'any' as const,
  whileBorrowing: { policy: 'never' as const },
};

function nodeOf(id: string, nominal: number, strictFifo = false): ResourceNode {
  return { id, parent: 'team', quotas: { cpu: { nominal } }, preemption: OWNER, strictFifo };
}

const TEAM: ResourceNode = { id: 'team', parent: null, quotas: {} };

function ask(id: string, node: string, cpu: number, createdAtMs: number, runsForMs?: number) {
  const request: TimedRequest = { id, node, priority: 0, amounts: { cpu }, createdAtMs };
  return runsForMs === undefined ? request : { ...request, runsForMs };
}

function held(id: string, node: string, cpu: number): LiveAllocation {
  return { id, node, priority: 0, amounts: { cpu }, grantedAtMs: 0 };
}

function tell(
  nodes: readonly ResourceNode[],
  requests: readonly TimedRequest[],
  live: readonly LiveAllocation[] = [],
  policy: RoundPolicy = FAIR,
): Lifecycle {
  return playLifecycle(treeWith([TEAM, ...nodes], live), requests, live, policy);
}

test('A-08 an owner takes back what it lent; the borrower asks again and returns when there is room', () => {
  const nodes = [nodeOf('a', 4), nodeOf('b', 2)];
  const borrowed = [held('b1', 'b', 2), held('b2', 'b', 3)];
  const end = tell(nodes, [ask('a1', 'a', 4, 10, 50)], borrowed);
  assert.equal(end.evictions, [{ id: 'b2', by: 'a1', atMs: 10 }]);
  assert.equal(end.granted, ['a1'], 'it had what it asked for to its end');
  assert.equal(
    end.live.map(({ id, grantedAtMs }) => [id, grantedAtMs]),
    [
      ['b1', 0],
      ['b2', 60],
    ],
  );
  assert.equal(end.useOf, { team: { cpu: 5 }, a: {}, b: { cpu: 5 } });
});

test('A-08 what runs out makes room at its time, in the order of the queue', () => {
  const nodes = [nodeOf('a', 4)];
  const requests = [ask('x', 'a', 4, 0, 10), ask('y', 'a', 3, 1, 10), ask('z', 'a', 3, 2)];
  const end = tell(nodes, requests);
  assert.equal(end.granted, ['x', 'y', 'z']);
  assert.equal(
    end.live.map(({ id, grantedAtMs }) => [id, grantedAtMs]),
    [['z', 20]],
  );
});

test('A-08 whoever was evicted queues from its eviction, behind those who have waited longer', () => {
  const nodes = [nodeOf('a', 4), nodeOf('b', 0), nodeOf('c', 0)];
  const requests = [ask('c1', 'c', 4, 5), { ...ask('a1', 'a', 4, 10, 50), priority: 0 }];
  const end = tell(nodes, requests, [held('b1', 'b', 4)], CLASSIC);
  assert.equal(
    end.evictions.map(({ id, by }) => [id, by]),
    [['b1', 'a1']],
  );
  assert.equal(
    end.live.map(({ id }) => id),
    ['c1'],
    'it has waited since 5, the evicted one since 10',
  );
});

test('A-08 a strict head that can never fit stops its own queue and keeps nothing from others', () => {
  const nodes = [nodeOf('s', 3, true), nodeOf('t', 3)];
  const requests = [ask('vast', 's', 20, 0), ask('small', 's', 1, 1), ask('other', 't', 6, 2)];
  const end = tell(nodes, requests);
  assert.equal(end.granted, ['other']);
  assert.equal(end.waiting, [
    { id: 'vast', why: 'never-fits' },
    { id: 'small', why: 'behind-head' },
  ]);
});

test('A-08 a story that does not come to rest in time says so', () => {
  const nodes = [nodeOf('a', 2)];
  // A planner without any rule: whoever asks evicts whoever is there.
  const wild: RoundPolicy = {
    ...CLASSIC,
    planner: (_tree, _request, live) => ({
      victims: live.map(({ id }) => ({ id, right: 'priority', reason: 'within-node-priority' })),
    }),
  };
  const requests = [ask('x', 'a', 2, 0), ask('y', 'a', 2, 0)];
  const rest = playLifecycle(treeWith([TEAM, ...nodes], []), requests, [], wild);
  assert.is(rest.isQuiet, false);
});

function assertWithin(tree: QuotaTree, node: string): void {
  for (const resource of ['cpu', 'mem']) {
    const { committed, limit, idle } = tree.account(node, resource);
    assert.ok(committed <= Math.max(limit, idle), `${resource} at ${node}`);
  }
}

function useBeneath(tree: QuotaTree, node: string, live: readonly LiveAllocation[]) {
  const sums: Record<string, number> = {};
  for (const holder of live) {
    if (!tree.pathOf(holder.node).includes(node)) continue;
    for (const [resource, amount] of Object.entries(holder.amounts)) {
      sums[resource] = (sums[resource] ?? 0) + amount;
    }
  }
  return sums;
}

test.run();
