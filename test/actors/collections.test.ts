import fc from 'fast-check';
import { mergedInOrder } from '../../actors/nodes/merged-in-order.ts';
import { RankedList } from '../../actors/queue/ranked-list.ts';
import { Roster } from '../../actors/rules/roster.ts';
import { type Due, type Timer, TimerHeap } from '../../actors/timers.ts';
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

test('§6.4 timers come in order of due, kind, team and id, whatever was added and taken out', () => {
  const kinds = [
    'window',
    'grant',
    'thaw',
    'breaker',
    'fence',
    'stop',
    'deadline',
    'close',
    'claim',
    'expire',
    'rate',
    'reservation',
    'wait',
    'approval',
    'level',
    'rebalance',
    'recovery',
    'shed',
    'queueAge',
  ] as const;
  const due = fc.record({
    atMs: fc.nat(20),
    kind: fc.constantFrom(...kinds),
    team: fc.constantFrom('a', 'b'),
    id: fc.constantFrom('x', 'y', 'z'),
  });
  const padded = (count: number) => String(count).padStart(3, '0');
  const keyOf = (one: Due) =>
    [padded(one.atMs), padded(kinds.indexOf(one.kind)), one.team, one.id].join(' ');
  const act = fc.record({ due, isOut: fc.boolean(), at: fc.nat() });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), fc.nat(20), (acts, nowMs) => {
      const heap = new TimerHeap();
      let there: Timer[] = [];
      for (const { due: one, isOut, at } of acts) {
        const out = there[at % (there.length || 1)];
        if (isOut && out !== undefined) {
          heap.remove(out);
          heap.remove(out);
          there = there.filter((timer) => timer !== out);
        } else there.push(heap.add(one));
      }
      assert.is(heap.size, there.length);
      const taken: string[] = [];
      const ofB = there.filter(({ team, atMs }) => team === 'b' && atMs <= nowMs);
      for (let one = heap.takeDue(nowMs, 'b'); one; one = heap.takeDue(nowMs, 'b')) {
        taken.push(keyOf(one));
      }
      assert.equal(taken, ofB.map(keyOf).sort());
      const rest: string[] = [];
      for (let one = heap.takeDue(Infinity); one; one = heap.takeDue(Infinity)) {
        rest.push(keyOf(one));
      }
      assert.equal(
        rest,
        there
          .filter((one) => !ofB.includes(one))
          .map(keyOf)
          .sort(),
      );
      assert.is(heap.nextAtMs, Infinity);
    }),
  );
});

test('§6.4 what is due of one team is found at once, however much is due of the others', () => {
  const heap = new TimerHeap();
  const TEAMS = 1_000;
  const EACH = 40;
  for (let i = 0; i < TEAMS * EACH; i += 1) {
    const atMs = (i * 7_919) % 5_000;
    heap.add({ atMs, kind: 'expire', team: `t${i % TEAMS}`, id: `a${i}` });
  }
  const began = performance.now();
  let taken = 0;
  // As a writer that comes back: the earliest of all, then whatever else is due of its team.
  for (let due = heap.takeDue(5_000); due; due = heap.takeDue(5_000)) {
    taken += 1;
    while (heap.takeDue(5_000, due.team) !== undefined) taken += 1;
  }
  assert.is(taken, TEAMS * EACH);
  const tookMs = performance.now() - began;
  assert.ok(tookMs < 2_000, `${taken} deadlines take ${Math.round(tookMs)} ms`);
});

test('O-05 a ranked list holds what a sorted array would, with every place', () => {
  interface Item {
    readonly rank: number;
    readonly no: number;
  }
  const compare = (a: Item, b: Item) => a.rank - b.rank || a.no - b.no;
  const act = fc.record({ rank: fc.nat(400), isOut: fc.boolean(), at: fc.nat() });
  const several = fc.array(act, { minLength: 1_500, maxLength: 3_000, size: 'max' });
  fc.assert(
    fc.property(several, fc.nat(400), (acts, asked) => {
      const list = new RankedList<Item>(compare);
      let sorted: Item[] = [];
      for (const [no, { rank, isOut, at }] of acts.entries()) {
        const leaving = isOut && no % 3 === 0 ? sorted[at % sorted.length] : undefined;
        if (leaving === undefined) {
          list.add({ rank, no });
          sorted.push({ rank, no });
          sorted = no % 100 === 0 ? sorted.sort(compare) : sorted;
        } else {
          const held = [...list].find((one) => one.no === leaving.no) as Item;
          assert.ok(list.remove(held));
          assert.not.ok(list.remove(held), 'it is out');
          sorted = sorted.filter((one) => one !== leaving);
        }
      }
      sorted.sort(compare);
      assert.equal([...list], sorted);
      assert.is(list.size, sorted.length);
      assert.equal(list.first, sorted[0]);
      const other = { rank: asked, no: 0 };
      const before = sorted.filter((one) => compare(one, other) < 0);
      assert.is(list.countBefore(other, compare), before.length);
      assert.equal(list.lastBefore(other, compare), before.at(-1));
    }),
    { numRuns: 20 },
  );
});

test('F-04 lists in order are merged in order, as far as it is asked', () => {
  const list = fc.array(fc.nat(50)).map((numbers) => numbers.sort((a, b) => a - b));
  fc.assert(
    fc.property(fc.array(list, { maxLength: 5 }), fc.nat(60), (lists, count) => {
      const first: number[] = [];
      for (const item of mergedInOrder(lists, (a, b) => a - b)) {
        if (first.length === count) break;
        first.push(item);
      }
      const all = lists.flat().sort((a, b) => a - b);
      assert.equal(first, all.slice(0, count));
    }),
  );
});

test.run();
