import fc from 'fast-check';
import { dominantUse } from '../../resolver/dominant-use.ts';
import { fillByDominantShare, type TaskDemand } from '../../resolver/drf-fill.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import { compareFractions } from '../../resolver/ratio.ts';
import type { Amounts, ResourceNode } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { shuffled } from './shuffled.ts';

const test = suite('resolver: dominant resource fairness');

/** A root with these amounts, and nodes under it, or under the named parent. */
function nodesOf(
  total: Amounts,
  children: Readonly<Record<string, { parent?: string; weightMilli?: number }>>,
): ResourceNode[] {
  const quotas = Object.fromEntries(
    Object.entries(total).map(([resource, nominal]) => [resource, { nominal }]),
  );
  const others = Object.entries(children).map(([id, { parent = 'root', weightMilli = 1000 }]) => ({
    id,
    parent,
    weightMilli,
    quotas: {},
  }));
  return [{ id: 'root', parent: null, quotas }, ...others];
}

const fill = (nodes: readonly ResourceNode[], demands: readonly TaskDemand[]) =>
  fillByDominantShare(QuotaTree.ofQuotas(nodes), demands);
const tasksOf = (filling: ReturnType<typeof fill>) => Object.fromEntries(filling.tasks);

const anyDemands = fc.array(
  fc.record({
    amounts: fc.record({ cpu: fc.nat(9), mem: fc.nat(9) }).filter(({ cpu, mem }) => cpu + mem > 0),
    count: fc.oneof(fc.constant(null), fc.nat(12)),
    weightMilli: fc.constantFrom(1_000, 500, 2_000, 3_000),
    parent: fc.constantFrom('root', 'g', 'h'),
  }),
  { minLength: 1, maxLength: 6 },
);

type Case = typeof anyDemands extends fc.Arbitrary<infer T> ? T : never;

const TOTAL = { cpu: 60, mem: 40 };

/** All of them under the root, or also in the groups g and h. */
function build(cases: Case, isFlat: boolean, name = (i: number) => `u${i}`) {
  const groups = isFlat ? {} : { g: {}, h: { parent: 'g' } };
  const leaves = cases.map(({ weightMilli, parent }, i) => {
    return [name(i), { weightMilli, parent: isFlat ? 'root' : parent }] as const;
  });
  const nodes = nodesOf(TOTAL, { ...groups, ...Object.fromEntries(leaves) });
  const demands = cases.map(({ amounts, count }, i) => ({ node: name(i), amounts, count }));
  return { nodes, demands };
}

test('A-03 the two examples of the paper: equal dominant shares, whichever the resource', () => {
  const two = { A: {}, B: {} };
  const first = fill(nodesOf({ cpu: 9, mem: 18 }, two), [
    { node: 'A', amounts: { cpu: 1, mem: 4 }, count: null },
    { node: 'B', amounts: { cpu: 3, mem: 1 }, count: null },
  ]);
  assert.equal(tasksOf(first), { A: 3, B: 2 });
  const second = fill(nodesOf({ cpu: 30, mem: 30 }, two), [
    { node: 'A', amounts: { cpu: 1, mem: 3 }, count: null },
    { node: 'B', amounts: { cpu: 1, mem: 1 }, count: null },
  ]);
  assert.equal(tasksOf(second), { A: 5, B: 15 });
});

test('A-03 children with different dominant resources count once for their group', () => {
  const nodes = nodesOf(
    { cpu: 20, mem: 20 },
    { a: {}, g: {}, c: { parent: 'g' }, m: { parent: 'g' } },
  );
  const filling = fill(nodes, [
    { node: 'a', amounts: { cpu: 1, mem: 1 }, count: null },
    { node: 'c', amounts: { cpu: 1 }, count: null },
    { node: 'm', amounts: { mem: 1 }, count: null },
  ]);
  assert.equal(tasksOf(filling), { a: 10, c: 10, m: 10 });
});

