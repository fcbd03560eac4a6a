import { readFileSync } from 'node:fs';
import path from 'node:path';
import { edited } from '../sim/mutants/apply.ts';
import { MUTANTS } from '../sim/mutants/mutants.ts';
import { runPlan } from '../sim/run/run-plan.ts';
import { assert, suite } from './harness/suite.ts';

const ROOT = path.join(import.meta.dirname, '..');

const test = suite('mutants of the rules');

test('each has a name of its own', () => {
  assert.ok(MUTANTS.length >= 29);
  assert.is(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
});

for (const { name, says, edits } of MUTANTS) {
  test(`${name} still fits the source: ${says}`, () => {
    assert.ok(edits.length > 0);
    for (const { file, find, replace } of edits) {
      const source = readFileSync(path.join(ROOT, file), 'utf8');
      assert.is.not(edited(source, find, replace, file), source);
    }
  });
}

for (const drill of new Set(MUTANTS.flatMap((mutant) => mutant.drill ?? []))) {
  test(`without a bug its drill breaks nothing: ${drill.theme}`, async () => {
    const { violations, commandCount } = await runPlan(drill);
    assert.equal(violations, []);
    assert.is(commandCount, drill.jobs.length);
  });
}

test('a mutant that no longer fits is said so, not left out', () => {
  assert.throws(() => edited('a a', 'a', 'b', 'x.ts'), /x\.ts holds 2 times/);
  assert.throws(() => edited('b', 'a', 'b', 'x.ts'), /x\.ts holds 0 times/);
});

test.run();
