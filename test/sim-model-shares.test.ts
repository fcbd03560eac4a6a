import fc from 'fast-check';
import type { CommandInput } from '../events/commands.ts';
import { DistributionMethod } from '../events/distribution.ts';
import type { Division, Share } from '../events/division.ts';
import { wrongShares } from '../sim/model/judge-shares.ts';
import { judgeTeam } from '../sim/model/judge-team.ts';
import { anyMoves, begin, playMoves, RUNS } from './actors/histories.ts';
import { assert, suite } from './harness/suite.ts';
import { divisionsOf } from './share-moves.ts';
import { WitnessedRig } from './sim-model-rig.ts';

const test = suite('sim: the model of divisions');

const PARENTS = [
  ['t', ['s', 's2']],
  ['t/s', ['r1', 'r2']],
  ['t/s/r2', ['sub', 'a']],
] as const;
const anyDivision = fc.constantFrom(...PARENTS).chain(([path, names]) => divisionsOf(path, names));

const rebalancing = (method: 'demand' | 'fair'): CommandInput => ({
  op: 'setPolicy',
  path: 't',
  policy: { ladder: [], rebalance: { method, everyMs: 300, deadZonePermille: 50 } },
});

/** A history of work in which budgets are divided again and again. */
function history(seed: number): WitnessedRig {
  const [moves = []] = fc.sample(anyMoves, { numRuns: 1, seed });
  const divisions = fc.sample(anyDivision, { numRuns: Math.max(1, moves.length), seed });
  const rig = begin(() => new WitnessedRig('t')) as WitnessedRig;
  if (seed % 2 === 0) rig.decide(rebalancing(seed % 4 === 0 ? 'demand' : 'fair'), 'operator');
  for (const [place, move] of moves.entries()) {
    playMoves(rig, [move]);
    if (seed % 2 === 0 && place % 5 > 0) continue;
    rig.decide({ ...divisions[place], id: `d${place}` } as CommandInput, 'operator');
  }
  rig.pass(100_000);
  return rig;
}

test('A-01 … A-06 A-10 A-11 INV-1 INV-2 divisions amid work are what the model says, by every method', () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= (RUNS || 60); seed += 1) {
    const rig = history(seed);
    assert.equal(judgeTeam(rig.history()), [], `seed ${seed}`);
    for (const { sets, divisions, why } of rig.eventsOf('Distributed')) {
      if (why !== undefined) seen.add(`${sets} ${why}`);
      for (const { method, rule } of divisions) seen.add(`${sets} ${method}`).add(rule);
    }
  }
  for (const method of DistributionMethod.exclude(['auto']).options) {
    for (const sets of ['limit', 'guarantee']) assert.ok(seen.has(`${sets} ${method}`), method);
  }
  for (const sets of ['limit', 'guarantee']) assert.ok(seen.has(`${sets} rebalance`), sets);
  const rules = ['1-goals', '2-scarce-by-priority', '3-estimates', '4-needs', '5-demand'];
  for (const rule of [...rules, '6-nothing-known']) assert.ok(seen.has(rule), rule);
});

/** A child of a division of 100 that nobody can lose anything of. */
const share = (child: string, is: number, more: Partial<Share> = {}): Share => ({
  ...{ child, was: null, is, floor: 0, need: null, weight: 1_000, priority: 100 },
  ...more,
});
const division = (method: Division['method'], ...shares: Share[]): Division => ({
  ...{ resource: 'credits', total: 100, kept: 0, method, rule: 'asked', factors: {}, shares },
});

const RIGHT: readonly (readonly [what: string, isLimit: boolean, right: Division])[] = [
  [
    'needs of 100 and 300',
    true,
    division('proportional', share('a', 25, { need: 100 }), share('b', 75, { need: 300 })),
  ],
  [
    'the urgent first',
    true,
    division('priority', share('a', 10, { need: 50 }), share('b', 90, { need: 90, priority: 200 })),
  ],
  ['weights of 1 and 3', true, division('fair', share('a', 25), share('b', 75, { weight: 3_000 }))],
  ['one at its floor', true, division('fair', share('a', 20), share('b', 80, { floor: 80 }))],
  [
    'a rest for all',
    true,
    division('demand', share('a', 40, { need: 20 }), share('b', 60, { need: 40 })),
  ],
  [
    'no rest of a guarantee',
    false,
    division('demand', share('a', 20, { need: 20 }), share('b', 40, { need: 40 })),
  ],
  ['a goal that is done', true, division('goal', share('a', 0, { weight: 0 }), share('b', 100))],
];

for (const [what, isLimit, right] of RIGHT) {
  test(`A-01 A-02 A-03 A-11 it is right about ${what}, and finds two units in the wrong place`, () => {
    assert.is(wrongShares(right, isLimit), undefined);
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const shares = right.shares.map((one, place) => {
        const moved = place === from ? -2 : place === to ? 2 : 0;
        return { ...one, is: one.is + moved };
      });
      assert.ok(wrongShares({ ...right, shares }, isLimit) !== undefined, `${from} to ${to}`);
    }
    const more = right.shares.map((one) => ({ ...one, is: one.is + 50 }));
    assert.ok(wrongShares({ ...right, shares: more }, isLimit) !== undefined, 'too much');
  });
}

test.run();
