import fc from 'fast-check';

import { guaranteeRatio } from '../../resolver/guarantee-ratio.ts';
import { planGuarantee } from '../../resolver/plan-guarantee.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import type { AccountNode, LiveAllocation, PendingRequest } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';

const test = suite('resolver guarantee');

interface Case {
  readonly nodes: AccountNode[];
  readonly live: LiveAllocation[];
  readonly request: PendingRequest;
}

function treeOf({ nodes, live }: Case): QuotaTree {
  const tree = QuotaTree.ofAccounts(nodes);
  for (const { node, amounts } of live) tree.use(node, amounts, 1);
  return tree;
}

/** A team with a limit and swarms with guarantees, each with runs beneath. */
const randomCase: fc.Arbitrary<Case> = fc.record({
  nodes: fc
    .tuple(fc.integer({ min: 4, max: 14 }), fc.array(fc.nat(6), { minLength: 6, maxLength: 6 }))
    .map(([limit, guarantees]) => [
      account('team', null, limit, 0),
      ...['a', 'b', 'c'].map((id, at) => account(id, 'team', null, guarantees[at] ?? 0)),
      ...['a', 'b', 'c'].map((id, at) => account(`${id}-run`, id, null, guarantees[at + 3] ?? 0)),
    ]),
  live: fc
    .array(
      fc.record({
        node: fc.constantFrom('a', 'b-run', 'c-run', 'c'),
        priority: fc.nat(3),
        amounts: fc.record({ cpu: fc.integer({ min: 1, max: 4 }) }),
        grantedAtMs: fc.nat(9),
      }),
      { maxLength: 8 },
    )
    .map((rows) => rows.map((row, at) => ({ id: `a${at}`, ...row }))),
  request: fc.record({
    id: fc.constant('r'),
    node: fc.constantFrom('a', 'a-run'),
    priority: fc.nat(3),
    amounts: fc.record({ cpu: fc.integer({ min: 1, max: 6 }) }),
  }),
});

function account(
  id: string,
  parent: string | null,
  limit: number | null,
  guarantee: number,
): AccountNode {
  return { id, parent, accounts: { cpu: { limit, guarantee, lend: null } } };
}

test('F-07 a guarantee is served, and no other is broken for it', () => {
  fc.assert(
    fc.property(randomCase, (given) => {
      const { request, live } = given;
      const tree = treeOf(given);
      const plan = planGuarantee(tree, request, live);
      if (plan === undefined) return;
      const taken = plan.victims.map(({ id }) => live.find((one) => one.id === id));
      for (const one of taken) tree.use(one?.node ?? '', one?.amounts ?? {}, -1);
      assert.ok(tree.fits(request.node, request.amounts), 'it is enough');
      for (const one of taken) {
        const branch = tree
          .pathOf(one?.node ?? '')
          .filter((id) => !tree.pathOf(request.node).includes(id));
        for (const id of branch) {
          const { committed, guarantee } = tree.account(id, 'cpu');
          assert.ok(committed >= guarantee, `${id} keeps what is guaranteed to it`);
        }
      }
      tree.use(request.node, request.amounts, 1);
      const own = tree.pathOf(request.node).filter((id) => tree.parentOf(id) !== null);
      assert.ok(
        own.some((id) => tree.account(id, 'cpu').guarantee > 0),
        'there is a guarantee',
      );
      for (const id of own) {
        if (tree.account(id, 'cpu').guarantee > 0) assert.is(tree.borrowedOf(id, 'cpu'), 0);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('F-07 neither order nor scale changes whom a guarantee takes from', () => {
  fc.assert(
    fc.property(randomCase, fc.integer({ min: 2, max: 9 }), (given, factor) => {
      const of = (each: Case) => planGuarantee(treeOf(each), each.request, each.live)?.victims;
      const expected = of(given);
      const { nodes, live, request } = given;
      assert.equal(
        of({ nodes: [...nodes].reverse(), live: [...live].reverse(), request }),
        expected,
      );
      const times = ({ amounts: { cpu = 0 } }: { amounts: { cpu?: number } }) => ({
        cpu: cpu * factor,
      });
      const larger: Case = {
        nodes: nodes.map(({ accounts: { cpu }, ...node }) => ({
          ...node,
          accounts: {
            cpu: {
              limit: cpu?.limit == null ? null : cpu.limit * factor,
              guarantee: (cpu?.guarantee ?? 0) * factor,
              lend: null,
            },
          },
        })),
        live: live.map((one) => ({ ...one, amounts: times(one) })),
        request: { ...request, amounts: times(request) },
      };
      assert.equal(of(larger), expected);
    }),
  );
});

test('F-07 the youngest goes first, unless only lower or equal priorities may be taken', () => {
  const nodes = [
    account('team', null, 6, 0),
    account('a', 'team', null, 4),
    account('b', 'team', null, 0),
  ];
  const at = (id: string, priority: number, grantedAtMs: number): LiveAllocation => ({
    id,
    node: 'b',
    priority,
    amounts: { cpu: 3 },
    grantedAtMs,
  });
  const live = [at('old', 0, 1), at('young', 9, 2)];
  const request = { id: 'r', node: 'a', priority: 0, amounts: { cpu: 2 } };
  const victims = (policy?: 'lowerOrEqual') =>
    planGuarantee(treeOf({ nodes, live, request }), request, live, {
      victims: policy ?? 'any',
    })?.victims.map(({ id }) => id);
  assert.equal(victims(), ['young']);
  assert.equal(victims('lowerOrEqual'), ['old']);
});

test('F-07 a request without a guarantee, or beyond it, takes nothing', () => {
  const nodes = [
    account('team', null, 4, 0),
    account('a', 'team', null, 2),
    account('b', 'team', null, 0),
  ];
  const live = [{ id: 'x', node: 'b', priority: 0, amounts: { cpu: 4 }, grantedAtMs: 0 }];
  const ask = (node: string, cpu: number) => {
    const request = { id: 'r', node, priority: 9, amounts: { cpu } };
    return planGuarantee(treeOf({ nodes, live, request }), request, live);
  };
  assert.ok(ask('a', 2));
  assert.is(ask('a', 3), undefined);
  assert.is(ask('b', 1), undefined);
});

test('F-06 use of what is not guaranteed counts as full, and below 0 as none', () => {
  const ratio = (used: number, guarantees: Record<string, number>, fair = {}) => {
    const { num, den } = guaranteeRatio([{ cpu: used }], guarantees, fair);
    return `${num}/${den}`;
  };
  assert.is(ratio(3, { cpu: 6 }), '3/6');
  assert.is(ratio(3, { cpu: 0 }), '1/1');
  assert.is(ratio(0, { cpu: 0 }), '0/1');
  assert.is(ratio(-3, { cpu: 6 }), '0/1');
  assert.is(ratio(3, {}), '0/1');
  assert.is(ratio(3, {}, { cpu: 12 }), '3/12');
  const two = guaranteeRatio(
    [
      { cpu: 1, mem: 1 },
      { cpu: 1, mem: 2 },
    ],
    { cpu: 8, mem: 4 },
  );
  assert.equal(two, { num: 3n, den: 4n });
});

test.run();
