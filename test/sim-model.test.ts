import fc from 'fast-check';
import { judgeTeam } from '../sim/model/judge-team.ts';
import { anyMoves, begin, playMoves, RUNS } from './actors/histories.ts';
import { assert, suite } from './harness/suite.ts';
import { DAMAGES } from './sim-model-damages.ts';
import { goodHistory, WitnessedRig } from './sim-model-rig.ts';

const test = suite('sim: the independent model');

const GOOD = goodHistory();

test('INV-1 … INV-15 a history of everything, made by the real deciders, is right', () => {
  assert.equal(judgeTeam(GOOD), []);
  const types = new Set(GOOD.events.map(({ event }) => event.type));
  for (const type of ['LateSettled', 'PreemptionRequested', 'StopCompleted', 'NodeClosed'] as const)
    assert.ok(types.has(type), type);
});

/** Differences of the product from the semantics that are known and open. */
const OPEN: readonly RegExp[] = [
  // An end without a settle does not tell what was reported above what was held.
  /^AllocationEnded: an overrun of .* is told as \{\}$/,
  // An unknown use leaves out what was reported of resources that were not held.
  /^AllocationEnded: (books \{\}, not|not marked as estimated)/,
  // The room of another resource is told in a contest of several.
  /^ContentionDetected: there is no contention$/,
  // A guarantee covers the ask, but the limits above are cut below all guarantees.
  /^RequestDenied: denied never_fits, which is not so$/,
];

test('INV-1 … INV-15 random histories by the real deciders are right', () => {
  const count = RUNS || 120;
  for (let seed = 1; seed <= count; seed += 1) {
    const [moves] = fc.sample(anyMoves, { numRuns: 1, seed });
    const rig = begin(() => new WitnessedRig('t')) as WitnessedRig;
    playMoves(rig, moves ?? []).pass(100_000);
    const found = judgeTeam(rig.history());
    const news = found.filter(({ message }) => !OPEN.some((known) => known.test(message)));
    assert.equal(news, [], `seed ${seed}`);
  }
});

for (const [what, rule, damage] of DAMAGES) {
  test(`${rule} finds ${what}`, () => {
    const history = structuredClone(GOOD);
    damage(history);
    const found = judgeTeam(history);
    const told = found.map((one) => `${one.rule} ${one.message}`).join('\n');
    assert.ok(
      found.some((one) => one.rule === rule),
      `nothing under ${rule} among:\n${told}`,
    );
  });
}

test.run();
