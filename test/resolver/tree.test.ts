import fc from 'fast-check';

import { QuotaTree } from '../../resolver/quota-tree.ts';
import { QuotaTreeError } from '../../resolver/tree-entry.ts';
import type { ResourceNode } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { randomNodes, randomUses, treeWith, type Used } from './random-tree.ts';

const test = suite('resolver tree');

const RESOURCES = ['cpu', 'mem'];

const used = randomNodes.chain((nodes) =>
  fc.record({ nodes: fc.constant(nodes), uses: randomUses(nodes) }),
);

test('T-06 what is free is what the net rule of Kueue says', () => {
  fc.assert(
    fc.property(used, ({ nodes, uses }) => {
      const tree = treeWith(nodes, uses);
      for (const { id } of nodes) {
        for (const resource of RESOURCES) {
          const expected = netRoom(nodes, uses, id, resource);
          assert.is(tree.available(id, resource), Math.max(0, expected), `${id} ${resource}`);
          const empty = netRoom(nodes, [], id, resource);
          assert.is(tree.capacity(id, resource), Math.max(0, empty), `${id} ${resource} empty`);
        }
      }
    }),
  );
});

test('T-06 taking the same use away restores the empty tree', () => {
  fc.assert(
    fc.property(used, ({ nodes, uses }) => {
      const tree = treeWith(nodes, uses);
      for (const { node, amounts } of [...uses].reverse()) tree.use(node, amounts, -1);
      const empty = QuotaTree.ofQuotas(nodes);
      assert.equal(figures(tree, nodes), figures(empty, nodes));
    }),
  );
});

test('T-06 neither order nor an idle node without quota changes what is free', () => {
  fc.assert(
    fc.property(used, fc.nat(), ({ nodes, uses }, at) => {
      const plain = figures(treeWith(nodes, uses), nodes);
      const permuted = treeWith([...nodes].reverse(), [...uses].reverse());
      assert.equal(figures(permuted, nodes), plain);
      const idle = { id: 'idle', parent: `n${at % nodes.length}`, quotas: {} };
      assert.equal(figures(treeWith([idle, ...nodes], uses), nodes), plain);
    }),
  );
});

test('T-06 a copy shares nothing with its original', () => {
  fc.assert(
    fc.property(used, ({ nodes, uses }) => {
      const tree = QuotaTree.ofQuotas(nodes);
      const copy = tree.clone();
      for (const { node, amounts } of uses) copy.use(node, amounts, 1);
      assert.equal(figures(tree, nodes), figures(QuotaTree.ofQuotas(nodes), nodes));
      assert.equal(figures(copy, nodes), figures(treeWith(nodes, uses), nodes));
    }),
  );
});

test('T-06 an account of the governor keeps what its guarantee does not lend', () => {
  const terms = (limit: number | null, guarantee: number, lend: number | null) => ({
    cpu: { limit, guarantee, lend },
  });
  const tree = QuotaTree.ofAccounts([
    { id: 'team', parent: null, accounts: terms(10, 0, null) },
    { id: 'a', parent: 'team', accounts: terms(null, 4, 1) },
    { id: 'b', parent: 'team', accounts: terms(8, 0, null) },
  ]);
  assert.is(tree.available('a', 'cpu'), 10);
  assert.is(tree.available('b', 'cpu'), 7);
  tree.use('b', { cpu: 7 }, 1);
  assert.is(tree.available('a', 'cpu'), 3);
  assert.ok(tree.fits('a', { cpu: 3, disk: 5 }), 'what nobody limits is free');
});

test('T-06 nodes that form no tree are refused with the reason', () => {
  const node = (id: string, parent: string | null): ResourceNode => ({ id, parent, quotas: {} });
  const code = (nodes: ResourceNode[]) => {
    try {
      QuotaTree.ofQuotas(nodes);
      return 'none';
    } catch (error) {
      return error instanceof QuotaTreeError ? error.code : 'other';
    }
  };
  assert.is(code([node('a', 'b'), node('b', 'a')]), 'circular');
  assert.is(code([node('a', null), node('a', null)]), 'duplicate_node');
  assert.is(code([node('a', 'c')]), 'unknown_parent');
});

/** Everything that can be read of a tree. */
function figures(tree: QuotaTree, nodes: readonly ResourceNode[]): unknown {
  return nodes.flatMap(({ id }) =>
    RESOURCES.map((resource) => [
      id,
      tree.available(id, resource),
      tree.capacity(id, resource),
      tree.borrowedOf(id, resource),
    ]),
  );
}

/** The rule as the scenarios state it, net of what is never lent, and without a kept sum. */
function netRoom(
  nodes: readonly ResourceNode[],
  uses: readonly Used[],
  id: string,
  resource: string,
): number {
  const node = nodes.find((each) => each.id === id);
  assert.ok(node);
  const of = (each: ResourceNode) => each.quotas[resource] ?? {};
  const children = (each: ResourceNode) => nodes.filter(({ parent }) => parent === each.id);
  const subtree = (each: ResourceNode): number =>
    (of(each).nominal ?? 0) +
    children(each).reduce((sum, child) => sum + subtree(child) - local(child), 0);
  const local = (each: ResourceNode): number =>
    Math.max(0, subtree(each) - (of(each).lendLimit ?? Infinity));
  const use = (each: ResourceNode): number =>
    uses.reduce((sum, row) => sum + (row.node === each.id ? (row.amounts[resource] ?? 0) : 0), 0) +
    children(each).reduce((sum, child) => sum + Math.max(0, use(child) - local(child)), 0);
  if (node.parent === null) return subtree(node) - use(node);
  const stored = subtree(node) - local(node) - Math.max(0, use(node) - local(node));
  return (
    Math.max(0, local(node) - use(node)) +
    Math.min(
      netRoom(nodes, uses, node.parent, resource),
      stored + (of(node).borrowLimit ?? Infinity),
    )
  );
}

test.run();
