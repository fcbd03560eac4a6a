import fc from 'fast-check';
import { closestSubset } from '../../resolver/closest-subset.ts';
import { reclaimInProportion, reclaimWhole } from '../../resolver/reclaim-quota.ts';
import type { LiveAllocation, ResourceNode } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { shuffled } from './shuffled.ts';

const test = suite('resolver: reclaim after a cut');

const node = (id: string, parent: string | null, guarantee = 0): ResourceNode => ({
  id,
  parent,
  quotas: { cpu: { nominal: guarantee } },
});

const held = (id: string, at: string, cpu: number, priority = 0): LiveAllocation => ({
  id,
  node: at,
  priority,
  amounts: { cpu },
  grantedAtMs: 0,
});

test('R-11 an excess is taken in proportion to use above guarantee, exactly, and never below it', () => {
  const nodes = [
    node('root', null),
    node('g', 'root', 10),
    node('g1', 'g', 10),
    node('g2', 'g', 10),
    node('h', 'root'),
    node('idle', 'root'),
    node('within', 'root', 10),
  ];
  const live = [
    held('1', 'g1', 30),
    held('2', 'g2', 20),
    held('3', 'h', 80),
    held('4', 'within', 10),
  ];
  const take = (cpu: number) =>
    Object.fromEntries(reclaimInProportion(nodes, live, { node: 'root', amounts: { cpu } }, 'cpu'));
  assert.equal(take(100), { root: 100, g: 27, g1: 18, g2: 9, h: 73, idle: 0, within: 0 });
  assert.equal(take(500), { root: 110, g: 30, g1: 20, g2: 10, h: 80, idle: 0, within: 0 });
});

const anyTree = fc.record({
  rows: fc.array(
    fc.record({ parent: fc.nat(), guarantee: fc.nat(8), use: fc.nat(20), priority: fc.nat(2) }),
    { minLength: 1, maxLength: 8 },
  ),
  guarantee: fc.nat(30),
  excess: fc.nat(80),
  seed: fc.nat(),
});

function build(
  rows: readonly { parent: number; guarantee: number; use: number; priority: number }[],
  guarantee: number,
) {
  const nodes = [
    node('n0', null, guarantee),
    ...rows.map(({ parent, guarantee }, i) => node(`n${i + 1}`, `n${parent % (i + 1)}`, guarantee)),
  ];
  const parents = new Set(nodes.map(({ parent }) => parent));
  const live = rows.flatMap(({ use, priority }, i) =>
    parents.has(`n${i + 1}`) ? [] : [held(`a${i}`, `n${i + 1}`, use, priority)],
  );
  return { nodes, live };
}

test('R-11 parts of an excess add up on every level, and leave every guarantee alone', () => {
  fc.assert(
    fc.property(anyTree, ({ rows, guarantee, excess, seed }) => {
      const { nodes, live } = build(rows, guarantee);
      const ask = { node: 'n0', amounts: { cpu: excess } };
      const takes = reclaimInProportion(nodes, live, ask, 'cpu');
      const others = reclaimInProportion(shuffled(nodes, seed), shuffled(live, seed), ask, 'cpu');
      const taken = (id: string) => takes.get(id) ?? 0;
      for (const { id, quotas } of nodes) {
        assert.is(others.get(id), takes.get(id));
        const children = nodes.filter(({ parent }) => parent === id);
        const use = (at: string): number =>
          live
            .filter((one) => one.node === at)
            .reduce((sum, one) => sum + (one.amounts['cpu'] ?? 0), 0) +
          nodes
            .filter(({ parent }) => parent === at)
            .reduce((sum, child) => sum + use(child.id), 0);
        if (taken(id) > 0) assert.ok(use(id) - taken(id) >= (quotas['cpu']?.nominal ?? 0));
        if (children.length > 0) {
          assert.is(
            children.reduce((sum, child) => sum + taken(child.id), 0),
            taken(id),
          );
        }
      }
      assert.ok(taken('n0') <= excess);
    }),
  );
});

