import fc from 'fast-check';
import { shareTopUp } from '../../resolver/share-top-up.ts';
import { type NodeDemand, shareTree } from '../../resolver/share-tree.ts';
import type { ResourceNode, ResourceQuota } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { shuffled } from './shuffled.ts';

const test = suite('resolver: shares down a tree');

const node = (
  id: string,
  parent: string | null,
  cpu: ResourceQuota = {},
  weightMilli = 1_000,
): ResourceNode => ({ id, parent, weightMilli, quotas: { cpu } });

const share = (nodes: readonly ResourceNode[], demands: Readonly<Record<string, number | null>>) =>
  Object.fromEntries(
    shareTree(
      nodes,
      'cpu',
      Object.entries(demands).map(([id, amount]) => ({ node: id, amount })),
    ),
  );

const TWO_QUEUES = [
  node('root', null, { nominal: 16 }),
  node('q', 'root'),
  node('r', 'root', {}, 3_000),
  node('q1', 'q'),
  node('q2', 'q'),
  node('r1', 'r', {}, 2_000),
  node('r2', 'r', {}, 6_000),
];

test('A-03 what a branch does not want goes to its siblings, on every level', () => {
  assert.equal(share(TWO_QUEUES, { r1: 5, r2: 20 }), {
    root: 16,
    q: 0,
    q1: 0,
    q2: 0,
    r: 16,
    r1: 4,
    r2: 12,
  });
  const busy = share(TWO_QUEUES, { q1: 1, q2: null, r1: 2, r2: null });
  assert.equal(busy, { root: 16, q: 4, q1: 1, q2: 3, r: 12, r1: 2, r2: 10 });
});

test('A-03 a ceiling beneath a group bounds the group, a guarantee beneath it lifts the group', () => {
  const nodes = [
    node('root', null, { nominal: 30 }),
    node('g', 'root'),
    node('g1', 'g', { max: 4 }),
    node('h', 'root'),
    node('h1', 'h', { nominal: 18 }),
    node('h2', 'h', { nominal: 1, borrowLimit: 2 }),
  ];
  const all = { g1: null, h1: null, h2: null };
  assert.equal(share(nodes, all), { root: 30, g: 4, g1: 4, h: 26, h1: 23, h2: 3 });
  const [root, ...others] = nodes;
  const open = [
    root ?? node('root', null),
    ...others.filter(({ id }) => id !== 'g1'),
    node('g1', 'g'),
  ];
  assert.equal(share(open, all), { root: 30, g: 11, g1: 11, h: 19, h1: 18, h2: 1 });
  const plain = shareTree(
    open,
    'cpu',
    [...Object.keys(all)].map((id) => ({ node: id, amount: null })),
    {
      honoursGuarantees: false,
    },
  );
  assert.is(plain.get('g'), 15);
});

test('A-03 a root without a quota has what its nodes have, or as much as is asked', () => {
  const quotas = [
    node('root', null),
    node('a', 'root', { nominal: 6 }),
    node('b', 'root', { nominal: 2 }),
  ];
  assert.equal(share(quotas, { a: 1, b: null }), { root: 8, a: 1, b: 7 });
  const none = [node('root', null), node('a', 'root'), node('b', 'root')];
  assert.equal(share(none, { a: 1, b: 9 }), { root: 10, a: 1, b: 9 });
  assert.throws(() => share(none, { a: null }), /bounded demand/);
});

test('A-03 what a group asks for itself competes with its children', () => {
  const nodes = [node('root', null, { nominal: 9 }), node('a', 'root'), node('b', 'root')];
  assert.equal(share(nodes, { root: 9, a: 9, b: 1 }), { root: 9, a: 4, b: 1 });
});

const anyCase = fc.record({
  rows: fc.array(
    fc.record({
      parent: fc.nat(),
      weight: fc.constantFrom(0, 500, 1_000, 3_000),
      guarantee: fc.nat(6),
      max: fc.option(fc.nat(30), { nil: undefined }),
      demand: fc.oneof(fc.nat(30), fc.constant(null)),
    }),
    { minLength: 1, maxLength: 9 },
  ),
  capacity: fc.nat(60),
  seed: fc.nat(),
});

test('A-01 A-03 shares add up on every level, whatever the method, and nothing wanted stays idle', () => {
  fc.assert(
    fc.property(anyCase, fc.boolean(), ({ rows, capacity, seed }, byTopUp) => {
      const nodes = [
        node('n0', null, { nominal: capacity }),
        ...rows.map(({ parent, weight, guarantee, max }, i) =>
          node(
            `n${i + 1}`,
            `n${parent % (i + 1)}`,
            { nominal: guarantee, ...(max !== undefined && { max }) },
            weight,
          ),
        ),
      ];
      const parents = new Set(nodes.map(({ parent }) => parent));
      const demands = rows.flatMap(({ demand }, i): NodeDemand[] =>
        parents.has(`n${i + 1}`) ? [] : [{ node: `n${i + 1}`, amount: demand }],
      );
      const options = byTopUp ? { method: shareTopUp } : {};
      const shares = shareTree(nodes, 'cpu', demands, options);
      const mixed = shareTree(shuffled(nodes, seed), 'cpu', shuffled(demands, seed), options);
      for (const [id, amount] of shares) assert.is(mixed.get(id), amount);
      const shareOf = (id: string) => shares.get(id) ?? Number.NaN;
      const wantedAt = (id: string): number => {
        const max = nodes.find((one) => one.id === id)?.quotas['cpu']?.max ?? Infinity;
        const own = demands.find((one) => one.node === id);
        const beneath = nodes
          .filter(({ parent }) => parent === id)
          .map((child) => wantedAt(child.id));
        const wanted = own ? (own.amount ?? Infinity) : beneath.reduce((sum, one) => sum + one, 0);
        return Math.min(max, wanted);
      };
      assert.is(shareOf('n0'), Math.min(capacity, wantedAt('n0')));
      for (const { id, quotas } of nodes) {
        assert.ok(shareOf(id) <= (quotas['cpu']?.max ?? Infinity));
        const children = nodes.filter(({ parent }) => parent === id);
        if (children.length === 0) continue;
        assert.is(
          children.reduce((sum, child) => sum + shareOf(child.id), 0),
          shareOf(id),
        );
      }
    }),
  );
});

test.run();
