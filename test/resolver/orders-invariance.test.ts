import fc from 'fast-check';
import { orderByDominantUse, type Sharer } from '../../resolver/dominant-use.ts';
import { rankByFairTree } from '../../resolver/fair-tree.ts';
import { historyShares, orderByHistory } from '../../resolver/history-share.ts';
import { orderByUsage, serveByUsage } from '../../resolver/order-by-usage.ts';
import { orderSiblings } from '../../resolver/order-siblings.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import type { ResourceNode } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { shuffled } from './shuffled.ts';

const test = suite('resolver: what orders do not depend on');

const anyRows = fc.array(
  fc.record({
    parent: fc.nat(),
    weightMilli: fc.constantFrom(0, 500, 1_000, 3_000),
    cpu: fc.nat(12),
    mem: fc.nat(12),
    guarantee: fc.nat(9),
    priority: fc.nat(2),
    atMs: fc.nat(3),
    ask: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 2, maxLength: 8 },
);

/** Everything that is ordered, with all amounts times `factor` and an idle node where asked for. */
function build(
  rows: typeof anyRows extends fc.Arbitrary<infer T> ? T : never,
  factor: number,
  hasIdle: boolean,
) {
  const children = rows.map(
    ({ parent, weightMilli, guarantee }, i): ResourceNode => ({
      id: `n${i + 1}`,
      parent: `n${parent % (i + 1)}`,
      weightMilli,
      quotas: { cpu: { nominal: guarantee * factor } },
    }),
  );
  const root: ResourceNode = { id: 'n0', parent: null, quotas: { cpu: { nominal: 20 * factor } } };
  const idle: ResourceNode = { id: 'zz', parent: 'n0', quotas: { cpu: { nominal: 0 } } };
  const nodes = [root, ...children, ...(hasIdle ? [idle] : [])];
  const of = <Out>(make: (row: (typeof rows)[number], id: string) => Out) =>
    rows.map((row, i) => make(row, `n${i + 1}`));
  const use = ({ cpu, mem }: { cpu: number; mem: number }) => ({
    cpu: cpu * factor,
    mem: mem * factor,
  });
  return {
    nodes,
    past: of(({ cpu }, node) => ({ node, amount: cpu * factor })),
    total: rows.reduce((sum, { cpu }) => sum + cpu, 0) * factor,
    tenants: of((row, id) => ({ id, weightMilli: row.weightMilli, pastUse: use(row) })),
    requests: of(({ priority, atMs, ask }, node) => ({
      id: `r-${node}`,
      node,
      priority,
      createdAtMs: atMs,
      amounts: { cpu: ask * factor },
    })),
    branches: of((row, id) => ({
      id,
      priority: row.priority,
      uses: [use(row)],
      guarantee: { cpu: row.guarantee * factor },
    })),
    sharers: of(
      (row, id): Sharer => ({
        id,
        weightMilli: row.weightMilli,
        use: use(row),
        guarantee: { cpu: row.guarantee * factor },
      }),
    ),
    fair: { cpu: 30 * factor, mem: 40 * factor },
  };
}

/** All orders of a case, each of its inputs in an order of its own. */
function ordersOf(of: ReturnType<typeof build>, seed: number) {
  const mix = <Item>(items: readonly Item[], salt: number) => shuffled(items, seed * 31 + salt);
  const nodes = mix(of.nodes, 1);
  const past = mix(of.past, 2);
  const requests = mix(of.requests, 3);
  const tenants = mix(of.tenants, 4);
  const leaves = of.past.map(({ node }) => node);
  const tree = QuotaTree.ofQuotas(nodes);
  const before = tree.available('n0', 'cpu');
  const round = serveByUsage(tree, requests, tenants);
  assert.is(tree.available('n0', 'cpu'), before, 'serving a round changes no tree');
  return {
    history: orderByHistory(historyShares(nodes, past, of.total), mix(leaves, 5)),
    fairTree: rankByFairTree(nodes, past).order.filter((id) => id !== 'zz'),
    usage: orderByUsage(requests, tenants).map(({ id }) => id),
    granted: round.granted.map(({ id }) => id),
    waiting: round.waiting.map(({ id }) => id),
    fairFirst: orderSiblings(mix(of.branches, 6), of.fair, 'fairFirst'),
    priorityFirst: orderSiblings(mix(of.branches, 7), of.fair, 'priorityFirst'),
    dominant: orderByDominantUse(mix(of.sharers, 8), of.fair),
  };
}

test('F-06 S-14 the order of the input and the scale of amounts change no order', () => {
  fc.assert(
    fc.property(anyRows, fc.nat(), fc.integer({ min: 2, max: 1_000 }), (rows, seed, factor) => {
      const plain = ordersOf(build(rows, 1, false), 0);
      assert.equal(ordersOf(build(rows, 1, false), seed), plain);
      assert.equal(ordersOf(build(rows, factor, false), seed), plain);
    }),
  );
});

test('F-06 S-14 an idle node without a quota changes no order among the others', () => {
  fc.assert(
    fc.property(anyRows, fc.nat(), (rows, seed) => {
      // Past use answers for weights of all siblings by definition, idle ones too.
      const { history: _, fairTree: __, ...plain } = ordersOf(build(rows, 1, false), 0);
      const { history: ___, fairTree: ____, ...others } = ordersOf(build(rows, 1, true), seed);
      assert.equal(others, plain);
    }),
  );
});

test.run();