test('R-11 whole allocations: closest to the excess without exceeding it, lower priorities first', () => {
  const nodes = [node('leaf', null)];
  const live = [held('v5', 'leaf', 5, 3), held('v6', 'leaf', 6, 2), held('v9', 'leaf', 9, 1)];
  const victims = (cpu: number, all = live) =>
    reclaimWhole(nodes, all, { node: 'leaf', amounts: { cpu } }).victims.map(({ id }) => id);
  assert.equal(victims(10), ['v9']);
  assert.equal(victims(11), ['v6', 'v5']);
  assert.equal(victims(4), []);
  assert.equal(victims(9, [...live, held('w9', 'leaf', 9, 0)]), ['w9']);
  const leaving: LiveAllocation = { ...held('gone', 'leaf', 9), state: 'evicting' };
  assert.equal(victims(15, [...live, leaving]), ['v6'], 'what already leaves counts');
});

test('R-11 several resources: none may be exceeded', () => {
  const nodes = [node('leaf', null)];
  const pair = (id: string, cpu: number, mem: number) => ({
    ...held(id, 'leaf', cpu),
    amounts: { cpu, mem },
  });
  const live = [pair('a', 9, 10), pair('b', 5, 4), pair('c', 5, 5)];
  const { victims, collected, isExact } = reclaimWhole(nodes, live, {
    node: 'leaf',
    amounts: { cpu: 10, mem: 9 },
  });
  assert.equal(victims.map(({ id }) => id).sort(), ['b', 'c']);
  assert.equal(collected, { cpu: 10, mem: 9 });
  assert.ok(isExact);
});

test('R-11 whole allocations: as good as trying every set', () => {
  fc.assert(
    fc.property(anyTree, ({ rows, guarantee, excess, seed }) => {
      const { nodes, live } = build(rows, guarantee);
      const ask = { node: 'n0', amounts: { cpu: excess } };
      const { victims, collected } = reclaimWhole(nodes, live, ask);
      const again = reclaimWhole(shuffled(nodes, seed), shuffled(live, seed), ask);
      assert.equal(again.victims, victims);
      assert.is(collected['cpu'] ?? 0, bestOf(nodes, live, excess));
    }),
  );
});

/** By trying every set of allocations against every guarantee. */
function bestOf(nodes: readonly ResourceNode[], live: readonly LiveAllocation[], excess: number) {
  const parentOf = new Map(nodes.map(({ id, parent }) => [id, parent]));
  const isAbove = (id: string, at: string | null | undefined): boolean =>
    at != null && (at === id || isAbove(id, parentOf.get(at)));
  const sumAt = (id: string, all: readonly LiveAllocation[]) =>
    all
      .filter((one) => isAbove(id, one.node))
      .reduce((sum, one) => sum + (one.amounts['cpu'] ?? 0), 0);
  let best = 0;
  for (let mask = 0; mask < 2 ** live.length; mask += 1) {
    const gone = live.filter((_, i) => (mask >> i) & 1);
    const sum = sumAt('n0', gone);
    const isLegal = nodes.every(({ id, quotas }) => {
      const taken = sumAt(id, gone);
      return taken === 0 || sumAt(id, live) - taken >= (quotas['cpu']?.nominal ?? 0);
    });
    if (isLegal && sum <= excess) best = Math.max(best, sum);
  }
  return best;
}

test('R-11 the search ends at its bound with the best that it has seen', () => {
  const items = Array.from({ length: 60 }, (_, i) => {
    const size = 2 ** 40 + 2 * ((i * 7_919) % 1_000_003);
    return { id: `i${i}`, sizes: [[0, size] as const], worth: BigInt(size) };
  });
  const { ids, worth, isExact } = closestSubset(items, [30 * 2 ** 40 + 1]);
  assert.not.ok(isExact);
  assert.ok(ids.length > 0 && worth <= BigInt(30 * 2 ** 40 + 1));
  const valued = [1n, 3n, 4n].map((worth, i) => ({ id: `v${i}`, sizes: [[0, 1] as const], worth }));
  assert.equal(closestSubset(valued, [2]).ids, ['v1', 'v2'], 'worth need not go with size');
  assert.equal(closestSubset([], [5]), { ids: [], worth: 0n, isExact: true });
});

test.run();
