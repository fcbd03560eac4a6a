import fc from 'fast-check';

import { playLifecycle } from '../../resolver/lifecycle.ts';
import { planClassic } from '../../resolver/plan-classic.ts';
import { planFair } from '../../resolver/plan-fair.ts';
import type { Planner } from '../../resolver/reversals.ts';
import { planStable } from '../../resolver/stability.ts';
import type { Amounts, LiveAllocation } from '../../resolver/types.ts';
import { assert, suite } from '../harness/suite.ts';
import { treeOf } from './random-contest.ts';
import { type RandomStory, randomStory } from './random-story.ts';
import { treeWith } from './random-tree.ts';

const test = suite('resolver divisible holders');

/** Stories in which some holders can work with less. */
const divisible: fc.Arbitrary<RandomStory> = randomStory.chain((story) =>
  fc
    .array(fc.option(fc.record({ cpu: fc.nat(4), mem: fc.nat(4) })), {
      minLength: story.live.length,
      maxLength: story.live.length,
    })
    .map((mins) => ({
      ...story,
      live: story.live.map((holder, at) => withMin(holder, mins[at] ?? null)),
    })),
);

const orders = fc.constantFrom<'classic' | 'fair'>('classic', 'fair');
const PLANNERS: Readonly<Record<'classic' | 'fair', Planner>> = {
  classic: planClassic,
  fair: planFair,
};

test('S-05 a victim that shrinks keeps its least, and gives no unit more than is needed', () => {
  let shrunk = 0;
  fc.assert(
    fc.property(divisible, orders, (story, order) => {
      const { request, live } = story;
      const plan = planStable(PLANNERS[order], treeOf(story), request, live);
      const part = plan?.victims.find(({ take }) => take !== undefined);
      if (plan === undefined || part?.take === undefined) return;
      shrunk += 1;
      const holder = live.find(({ id }) => id === part.id);
      assert.ok(holder?.min);
      for (const [resource, amount] of Object.entries(part.take)) {
        const held = holder?.amounts[resource] ?? 0;
        assert.ok(amount > 0 && held - amount >= (holder?.min?.[resource] ?? held), resource);
        const less = { ...part.take, [resource]: amount - 1 };
        const wouldDo = fitsAfter(story, plan.victims, part.id, less);
        assert.ok(wouldDo !== 'inside' && (order === 'classic' || !wouldDo), 'one unit less');
      }
      assert.ok(fitsAfter(story, plan.victims, part.id, part.take), 'it is enough');
    }),
    { numRuns: 4_000 },
  );
  assert.ok(shrunk > 20, `${shrunk} plans shrank somebody`);
});

test('A-08 whoever shrinks stays with what it has left, and all limits hold to the end', () => {
  fc.assert(
    fc.property(divisible, orders, (story, order) => {
      const end = playLifecycle(treeOf(story), story.requests, story.live, {
        order,
        depth: 'passing',
        planner: (...asked) => planStable(PLANNERS[order], ...asked),
      });
      assert.ok(end.isQuiet);
      for (const holder of end.live) {
        const before = story.live.find(({ id }) => id === holder.id);
        const least = before?.min ?? before?.amounts ?? {};
        for (const [resource, amount] of Object.entries(least)) {
          assert.ok((holder.amounts[resource] ?? 0) >= amount, `${holder.id} keeps its least`);
        }
      }
      const tree = treeWith(story.nodes, end.live);
      for (const { id } of story.nodes) {
        for (const resource of ['cpu', 'mem']) {
          const { committed, limit, idle } = tree.account(id, resource);
          assert.ok(committed <= Math.max(limit, idle), `${resource} at ${id}`);
        }
      }
    }),
    { numRuns: 600 },
  );
});

function withMin(holder: LiveAllocation, min: Amounts | null): LiveAllocation {
  if (min === null) return holder;
  const least = Object.entries(holder.amounts).map(
    ([resource, amount]) => [resource, Math.min(amount, min[resource] ?? amount)] as const,
  );
  return { ...holder, min: Object.fromEntries(least) };
}

/**
 * Whether the request fits when one victim gives only a part and the others all they have, and
 * whether inside its node's quota: the classic planner takes more where it may not borrow.
 */
function fitsAfter(
  story: RandomStory,
  victims: readonly { readonly id: string }[],
  part: string,
  take: Amounts,
): 'inside' | 'borrowing' | false {
  const tree = treeOf(story);
  for (const { id } of victims) {
    const holder = story.live.find((one) => one.id === id);
    if (holder) tree.use(holder.node, id === part ? take : holder.amounts, -1);
  }
  const { node, amounts } = story.request;
  if (!tree.fits(node, amounts)) return false;
  const borrows = Object.entries(amounts).some(
    ([resource, amount]) => amount > 0 && tree.isBorrowing(node, resource, amount),
  );
  return borrows ? 'borrowing' : 'inside';
}

test.run();
