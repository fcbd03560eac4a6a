import fc from 'fast-check';

import { admitRound, type RoundOutcome, type RoundPolicy } from '../../resolver/admit-round.ts';
import { planClassic } from '../../resolver/plan-classic.ts';
import { planFair } from '../../resolver/plan-fair.ts';
import type { LiveAllocation, PendingRequest, ResourceNode } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { scaled, turned, withIdleNode } from './changed-contests.ts';
import { treeOf } from './random-contest.ts';
import { type RandomStory, randomStory } from './random-story.ts';

const test = suite('resolver round');

const CLASSIC: RoundPolicy = { order: 'classic', depth: 'head', planner: planClassic };
const FAIR: RoundPolicy = { order: 'fair', depth: 'head', planner: planFair };

const policies = fc.record({
  base: fc.constantFrom(CLASSIC, FAIR),
  depth: fc.constantFrom<RoundPolicy['depth']>('head', 'passing'),
});

function round(
  { requests, live, ...contest }: Pick<RandomStory, 'nodes' | 'live' | 'request' | 'requests'>,
  policy: RoundPolicy,
): RoundOutcome {
  return admitRound(treeOf({ ...contest, live }), requests, live, policy);
}

test('A-08 all grants of a round fit together, and all promises beside them once victims left', () => {
  fc.assert(
    fc.property(randomStory, policies, (story, { base, depth }) => {
      const outcome = round(story, { ...base, depth });
      const tree = treeOf(story);
      const byId = new Map(story.requests.map((one) => [one.id, one]));
      for (const id of outcome.granted) {
        const { node, amounts } = byId.get(id) as PendingRequest;
        assert.ok(tree.fits(node, amounts), `${id} fits beside all before it`);
        tree.use(node, amounts, 1);
      }
      const holders = new Map(story.live.map((one) => [one.id, one]));
      for (const { id } of outcome.plans.flatMap(({ victims }) => victims)) {
        const holder = holders.get(id);
        assert.ok(holder && holders.delete(id), `${id} is evicted once`);
        if (holder) tree.use(holder.node, holder.amounts, -1);
      }
      for (const { request } of outcome.plans) {
        const { node, amounts } = byId.get(request) as PendingRequest;
        assert.ok(tree.fits(node, amounts), `${request} fits when its victims have left`);
        tree.use(node, amounts, 1);
      }
    }),
    { numRuns: 1_500 },
  );
});

test('A-08 each request is granted or waits for a stated reason, one of a node a round', () => {
  fc.assert(
    fc.property(randomStory, policies, (story, { base, depth }) => {
      const { granted, waiting, plans } = round(story, { ...base, depth });
      const told = [...granted, ...waiting.map(({ id }) => id)].sort();
      assert.equal(told, story.requests.map(({ id }) => id).sort());
      const evicting = waiting.flatMap(({ id, why }) => (why === 'evicting' ? [id] : []));
      assert.equal(
        evicting,
        plans.map(({ request }) => request),
      );
      const served = new Set([...granted, ...evicting]);
      const nodes = story.requests.flatMap(({ id, node }) => (served.has(id) ? [node] : []));
      assert.is(new Set(nodes).size, nodes.length);
    }),
    { numRuns: 1_000 },
  );
});

test('A-08 order of input, size of the unit and an idle node change no round; it changes nothing', () => {
  fc.assert(
    fc.property(
      randomStory,
      policies,
      fc.integer({ min: 2, max: 6 }),
      (story, { base, depth }, by) => {
        const policy = { ...base, depth };
        const expected = round(story, policy);
        const { requests } = story;
        const reversed = { ...turned(story), requests: [...requests].reverse() };
        assert.equal(round(reversed, policy), expected, 'order');
        assert.equal(round({ ...withIdleNode(story), requests }, policy), expected, 'idle node');
        const asked = requests.map((request) => scaled({ ...story, request }, by).request);
        assert.equal(round({ ...scaled(story, by), requests: asked }, policy), expected, 'scale');
        const tree = treeOf(story);
        admitRound(tree, requests, story.live, policy);
        for (const { id } of story.nodes) {
          assert.equal(tree.account(id, 'cpu'), treeOf(story).account(id, 'cpu'));
        }
      },
    ),
    { numRuns: 500 },
  );
});

function nodeOf(
  id: string,
  parent: string | null,
  nominal: number,
  more: Partial<ResourceNode> = {},
): ResourceNode {
  return { id, parent, quotas: { cpu: { nominal } }, ...more };
}

function ask(id: string, node: string, cpu: number, priority = 0): PendingRequest {
  return { id, node, priority, amounts: { cpu }, createdAtMs: 0 };
}

function held(id: string, node: string, cpu: number, priority = 0): LiveAllocation {
  return { id, node, priority, amounts: { cpu }, grantedAtMs: 0 };
}

