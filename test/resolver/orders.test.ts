import fc from 'fast-check';
import { orderByDominantUse, type Sharer } from '../../resolver/dominant-use.ts';
import { rankByFairTree } from '../../resolver/fair-tree.ts';
import { historyShares, orderByHistory } from '../../resolver/history-share.ts';
import { orderByUsage, serveByUsage, type Tenant } from '../../resolver/order-by-usage.ts';
import { orderHeads, type QueueHead } from '../../resolver/order-heads.ts';
import { orderSiblings } from '../../resolver/order-siblings.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import { orderByStride, StrideClock, type StrideTask } from '../../resolver/stride.ts';
import { assert, suite } from '../harness/suite.ts';
import { shuffled } from './shuffled.ts';

const test = suite('resolver: orders');

const idsOf = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

const anyHeads = fc
  .array(
    fc.record({
      priority: fc.nat(2),
      borrowLevels: fc.nat(2),
      createdAtMs: fc.nat(3),
      evictedAtMs: fc.nat(6),
      reclaimedWhileBorrowing: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map((rows) => rows.map((row, i): QueueHead => ({ id: `r${i}`, ...row })));

test('F-06 heads: fewer loans, higher priority, longer in the queue, whatever order they come in', () => {
  fc.assert(
    fc.property(anyHeads, fc.nat(), (heads, seed) => {
      const order = orderHeads(heads);
      assert.equal(idsOf(orderHeads(shuffled(heads, seed))), idsOf(order));
      order.slice(1).forEach((head, i) => {
        const before = order[i];
        const key = (one: QueueHead | undefined) =>
          (one?.borrowLevels ?? 0) * 100 - (one?.priority ?? 0) * 10 + (one?.evictedAtMs ?? 0);
        assert.ok(key(before) <= key(head), `${before?.id} before ${head.id}`);
      });
    }),
  );
});

test('F-06 heads: creation may be the rule, but a borrower that was evicted goes back behind', () => {
  const heads: QueueHead[] = [
    { id: 'evicted', priority: 0, borrowLevels: 0, createdAtMs: 0, evictedAtMs: 5 },
    { id: 'owner', priority: 0, borrowLevels: 0, createdAtMs: 3 },
    {
      id: 'borrower',
      priority: 0,
      borrowLevels: 0,
      createdAtMs: 0,
      evictedAtMs: 4,
      reclaimedWhileBorrowing: true,
    },
  ];
  assert.equal(idsOf(orderHeads(heads)), ['owner', 'borrower', 'evicted']);
  assert.equal(idsOf(orderHeads(heads, { queueTime: 'creation' })), [
    'evicted',
    'owner',
    'borrower',
  ]);
  assert.equal(idsOf(orderHeads(heads, { keys: ['priority'] })), ['borrower', 'evicted', 'owner']);
});

test('F-06 siblings: use over guarantee or priority first, a resource without guarantee by the fair part', () => {
  const branch = (id: string, priority: number, use: number, guarantee?: number) => ({
    id,
    priority,
    uses: [{ mem: use }],
    guarantee: guarantee === undefined ? {} : { mem: guarantee },
  });
  const branches = [
    branch('a', 1, 40, 100),
    branch('b', 2, 60, 100),
    branch('c', 1, 70),
    branch('d', 9, 500, 500),
  ];
  assert.equal(orderSiblings(branches, { mem: 1_000 }, 'fairFirst'), ['c', 'a', 'b', 'd']);
  assert.equal(orderSiblings(branches, { mem: 1_000 }, 'priorityFirst'), ['d', 'b', 'c', 'a']);
});

test('F-06 sharers: dominant share over weight, then the next share; the needy before all', () => {
  const total = { mem: 8_000, cpu: 8 };
  const order = (...sharers: Sharer[]) => orderByDominantUse(sharers, total);
  const a = { id: 'a', use: { mem: 4_000, cpu: 3 } };
  const b = { id: 'b', use: { mem: 2_000, cpu: 5 } };
  assert.equal(order(b, a), ['a', 'b']);
  assert.equal(order(a, { ...b, weightMilli: 2_000 }), ['b', 'a']);
  assert.equal(order(a, { ...b, use: { mem: 4_000, cpu: 2 } }), ['b', 'a']);
  assert.equal(order(a, { ...b, guarantee: { cpu: 6 } }), ['b', 'a'], 'b lacks its guarantee');
  const half = { ...a, guarantee: { mem: 8_000 } };
  assert.equal(order({ ...b, guarantee: { cpu: 6 } }, half), ['a', 'b'], 'a has less of its own');
  const idle = { id: 'z', use: {}, weightMilli: 0 };
  const unweighted = { id: 'w', use: { mem: 1 }, weightMilli: 0 };
  assert.equal(order(a, idle, unweighted), ['z', 'a', 'w'], 'nothing of nothing is nothing');
});

const USE = { cpu: 0 };
const request = (id: string, node: string, priority: number, createdAtMs: number, cpu = 4) => ({
  id,
  node,
  priority,
  createdAtMs,
  amounts: { ...USE, cpu },
});

test('F-06 past use decides before priority, over weight, and by what a resource counts', () => {
  const tenants: Tenant[] = [
    { id: 'a', pastUse: { cpu: 10 } },
    { id: 'b', weightMilli: 2_000, pastUse: { cpu: 6, gpu: 9 } },
  ];
  const requests = [
    request('high', 'a', 9, 0),
    request('low', 'b', 0, 1),
    request('new', 'c', 0, 2),
  ];
  const order = (gpu: number) =>
    idsOf(orderByUsage(requests, tenants, { resourceWeightsMilli: { gpu } }));
  assert.equal(order(0), ['new', 'low', 'high']);
  assert.equal(order(2_000), ['new', 'high', 'low']);
});

test('F-06 S-14 of equals nobody is served twice before each was served once', () => {
  const nodes = ['a', 'b'].map((id) => ({ id, parent: 'root', quotas: {} }));
  const tree = QuotaTree.ofQuotas([
    { id: 'root', parent: null, quotas: { cpu: { nominal: 8 } } },
    ...nodes,
  ]);
  const tenants = nodes.map(({ id }) => ({ id, pastUse: { cpu: 4 } }));
  const requests = ['a1', 'a2', 'b1', 'b2'].map((id, at) => request(id, id.charAt(0), 0, at));
  const round = serveByUsage(tree, requests, tenants);
  assert.equal(idsOf(round.granted), ['a1', 'b1']);
  assert.equal(idsOf(round.waiting), ['a2', 'b2']);
  const [small, ...others] = requests.map((one) => ({ ...one, amounts: { cpu: 7 } }));
  const uneven = serveByUsage(
    tree,
    [{ ...request('b9', 'b', 0, 9), amounts: { cpu: 1 } }, small, ...others].flatMap(
      (one) => one ?? [],
    ),
    tenants,
  );
  assert.equal(idsOf(uneven.granted), ['a1', 'b9'], 'one that does not fit holds up nobody');
  assert.is(tree.available('root', 'cpu'), 8);
});

/** The tree of Slurm's documentation has this shape: two accounts with two accounts each. */
const ACCOUNTS = [
  { id: 'root', parent: null },
  { id: 'A', parent: 'root', weightMilli: 40 },
  { id: 'B', parent: 'A', weightMilli: 30 },
  { id: 'C', parent: 'A', weightMilli: 10 },
  { id: 'D', parent: 'root', weightMilli: 60 },
  ...['b1', 'c1', 'c2'].map((id) => ({ id, parent: id.charAt(0).toUpperCase() })),
  ...['d1', 'd2'].map((id) => ({ id, parent: 'D' })),
];

test('F-06 history: a leaf answers for its branch, and the branch for its parent', () => {
  const past = [
    { node: 'b1', amount: 100 },
    { node: 'c1', amount: 300 },
    { node: 'd1', amount: 200 },
  ];
  const shares = historyShares(ACCOUNTS, past, 1_000);
  const useOf = (id: string) => {
    const { num, den } = shares.get(id)?.effectiveUse ?? { num: 0n, den: 1n };
    return Number((num * 100_000n + den / 2n) / den) / 100_000;
  };
  assert.is(useOf('A'), 0.4);
  assert.is(useOf('B'), 0.325);
  assert.is(useOf('b1'), 0.325);
  assert.is(useOf('c2'), 0.1625, 'it used nothing, but its account did');
  assert.equal(orderByHistory(shares, ['b1', 'c1', 'c2', 'd1', 'd2']), [
    'd2',
    'd1',
    'b1',
    'c2',
    'c1',
  ]);
  const used = shares.get('d1')?.factor.num ?? 0n;
  assert.ok(used < (shares.get('d2')?.factor.num ?? 0n));
});

test('F-06 fair tree: a branch comes with all its leaves; ties share a rank', () => {
  const past = [
    { node: 'b1', amount: 100 },
    { node: 'c1', amount: 300 },
    { node: 'd1', amount: 200 },
  ];
  const { order, ranks } = rankByFairTree(ACCOUNTS, past);
  assert.equal(order, ['d2', 'd1', 'b1', 'c2', 'c1']);
  assert.equal(Object.fromEntries(ranks), { d2: 5, d1: 4, b1: 3, c2: 2, c1: 1 });
  const fresh = rankByFairTree(ACCOUNTS, []);
  assert.equal([...fresh.ranks.values()], [5, 5, 5, 5, 5], 'nobody used anything');
  const level = rankByFairTree(
    [
      { id: 'root', parent: null },
      { id: 'g', parent: 'root' },
      { id: 'h', parent: 'root' },
      { id: 'u', parent: 'root' },
      ...['g1', 'g2'].map((id) => ({ id, parent: 'g' })),
      { id: 'h1', parent: 'h' },
    ],
    [
      { node: 'g1', amount: 1 },
      { node: 'g2', amount: 3 },
      { node: 'h1', amount: 4 },
      { node: 'u', amount: 4 },
    ],
  );
  // g, h and u tie: u goes with the best leaf of the merged list g1 (½ of 4), h1 (1), g2.
  assert.equal(level.order, ['u', 'g1', 'h1', 'g2']);
  assert.equal(Object.fromEntries(level.ranks), { u: 4, g1: 4, h1: 2, g2: 1 });
});

const task = (id: string, key: string, arrivedAtMs: number, more: Partial<StrideTask> = {}) => ({
  id,
  key,
  priority: 0,
  cost: 1,
  weightMilli: 1_000,
  arrivedAtMs,
  ...more,
});

test('S-14 stride: a lone task overtakes the backlog of a busy key; five for one by weight', () => {
  const backlog = [0, 1, 2, 3].map((at) => task(`a${at}`, 'a', at));
  const order = orderByStride([...backlog, task('b', 'b', 9)]);
  assert.equal(idsOf(order), ['a0', 'b', 'a1', 'a2', 'a3']);
  const heavy = Array.from({ length: 20 }, (_, at) =>
    task(`h${at}`, 'h', 100 + at, { weightMilli: 5_000 }),
  );
  const light = Array.from({ length: 20 }, (_, at) => task(`l${at}`, 'l', at));
  const keys = orderByStride([...light, ...heavy]).map(({ key }) => key);
  assert.is(keys.slice(0, 24).filter((key) => key === 'h').length, 20);
  assert.equal(keys.slice(24), Array(16).fill('l'));
});

test('S-14 stride: priority first, weight 0 last, costs count', () => {
  const tasks = [
    task('zero', 'z', 0, { weightMilli: 0 }),
    task('dear', 'd', 1, { cost: 10 }),
    task('cheap1', 'c', 2),
    task('cheap2', 'c', 3),
    task('urgent', 'd', 4, { priority: 1 }),
  ];
  assert.equal(idsOf(orderByStride(tasks)), ['urgent', 'cheap1', 'cheap2', 'dear', 'zero']);
});

test('S-14 stride: a key that was quiet is not paid for its silence', () => {
  const clock = new StrideClock();
  const passes = [0, 1, 2, 3].map(() => clock.passOf('busy', 1, 1_000));
  for (const pass of passes) clock.serve(pass);
  const [late, again] = [clock.passOf('late', 1, 1_000), clock.passOf('late', 1, 1_000)];
  const busy = clock.passOf('busy', 1, 1_000);
  assert.is(late, passes[3], 'it starts where service stands');
  assert.is(again, busy, 'and then takes turns');
  clock.forget('late');
  assert.is(clock.passOf('late', 1, 1_000), passes[3]);
});

test('S-14 stride: each key gets service in proportion to its weight, within one task', () => {
  const anyWeights = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(anyWeights, fc.nat(), (weights, seed) => {
      const tasks = weights.flatMap((weight, key) =>
        Array.from({ length: 60 }, (_, i) =>
          task(`${key}-${i}`, `k${key}`, i, { weightMilli: weight * 1_000 }),
        ),
      );
      const order = orderByStride(shuffled(tasks, seed));
      assert.equal(idsOf(order), idsOf(orderByStride(tasks)));
      const sum = weights.reduce((all, weight) => all + weight, 0);
      const round = order.slice(0, 5 * sum);
      weights.forEach((weight, key) => {
        const served = round.filter((one) => one.key === `k${key}`).length;
        assert.ok(Math.abs(served - 5 * weight) <= 1, `key ${key}: ${served} of ${5 * weight}`);
      });
    }),
  );
});

test.run();
