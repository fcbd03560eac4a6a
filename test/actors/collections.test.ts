import fc from 'fast-check';
import { cheapestFirst } from '../../actors/cheapest-first.ts';
import { Roster } from '../../actors/roster.ts';
import { assert, suite } from '../harness/suite.ts';

const test = suite('actors: collections');

test('I-06 a roster holds what a map would, whatever comes and goes', () => {
  const name = fc.integer({ min: 0, max: 2_500 }).map(String);
  const act = fc.record({ name, isSet: fc.boolean() });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 6_000, size: 'max' }), (acts) => {
      const roster = new Roster<{ n: number }>();
      const map = new Map<string, { n: number }>();
      for (const [n, { name: key, isSet }] of acts.entries()) {
        if (isSet) {
          roster.set(key, { n });
          map.set(key, { n });
        } else {
          roster.delete(key);
          map.delete(key);
        }
        if (roster.size !== map.size || roster.has(key) !== map.has(key)) assert.unreachable();
      }
      const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
      assert.equal([...roster].sort(byName), [...map].sort(byName));
      assert.equal([...roster.keys()].sort(), [...map.keys()].sort());
      assert.is([...roster.values()].length, map.size);
    }),
    { numRuns: 20 },
  );
});

test('I-06 names that leave make room once there are many of them', () => {
  const roster = new Roster<object>();
  for (let n = 0; n < 100_000; n += 1) {
    roster.set(`step-${n}`, {});
    roster.delete(`step-${n}`);
  }
  assert.is(roster.size, 0);
  assert.equal([...roster], []);
});

test('F-04 cheapest first gives the order of a sort, as far as it is asked', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.nat(60), (numbers, count) => {
      // Told apart by their place, as allocations are by their ids.
      const items = numbers.map((n, place) => n * 100 + place);
      const first: number[] = [];
      for (const item of cheapestFirst(items, (a, b) => a < b)) {
        if (first.length === count) break;
        first.push(item);
      }
      assert.equal(first, [...items].sort((a, b) => a - b).slice(0, count));
    }),
  );
});

test.run();
