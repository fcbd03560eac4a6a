import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import type { TeamRig } from './rig.ts';
import { givenLab, policy, release, STEP, setLimits } from './world.ts';

const test = suite('actors: properties of pools');

const POOLS = ['pool.a', 'pool.b', 'pool.c'] as const;

function request(id: string, amount: number, maxWaitMs = 0): CommandInput {
  return { op: 'request', id, path: STEP, anyOf: [{ pools: [...POOLS], amount }], maxWaitMs };
}

/** What of each pool is held. */
function held(rig: TeamRig): number[] {
  const { accounts } = rig.team.nodes.get('acme') ?? { accounts: new Map() };
  return POOLS.map((pool) => accounts.get(pool)?.heldTree ?? 0);
}

test('A-07 equal pools stay within one ask of each other while asks only come', () => {
  const asks = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(asks, (amounts) => {
      const rig = givenLab(setLimits('acme', Object.fromEntries(POOLS.map((one) => [one, 1_000]))));
      amounts.forEach((amount, no) => {
        assert.is(rig.when(request(`r${no}`, amount), 'ann').answer.outcome, 'granted');
        const now = held(rig);
        assert.ok(Math.max(...now) - Math.min(...now) <= 4, `${now}`);
      });
    }),
    { numRuns: 40 },
  );
});

const step = fc.record({
  amount: fc.integer({ min: 1, max: 5 }),
  waits: fc.boolean(),
  ends: fc.option(fc.nat(30)),
});
const world = fc.record({
  sizes: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
  weights: fc.tuple(fc.constantFrom(500, 1_000, 3_000), fc.constantFrom(1_000, 2_000)),
  steps: fc.array(step, { minLength: 1, maxLength: 30 }),
});

/** Plays a world; `scale` times all weights must change nothing. */
function play({ sizes, weights, steps }: World, scale: number): TeamRig {
  const [a, b] = sizes;
  const [wa, wb] = weights;
  const rig = givenLab(
    setLimits('acme', { 'pool.a': a, 'pool.b': b, 'pool.c': 3 }),
    policy({
      pools: {
        'pool.a': { weightMilli: wa * scale },
        'pool.b': { weightMilli: wb * scale },
        'pool.c': { weightMilli: 1_000 * scale },
      },
    }),
  );
  steps.forEach(({ amount, waits, ends }, no) => {
    rig.when(request(`r${no}`, amount, waits ? 60_000 : 0), 'ann');
    if (ends !== null) rig.when(release(`r${ends}`), 'ann');
    const free = freeOf(rig, [a, b, 3]);
    assert.ok(
      free.every((room) => room >= 0),
      `${free} is left`,
    );
    checkNobodyWaitsInVain(rig, free);
  });
  return rig;
}
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

/** What is left of pools of these sizes. */
function freeOf(rig: TeamRig, sizes: readonly number[]): number[] {
  return held(rig).map((now, which) => (sizes[which] ?? 0) - now);
}

/** The first of all who wait fits in no pool; in a pool for which nobody stands in line, nobody does. */
function checkNobodyWaitsInVain({ team }: TeamRig, free: readonly number[]): void {
  const waiting = [...team.waiting.values()];
  for (const [place, { ask, id }] of waiting.entries()) {
    const amount = ask.anyOf?.[0]?.amount ?? 0;
    for (const [which, pool] of POOLS.entries()) {
      const isOpen = place === 0 || !waiting.some(({ account }) => account.resource === pool);
      assert.ok(!isOpen || (free[which] ?? 0) < amount, `${id} waits for ${amount} of ${free}`);
    }
  }
}

test('A-07 INV-2 no pool is ever above its capacity, nobody waits for what is free; weights are ratios', () => {
  fc.assert(
    fc.property(world, (one) => {
      const rig = play(one, 1);
      const grants = (of: TeamRig) =>
        of.eventsOf('AllocationGranted').map(({ id, items }) => [id, items]);
      assert.equal(grants(play(one, 7)), grants(rig));
    }),
    { numRuns: 60 },
  );
});

test.run();
