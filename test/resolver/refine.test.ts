import fc from 'fast-check';

import { planClassic } from '../../resolver/plan-classic.ts';
import type { LiveAllocation, PendingRequest } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { randomContest, treeOf } from './random-contest.ts';
import { treeWith } from './random-tree.ts';

const test = suite('resolver refine');

const REFINES = { refines: true };

const NODES = [
  {
    id: 'only',
    parent: null,
    quotas: { cpu: { nominal: 12 } },
    preemption: {
      withinNode: 'any' as const,
      reclaim: 'never' as const,
      whileBorrowing: { policy: 'never' as const },
    },
  },
];

/** One node full of holders of a few priorities. */
const oneNode = fc.record({
  live: fc
    .array(fc.record({ priority: fc.nat(2), cpu: fc.integer({ min: 1, max: 5 }) }), {
      maxLength: 7,
    })
    .map((rows) =>
      rows.map(({ priority, cpu }, at): LiveAllocation => {
        return { id: `a${at}`, node: 'only', priority, amounts: { cpu }, grantedAtMs: at };
      }),
    ),
  cpu: fc.integer({ min: 1, max: 12 }),
});

/** Priorities of victims, dearest first, then what they lose. */
function priceOf(victims: readonly LiveAllocation[]): number[] {
  const priorities = victims.map(({ priority }) => priority).sort((a, b) => b - a);
  const loss = victims.reduce((sum, { amounts }) => sum + (amounts['cpu'] ?? 0), 0);
  return [...priorities, -1, loss];
}

function comparePrices(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

test('F-04 no set of victims is cheaper than the one that is chosen', () => {
  fc.assert(
    fc.property(oneNode, ({ live, cpu }) => {
      const tree = treeWith(NODES, live);
      const request: PendingRequest = { id: 'r', node: 'only', priority: 9, amounts: { cpu } };
      if (tree.fits('only', { cpu })) return;
      const plan = planClassic(tree, request, live, REFINES);
      const held = live.reduce((sum, { amounts }) => sum + (amounts['cpu'] ?? 0), 0);
      const sets = Array.from({ length: 2 ** live.length }, (_, bits) =>
        live.filter((_, at) => (bits >> at) % 2 === 1),
      ).filter(
        (set) => held - set.reduce((sum, one) => sum + (one.amounts['cpu'] ?? 0), 0) + cpu <= 12,
      );
      const chosen = live.filter(({ id }) => plan?.victims.some((victim) => victim.id === id));
      assert.ok(sets.length > 0 === (plan !== undefined));
      for (const set of sets) {
        assert.ok(comparePrices(priceOf(chosen), priceOf(set)) <= 0, `${set.map(({ id }) => id)}`);
      }
    }),
    { numRuns: 500 },
  );
});

test('F-04 where refining finds a plan so does the plain choice, and it is enough', () => {
  fc.assert(
    fc.property(randomContest, (contest) => {
      const { request, live } = contest;
      const tree = treeOf(contest);
      const plain = planClassic(tree, request, live);
      const refined = planClassic(tree, request, live, REFINES);
      assert.is(plain === undefined, refined === undefined);
      for (const { id } of refined?.victims ?? []) {
        const holder = live.find((one) => one.id === id);
        assert.not.equal(holder?.preemptible, false);
        tree.use(holder?.node ?? '', holder?.amounts ?? {}, -1);
      }
      if (refined) assert.ok(tree.fits(request.node, request.amounts));
    }),
    { numRuns: 1_000 },
  );
});

test('F-04 one victim of a price is taken where two of it were taken before', () => {
  const live = [4, 3, 3].map((cpu, at): LiveAllocation => {
    return { id: `a${at}`, node: 'only', priority: 0, amounts: { cpu }, grantedAtMs: at };
  });
  const request = { id: 'r', node: 'only', priority: 1, amounts: { cpu: 6 } };
  const of = (policy?: typeof REFINES) =>
    planClassic(treeWith(NODES, live), request, live, policy)?.victims.map(({ id }) => id);
  assert.equal(of(), ['a2', 'a1']);
  assert.equal(of(REFINES), ['a0']);
});

test.run();
