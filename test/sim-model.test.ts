import fc from 'fast-check';
import { booksAt } from '../sim/model/books-at.ts';
import { judgeTeam, TeamJudge } from '../sim/model/judge-team.ts';
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

test('INV-1 … INV-15 random histories by the real deciders are right', () => {
  const count = RUNS || 120;
  for (let seed = 1; seed <= count; seed += 1) {
    const [moves] = fc.sample(anyMoves, { numRuns: 1, seed });
    const rig = begin(() => new WitnessedRig('t')) as WitnessedRig;
    playMoves(rig, moves ?? []).pass(100_000);
    assert.equal(judgeTeam(rig.history()), [], `seed ${seed}`);
  }
});

test('INV-1 at any time the books of the model are those of the team', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const [moves] = fc.sample(anyMoves, { numRuns: 1, seed });
    const rig = playMoves(
      begin(() => new WitnessedRig('t')),
      moves ?? [],
    );
    const books = booksAt('t', rig.recorded);
    assert.equal([...books.paths].sort(), [...rig.team.nodes.keys()].sort());
    assert.equal(books.liveIds, [...rig.team.allocations.keys()].sort());
    assert.equal(books.waitingIds, [...rig.team.waiting.keys()].sort());
    for (const path of books.paths) {
      const { answer } = rig.decide({ op: 'balance', path }, 'operator');
      assert.ok(answer.outcome === 'balance');
      const model = books.balance(path);
      assert.ok(model !== undefined);
      const shown = answer.lines.map(({ resource }) => resource);
      const lines = model.lines.filter(({ resource }) => shown.includes(resource));
      const { outcome, deadlineInMs, reservations, crisis, stopping, ...rest } = answer;
      const fares = crisis && { crisis: { state: crisis.state, level: crisis.level } };
      const fields = { ...rest, ...fares };
      // What the model does not keep: how grants burn, what was in a window that has ended, and
      // what was drawn of a reserve and not filled again.
      const kept = answer.lines.map(
        ({ spentPast, debt, window, grants, thresholds, reserveDrawn, ...line }) => line,
      );
      assert.equal({ ...model, lines }, { ...fields, lines: kept }, path);
    }
  }
});

test('INV-1 judging event by event comes to the same', () => {
  const { events, ...rest } = GOOD;
  const judging = new TeamJudge(rest);
  for (const one of events) {
    judging.take(one);
    assert.equal(judging.violations, []);
  }
  judging.end();
  assert.equal(judging.violations, []);
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
