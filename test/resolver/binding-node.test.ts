import { bindingNodeOf } from '../../resolver/binding-node.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import { assert, suite } from '../harness/suite.ts';

const test = suite('resolver: the binding node');

/** `a` under `root`: `a` keeps 4 of its 10 for itself and may hold 15 in all. */
const treeOf = (rootNominal: number) =>
  QuotaTree.ofQuotas([
    { id: 'root', parent: null, quotas: { cpu: { nominal: rootNominal } } },
    { id: 'a', parent: 'root', quotas: { cpu: { nominal: 10, borrowLimit: 5, lendLimit: 6 } } },
    { id: 'b', parent: 'root', quotas: { cpu: { nominal: 10 } } },
  ]);

test('D-02 its limit is the least room on the path, and what is available is just that', () => {
  const tree = treeOf(0);
  assert.is(bindingNodeOf(tree, 'a', 'cpu'), 'a');
  assert.is(tree.available('a', 'cpu'), 15);
  tree.use('b', { cpu: 8 }, 1);
  assert.is(bindingNodeOf(tree, 'a', 'cpu'), 'root');
  assert.is(tree.available('a', 'cpu'), 12);
  assert.is(bindingNodeOf(treeOf(100), 'a', 'cpu'), 'a');
});

test('D-02 of equals the innermost binds, and without limits nothing does', () => {
  const tree = treeOf(0);
  tree.use('b', { cpu: 5 }, 1);
  assert.is(tree.available('a', 'cpu'), 15);
  assert.is(bindingNodeOf(tree, 'a', 'cpu'), 'a');
  const free = QuotaTree.ofAccounts([
    { id: 'r', parent: null, accounts: { cpu: { limit: null, guarantee: 0, lend: null } } },
  ]);
  assert.is(bindingNodeOf(free, 'r', 'cpu'), null);
});

test.run();