test('A-03 a child that can get no more does not hold its siblings back', () => {
  const nodes = nodesOf(
    { cpu: 60, mem: 60 },
    { a: {}, b: {}, g: {}, c: { parent: 'g' }, m: { parent: 'g' }, z: {} },
  );
  const cpu = ['a', 'b', 'c'].map((node) => ({ node, amounts: { cpu: 1 }, count: null }));
  const mem = ['m', 'z'].map((node) => ({ node, amounts: { mem: 1 }, count: null }));
  assert.equal(tasksOf(fill(nodes, [...cpu, ...mem])), { a: 20, b: 20, c: 20, m: 30, z: 30 });
});

test('A-03 what a child already holds, or held to its end, counts for its group as it should', () => {
  const nodes = nodesOf(
    { cpu: 60, mem: 60 },
    { a: {}, g: {}, c: { parent: 'g' }, m: { parent: 'g' }, z: {} },
  );
  const cpu = (node: string, count: number | null) => ({ node, amounts: { cpu: 1 }, count });
  const mem = (node: string) => ({ node, amounts: { mem: 1 }, count: null });
  // c is done with 10 and still holds them; m has the rest of what its group may have.
  const done = fill(nodes, [cpu('a', null), cpu('c', 10), cpu('m', null)]);
  assert.equal(tasksOf(done), { a: 30, c: 10, m: 20 });
  // c holds half of all cpu from before; m is not to starve behind z for it.
  const tree = QuotaTree.ofQuotas(nodes);
  tree.use('c', { cpu: 30 }, 1);
  const open = fillByDominantShare(tree, [cpu('c', null), mem('m'), mem('z')]);
  assert.equal(
    open.order
      .filter((node) => node !== 'c')
      .slice(0, 20)
      .filter((node) => node === 'm').length,
    10,
  );
  // Nor where c can get no more, because all cpu is in use.
  tree.use('a', { cpu: 30 }, 1);
  assert.equal(tasksOf(fillByDominantShare(tree, [cpu('c', null), mem('m'), mem('z')])), {
    c: 0,
    m: 30,
    z: 30,
  });
});

test('A-03 weight 0 is served when all others are', () => {
  const nodes = nodesOf({ cpu: 9 }, { a: { weightMilli: 0 }, b: {} });
  const demands = (count: number | null) => [
    { node: 'a', amounts: { cpu: 1 }, count: null },
    { node: 'b', amounts: { cpu: 1 }, count },
  ];
  assert.equal(tasksOf(fill(nodes, demands(null))), { a: 0, b: 9 });
  assert.equal(tasksOf(fill(nodes, demands(4))), { a: 5, b: 4 });
});

test('A-03 a group with many children takes no more than its part', () => {
  const children = Array.from({ length: 20 }, (_, i) => `c${i}`);
  const nodes = nodesOf(
    { cpu: 30 },
    { a: {}, g: {}, ...Object.fromEntries(children.map((id) => [id, { parent: 'g' }])) },
  );
  const filling = fill(
    nodes,
    ['a', ...children].map((node) => ({ node, amounts: { cpu: 1 }, count: null })),
  );
  assert.is(filling.tasks.get('a'), 15);
});

test('A-03 nothing is handed out beyond capacity, and nothing more fits in the end', () => {
  fc.assert(
    fc.property(anyDemands, fc.boolean(), (cases, isFlat) => {
      const { nodes, demands } = build(cases, isFlat);
      const filling = fill(nodes, demands);
      assert.ok(filling.isComplete);
      const held: Record<string, number> = { cpu: 0, mem: 0 };
      for (const { node, amounts } of demands) {
        const tasks = filling.tasks.get(node) ?? 0;
        for (const [resource, amount] of Object.entries(amounts)) {
          held[resource] = (held[resource] ?? 0) + tasks * amount;
        }
      }
      const isFree = (resource: 'cpu' | 'mem', amount: number) =>
        (held[resource] ?? 0) + amount <= TOTAL[resource];
      assert.ok(isFree('cpu', 0) && isFree('mem', 0));
      for (const { node, amounts, count } of demands) {
        const tasks = filling.tasks.get(node) ?? 0;
        assert.ok(count === null || tasks <= count);
        const fitsOneMore = isFree('cpu', amounts.cpu) && isFree('mem', amounts.mem);
        assert.not.ok(fitsOneMore && (count === null || tasks < count), `${node} could have more`);
      }
    }),
  );
});

