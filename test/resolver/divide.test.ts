import fc from 'fast-check';
import { type DivisionOrder, divide, type Part } from '../../resolver/divide.ts';
import { assert, suite } from '../harness/suite.ts';
import { shuffled } from './shuffled.ts';

const test = suite('resolver: division of a budget');

const ORDERS: readonly DivisionOrder[] = ['proportional', 'priority', 'fair'];
const SCALE = 1_000;

const anyParts = fc
  .array(
    fc.record({
      need: fc.oneof({ weight: 4, arbitrary: fc.nat(3_000) }, fc.constant(null)),
      weight: fc.constantFrom(0, 1, 500, 1_000, 1_000, 3_000),
      priority: fc.constantFrom(0, 100, 100, 200),
      floor: fc.oneof(fc.constant(0), fc.nat(400)),
      max: fc.oneof(fc.constant(null), fc.nat(2_000)),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((parts) => parts.map((part, i): Part => ({ id: `c${i}`, ...part })));
/** A budget with room for every floor. */
const anyBudget = anyParts.chain((parts) => {
  const floors = parts.reduce((sum, { floor }) => sum + floor, 0);
  return fc.tuple(fc.constant(parts), fc.integer({ min: floors, max: floors + 6_000 }));
});
const anyOrder = fc.constantFrom(...ORDERS);
const sumOf = (shares: Iterable<number>) => [...shares].reduce((sum, share) => sum + share, 0);

test('A-01 A-02 A-03 INV-1 no more is given than there is; each has its floor and not above its ceiling', () => {
  fc.assert(
    fc.property(anyBudget, anyOrder, fc.boolean(), ([parts, budget], order, sharesRest) => {
      const shares = divide(budget, parts, order, sharesRest);
      assert.ok(sumOf(shares.values()) <= budget);
      for (const { id, floor, max } of parts) {
        const share = shares.get(id) ?? Number.NaN;
        assert.ok(share >= floor, `${id} has its floor`);
        assert.ok(max === null || share <= Math.max(max, floor), `${id} keeps to its ceiling`);
      }
    }),
  );
});

test('A-01 with the rest shared all is given, unless every ceiling is reached', () => {
  fc.assert(
    fc.property(anyBudget, anyOrder, ([parts, budget], order) => {
      const shares = divide(budget, parts, order, true);
      if (sumOf(shares.values()) === budget) return;
      for (const { id, max, floor } of parts) {
        assert.is(shares.get(id), max === null ? Number.NaN : Math.max(max, floor));
      }
    }),
  );
});

test('A-01 without the rest nobody gets more than it needs', () => {
  fc.assert(
    fc.property(anyBudget, anyOrder, ([parts, budget], order) => {
      const shares = divide(budget, parts, order, false);
      for (const { id, need, floor } of parts) {
        if (need === null) continue;
        assert.ok((shares.get(id) ?? 0) <= Math.max(need, floor), id);
      }
    }),
  );
});

test('A-01 A-02 A-03 names in another order change no share', () => {
  fc.assert(
    fc.property(anyBudget, anyOrder, fc.nat(), ([parts, budget], order, seed) => {
      const shares = divide(budget, parts, order, true);
      const others = divide(budget, shuffled(parts, seed), order, true);
      for (const { id } of parts) assert.is(others.get(id), shares.get(id));
    }),
  );
});

test('A-01 A-02 A-03 a larger budget makes no share smaller, but for a unit of rounding', () => {
  fc.assert(
    fc.property(anyBudget, fc.nat(900), anyOrder, ([parts, budget], more, order) => {
      const shares = divide(budget, parts, order, true);
      const larger = divide(budget + more, parts, order, true);
      for (const { id } of parts) {
        assert.ok((larger.get(id) ?? 0) >= (shares.get(id) ?? 0) - roundings(parts, order), id);
      }
    }),
  );
});

test('A-01 A-02 A-03 in a smaller unit the shares are the same, to the last unit of the larger', () => {
  fc.assert(
    fc.property(anyBudget, anyOrder, ([parts, budget], order) => {
      const shares = divide(budget, parts, order, true);
      const finer = parts.map((part) => ({
        ...part,
        need: part.need === null ? null : part.need * SCALE,
        floor: part.floor * SCALE,
        max: part.max === null ? null : part.max * SCALE,
      }));
      const scaled = divide(budget * SCALE, finer, order, true);
      for (const { id } of parts) {
        const gap = Math.abs((scaled.get(id) ?? 0) - (shares.get(id) ?? 0) * SCALE);
        assert.ok(gap <= SCALE * roundings(parts, order), `${id} is ${gap} apart`);
      }
    }),
  );
});

/** Each class of priority and those without weight are rounded by themselves. */
function roundings(parts: readonly Part[], order: DivisionOrder): number {
  return order === 'priority' ? 1 + new Set(parts.map(({ priority }) => priority)).size : 2;
}

test('A-02 the less urgent have only what the more urgent do not need', () => {
  fc.assert(
    fc.property(anyBudget, ([parts, budget]) => {
      const shares = divide(budget, parts, 'priority', true);
      for (const lower of parts) {
        if ((shares.get(lower.id) ?? 0) <= lower.floor) continue;
        for (const { id, need, max, floor, priority } of parts) {
          if (priority <= lower.priority) continue;
          const wanted = Math.max(Math.min(need ?? budget, max ?? budget, budget), floor);
          assert.ok((shares.get(id) ?? 0) >= wanted, id);
        }
      }
    }),
  );
});

const part = (id: string, more: Partial<Part> = {}): Part => ({
  ...{ id, need: null, weight: 1_000, priority: 100, floor: 0, max: null },
  ...more,
});

test('A-01 A-02 A-03 whole numbers at the edge of what is exact', () => {
  const most = Number.MAX_SAFE_INTEGER;
  const parts = [part('a', { need: most }), part('b', { need: most }), part('c', { need: most })];
  for (const order of ORDERS) {
    const shares = divide(most, parts, order, true);
    const third = Math.floor(most / 3);
    assert.is(sumOf(shares.values()), most);
    for (const share of shares.values()) assert.ok(share - third <= 1 && share >= third, order);
  }
});

test('A-03 who has no weight has what the others leave', () => {
  const parts = [part('a', { weight: 0 }), part('b', { max: 70 })];
  assert.equal([...divide(100, parts, 'fair', true)].sort(), [
    ['a', 30],
    ['b', 70],
  ]);
});

test('INV-1 floors that do not fit are no division', () => {
  assert.throws(() => divide(10, [part('a', { floor: 6 }), part('b', { floor: 5 })], 'fair', true));
});

test.run();