/** What of these is granted in a round. */
function granted(
  policy: RoundPolicy,
  nodes: readonly ResourceNode[],
  requests: readonly PendingRequest[],
  live: readonly LiveAllocation[] = [],
): RoundOutcome {
  const [request = ask('none', 'team', 0)] = requests;
  return round({ nodes: [...nodes], live: [...live], request, requests }, policy);
}

const EVICTS = (reclaim: 'never' | 'lower' | 'any', withinNode: 'never' | 'lower' = 'lower') => ({
  preemption: { withinNode, reclaim, whileBorrowing: { policy: 'never' as const } },
});

test('A-08 classic: who borrows from nearer comes first, then priority, then age', () => {
  const nodes = [
    nodeOf('team', null, 0),
    nodeOf('g', 'team', 6),
    nodeOf('near', 'g', 0),
    nodeOf('far', 'team', 0),
  ];
  const both = [ask('x', 'far', 6, 9), ask('y', 'near', 6)];
  assert.equal(granted(CLASSIC, nodes, both).granted, ['y']);
  const flat = [nodeOf('team', null, 6), nodeOf('a', 'team', 0), nodeOf('b', 'team', 0)];
  assert.equal(granted(CLASSIC, flat, [ask('x', 'a', 6), ask('y', 'b', 6, 1)]).granted, ['y']);
  const later = { ...ask('x', 'a', 6), createdAtMs: 5 };
  assert.equal(granted(CLASSIC, flat, [later, ask('y', 'b', 6)]).granted, ['y']);
});

test('A-08 fair: the smaller share after the grant comes first, level by level', () => {
  const nodes = [
    nodeOf('team', null, 20),
    nodeOf('left', 'team', 0),
    nodeOf('right', 'team', 0),
    nodeOf('l1', 'left', 0),
    nodeOf('l2', 'left', 0),
    nodeOf('r1', 'right', 0),
  ];
  const live = [held('a', 'l1', 6), held('b', 'r1', 5)];
  // l2 has the least of all, but its branch has more than the other.
  const requests = [ask('x', 'l2', 9), ask('y', 'r1', 9, 0)];
  assert.equal(granted(FAIR, nodes, requests, live).granted, ['y']);
  assert.equal(granted(CLASSIC, nodes, [ask('x', 'l2', 9, 1), ask('y', 'r1', 9)], live).granted, [
    'x',
  ]);
});

test('A-08 fair: who stays inside its quota comes before whoever borrows less', () => {
  const nodes = [nodeOf('team', null, 0), nodeOf('a', 'team', 6), nodeOf('b', 'team', 0)];
  const requests = [ask('x', 'a', 6), ask('y', 'b', 1, 9)];
  assert.equal(granted(FAIR, nodes, requests).granted, ['x']);
});

test('A-08 nobody is evicted for two, and nobody in vain', () => {
  const nodes = [
    nodeOf('team', null, 1),
    nodeOf('a', 'team', 2, EVICTS('any')),
    nodeOf('b', 'team', 2, EVICTS('any')),
    nodeOf('c', 'team', 0),
  ];
  const shared = [held('c1', 'c', 5)];
  const both = [ask('x', 'a', 2, 1), ask('y', 'b', 2)];
  const once = granted(CLASSIC, nodes, both, shared);
  assert.equal(
    once.plans.map(({ request }) => request),
    ['x'],
  );
  assert.equal(once.waiting, [
    { id: 'x', why: 'evicting' },
    { id: 'y', why: 'same-victims' },
  ]);
  // Each could have its 3 by its own victim, but the pool of 5 holds only one of them.
  const own = [held('a1', 'a', 2), held('b1', 'b', 2)];
  const wide = granted(CLASSIC, nodes, [ask('x', 'a', 3, 2), ask('y', 'b', 3, 1)], own);
  assert.equal(
    wide.plans.map(({ request }) => request),
    ['x'],
  );
  assert.equal(wide.waiting.at(-1), { id: 'y', why: 'overtaken' });
});

test('A-08 what a victim will leave is given to nobody before it has left', () => {
  const nodes = [
    nodeOf('team', null, 6),
    nodeOf('a', 'team', 4, EVICTS('any')),
    nodeOf('b', 'team', 0),
    nodeOf('c', 'team', 0),
    nodeOf('d', 'team', 0),
  ];
  const live = [held('b1', 'b', 9)];
  const requests = [ask('x', 'a', 4), ask('y', 'c', 1), ask('z', 'd', 1)];
  const outcome = granted(CLASSIC, nodes, requests, live);
  assert.equal(outcome.granted, ['y'], 'there is room for one now, for both later');
  assert.equal(
    outcome.plans.map(({ request }) => request),
    ['x'],
  );
});