test('A-03 nobody without a weight of advantage is more than a task ahead of one that wants more', () => {
  fc.assert(
    fc.property(anyDemands, (cases) => {
      const { nodes, demands } = build(cases, true);
      const { order } = fill(nodes, demands);
      const held = new Map<string, Record<string, number>>();
      const weights = new Map(nodes.map(({ id, weightMilli = 1000 }) => [id, weightMilli]));
      const shareOf = (id: string) =>
        dominantUse({ id, weightMilli: weights.get(id) ?? 0, use: held.get(id) ?? {} }, TOTAL);
      order.forEach((id, place) => {
        // Whoever is served again later was open all the time, so its share was no smaller.
        for (const later of new Set(order.slice(place + 1))) {
          assert.ok(compareFractions(shareOf(id), shareOf(later)) <= 0, `${id} before ${later}`);
        }
        const amounts: Amounts = demands.find(({ node }) => node === id)?.amounts ?? {};
        const use = held.get(id) ?? {};
        for (const [resource, amount] of Object.entries(amounts)) {
          use[resource] = (use[resource] ?? 0) + amount;
        }
        held.set(id, use);
      });
    }),
  );
});

test('A-03 the order of nodes, idle nodes and the scale of amounts change nothing', () => {
  fc.assert(
    fc.property(anyDemands, fc.boolean(), fc.nat(), (cases, isFlat, seed) => {
      const { nodes, demands } = build(cases, isFlat);
      const plain = fill(nodes, demands);
      const idle: ResourceNode = { id: 'idle', parent: 'root', quotas: { cpu: { nominal: 0 } } };
      const mixed = fill(shuffled([...nodes, idle], seed), shuffled(demands, seed));
      assert.equal(mixed.order, plain.order);
      const times = (amounts: Amounts) =>
        Object.fromEntries(Object.entries(amounts).map(([key, amount]) => [key, amount * 1_000]));
      const [root, ...others] = nodes;
      const large = {
        ...root,
        id: 'root',
        parent: null,
        quotas: { cpu: { nominal: 60_000 }, mem: { nominal: 40_000 } },
      };
      const scaled = fill(
        [large, ...others],
        demands.map((demand) => ({ ...demand, amounts: times(demand.amounts) })),
      );
      assert.equal(scaled.order, plain.order);
    }),
  );
});

test('A-03 names break ties and decide nothing else', () => {
  const demands = (a: string, b: string) => [
    { node: a, amounts: { cpu: 2, mem: 1 }, count: null },
    { node: b, amounts: { cpu: 1, mem: 5 }, count: null },
  ];
  const run = (a: string, b: string) =>
    fill(nodesOf({ cpu: 30, mem: 40 }, { [a]: {}, [b]: {} }), demands(a, b));
  const [one, other] = [run('a', 'b'), run('z', 'y')];
  assert.is(one.tasks.get('a'), other.tasks.get('z'));
  assert.is(one.tasks.get('b'), other.tasks.get('y'));
});

test('A-03 what is held before counts, and filling leaves the tree as it was', () => {
  const tree = QuotaTree.ofQuotas(nodesOf({ cpu: 10 }, { a: {}, b: {} }));
  tree.use('a', { cpu: 4 }, 1);
  const filling = fillByDominantShare(tree, [
    { node: 'a', amounts: { cpu: 1 }, count: null },
    { node: 'b', amounts: { cpu: 1 }, count: null },
  ]);
  assert.equal(tasksOf(filling), { a: 1, b: 5 });
  assert.equal(filling.use.get('a'), { cpu: 5 });
  assert.is(tree.available('root', 'cpu'), 6);
});

test.run();