test('A-08 an owner who waits lends its quota only where it is sure to get it back', () => {
  const lends = (reclaim: 'never' | 'lower' | 'any') => {
    const nodes = [
      nodeOf('team', null, 0),
      nodeOf('a', 'team', 4, EVICTS(reclaim, 'never')),
      nodeOf('b', 'team', 0),
    ];
    const requests = [ask('x', 'a', 4), ask('y', 'b', 1)];
    return granted(CLASSIC, nodes, requests, [held('a1', 'a', 2)]).granted;
  };
  assert.equal(lends('any'), ['y']);
  assert.equal(lends('lower'), []);
  assert.equal(lends('never'), []);
});

test('A-08 what is kept for a node is kept from others only', () => {
  const nodes = [
    nodeOf('team', null, 0),
    nodeOf('a', 'team', 4, EVICTS('lower', 'never')),
    nodeOf('b', 'team', 0),
    nodeOf('c', 'team', 0),
  ];
  const requests = [ask('x', 'a', 4, 1), ask('mate', 'a', 1), ask('y', 'b', 1)];
  const policy: RoundPolicy = { ...CLASSIC, depth: 'passing' };
  assert.equal(granted(policy, nodes, requests, [held('c1', 'c', 2, 9)]).granted, ['mate']);
});

test('A-08 a head keeps what it may borrow too, if evictions could get it that far', () => {
  const others = (withinNode: 'never' | 'lower') => {
    const quotas = { cpu: { nominal: 2, borrowLimit: 2 } };
    const nodes = [
      nodeOf('team', null, 4),
      { ...nodeOf('a', 'team', 0, EVICTS('lower', withinNode)), quotas },
      nodeOf('b', 'team', 0),
      nodeOf('c', 'team', 0),
    ];
    return granted(CLASSIC, nodes, [ask('x', 'a', 4), ask('y', 'b', 1)], [held('c1', 'c', 3, 9)]);
  };
  assert.equal(others('lower').granted, []);
  assert.equal(others('never').granted, ['y'], 'beyond its quota it may evict nobody');
});

test('A-08 a request borrows from as far as the worst of its resources', () => {
  const nodes = [
    { id: 'team', parent: null, quotas: { mem: { nominal: 2 } } },
    { id: 'a', parent: 'team', quotas: { cpu: { nominal: 4 } } },
    { id: 'b', parent: 'team', quotas: { mem: { nominal: 2 } } },
  ];
  const mixed = { ...ask('x', 'a', 0, 9), amounts: { mem: 4, cpu: 1 } };
  const own = { ...ask('y', 'b', 0), amounts: { mem: 2 } };
  assert.equal(granted(CLASSIC, nodes, [mixed, own]).granted, ['y']);
});

test('A-08 whoever evicts is as near to its quota as it will be when the victims have left', () => {
  const nodes = [
    nodeOf('team', null, 2),
    nodeOf('a', 'team', 4, EVICTS('never')),
    nodeOf('b', 'team', 0, EVICTS('never')),
  ];
  const live = [held('a1', 'a', 4), held('b1', 'b', 2)];
  const requests = [ask('x', 'a', 4, 1), ask('y', 'b', 2, 2)];
  const { plans } = granted(CLASSIC, nodes, requests, live);
  assert.equal(
    plans.map(({ request }) => request),
    ['x', 'y'],
  );
});

test('A-08 fair: a loan of something else does not count against what is inside the quota', () => {
  const nodes = [
    { id: 'team', parent: null, quotas: { cpu: { nominal: 3 }, mem: { nominal: 9 } } },
    { id: 'a', parent: 'team', quotas: { cpu: { nominal: 2 } } },
    { id: 'b', parent: 'team', quotas: {} },
  ];
  const live = [{ ...held('a1', 'a', 0), amounts: { mem: 9 } }];
  const requests = [ask('x', 'a', 2), ask('y', 'b', 4, 9)];
  assert.equal(granted(FAIR, nodes, requests, live).granted, ['x']);
});

test('A-08 behind a head that cannot be served others pass, but not in a strict queue', () => {
  const passing: RoundPolicy = { ...CLASSIC, depth: 'passing' };
  const requests = [ask('huge', 'a', 9, 1), ask('small', 'a', 1)];
  const nodes = [nodeOf('a', null, 4)];
  assert.equal(granted(passing, nodes, requests).granted, ['small']);
  assert.equal(granted(passing, nodes, requests).waiting, [{ id: 'huge', why: 'never-fits' }]);
  assert.equal(granted(CLASSIC, nodes, requests).granted, []);
  const strict = [nodeOf('a', null, 4, { strictFifo: true })];
  assert.equal(granted(passing, strict, requests).granted, []);
});

test.run();
