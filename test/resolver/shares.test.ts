import fc from 'fast-check';
import { compareRatios } from '../../resolver/ratio.ts';
import { shareAsTheyCome } from '../../resolver/share-as-they-come.ts';
import type { FlooredClaim, Shares } from '../../resolver/share-claim.ts';
import { shareMaxMin } from '../../resolver/share-max-min.ts';
import { shareProportional, thoseWhoFit } from '../../resolver/share-proportional.ts';
import { shareTopUp } from '../../resolver/share-top-up.ts';
import type { ShareMethod } from '../../resolver/share-tree.ts';
import { assert, suite } from '../harness/suite.ts';
import { shuffled } from './shuffled.ts';

const test = suite('resolver: shares');

const METHODS: Readonly<Record<string, ShareMethod>> = {
  'max-min': shareMaxMin,
  'in proportion to need': (capacity, claims) => shareProportional(capacity, claims, 'need'),
  'by top-up': shareTopUp,
};

const AMOUNT_MAX = 10_000;
const anyClaims = fc
  .array(
    fc.record({
      demand: fc.oneof(fc.nat(AMOUNT_MAX), fc.constant(null)),
      cap: fc.oneof(fc.nat(AMOUNT_MAX), fc.constant(null)),
      weightMilli: fc.oneof(fc.nat(5_000), fc.constant(1_000), fc.constant(0)),
      floor: fc.oneof(fc.constant(0), fc.nat(500)),
    }),
    { maxLength: 8 },
  )
  .map((parts) => parts.map((part, i): FlooredClaim => ({ id: `c${i}`, ...part })));
const anyCapacity = fc.nat(20_000);

const sumOf = (shares: Shares) => [...shares.values()].reduce((sum, share) => sum + share, 0);
const usable = ({ demand, cap }: FlooredClaim, capacity: number) =>
  Math.min(demand ?? capacity, cap ?? capacity, capacity);

for (const [name, method] of Object.entries(METHODS)) {
  test(`S-04 A-01 A-03 shares ${name}: no more than there is or than is asked, and no less`, () => {
    fc.assert(
      fc.property(anyCapacity, anyClaims, (capacity, claims) => {
        const shares = method(capacity, claims);
        const wanted = claims.reduce((sum, claim) => sum + usable(claim, capacity), 0);
        assert.is(sumOf(shares), Math.min(capacity, wanted));
        for (const claim of claims) {
          const share = shares.get(claim.id) ?? Number.NaN;
          assert.ok(share >= 0 && share <= usable(claim, capacity), `${claim.id} gets ${share}`);
        }
      }),
    );
  });

  test(`S-04 shares ${name}: order of claims and idle ones change nothing`, () => {
    fc.assert(
      fc.property(anyCapacity, anyClaims, fc.nat(), (capacity, claims, seed) => {
        const idle: FlooredClaim = { id: 'idle', demand: 0, floor: 0 };
        const shares = method(capacity, claims);
        const others = method(capacity, shuffled([...claims, idle], seed));
        assert.is(others.get('idle'), 0);
        for (const { id } of claims) assert.is(others.get(id), shares.get(id));
      }),
    );
  });

  test(`S-04 shares ${name}: scaling all amounts scales all shares, but for whole units`, () => {
    const anyFactor = fc.integer({ min: 2, max: 1_000 });
    fc.assert(
      fc.property(anyCapacity, anyClaims, anyFactor, (capacity, claims, factor) => {
        const times = (amount: number | null) => amount && amount * factor;
        const scaled = claims.map((claim) => ({
          ...claim,
          demand: times(claim.demand),
          cap: times(claim.cap ?? null),
          floor: (claim.floor ?? 0) * factor,
        }));
        const shares = method(capacity, claims);
        for (const [id, share] of method(capacity * factor, scaled)) {
          const apart = Math.abs(share - (shares.get(id) ?? 0) * factor);
          // One unit of the small division is `factor` units of the large one.
          assert.ok(apart < factor + 1, `${id}: ${share} against ${shares.get(id)} × ${factor}`);
        }
      }),
    );
  });

  test(`S-04 shares ${name}: renaming changes no more than ties, by one unit`, () => {
    fc.assert(
      fc.property(anyCapacity, anyClaims, (capacity, claims) => {
        const renamed = claims.map((claim, i) => ({ ...claim, id: `z${claims.length - i}` }));
        const shares = method(capacity, claims);
        const others = method(capacity, renamed);
        claims.forEach(({ id }, i) => {
          const apart = (shares.get(id) ?? 0) - (others.get(renamed[i]?.id ?? '') ?? 0);
          assert.ok(Math.abs(apart) <= 1, `${id} differs by ${apart}`);
        });
      }),
    );
  });

  test(`S-04 shares ${name}: a larger weight never means a smaller share`, () => {
    fc.assert(
      fc.property(anyCapacity, anyClaims, fc.nat(5_000), (capacity, claims, more) => {
        const [first, ...others] = claims;
        if (first === undefined) return;
        const heavier = { ...first, weightMilli: (first.weightMilli ?? 0) + more };
        const before = method(capacity, claims).get(first.id) ?? 0;
        const after = method(capacity, [heavier, ...others]).get(first.id) ?? 0;
        assert.ok(after >= before - 1, `${after} after ${before}`);
      }),
    );
  });
}

test('A-03 max-min: nobody below what it asks for envies another, weight for weight', () => {
  fc.assert(
    fc.property(anyCapacity, anyClaims, (capacity, claims) => {
      const shares = shareMaxMin(capacity, claims);
      const floors = claims.reduce(
        (sum, claim) => sum + Math.min(claim.floor ?? 0, usable(claim, capacity)),
        0,
      );
      if (floors > capacity) return;
      for (const poor of claims) {
        const share = shares.get(poor.id) ?? 0;
        if (share >= usable(poor, capacity) || poor.weightMilli === 0) continue;
        for (const rich of claims) {
          const other = shares.get(rich.id) ?? 0;
          // Above its guarantee nobody stands higher, but for one unit of rounding on either side.
          if (other <= Math.min(rich.floor ?? 0, usable(rich, capacity))) continue;
          assert.ok(rich.weightMilli !== 0, 'weight 0 is served after everybody else');
          const envy = compareRatios(
            other - 1,
            rich.weightMilli ?? 1,
            share + 1,
            poor.weightMilli ?? 1,
          );
          assert.ok(envy <= 0, `${poor.id} with ${share} envies ${rich.id} with ${other}`);
        }
      }
    }),
  );
});

test('A-03 max-min: every guarantee that can be used is met where all can be', () => {
  fc.assert(
    fc.property(anyCapacity, anyClaims, (capacity, claims) => {
      const floorOf = (claim: FlooredClaim) => Math.min(claim.floor ?? 0, usable(claim, capacity));
      if (claims.reduce((sum, claim) => sum + floorOf(claim), 0) > capacity) return;
      for (const method of [shareMaxMin, METHODS['in proportion to need'] ?? shareMaxMin]) {
        const shares = method(capacity, claims);
        for (const claim of claims) assert.ok((shares.get(claim.id) ?? 0) >= floorOf(claim));
      }
    }),
  );
});

test('A-03 three levels of demand are settled exactly, where two rounds would not do', () => {
  const demands = [5, 21, 28, 50, 50];
  const claims = demands.map((demand, i) => ({ id: `c${i}`, demand: demand * 3 }));
  const shares = shareMaxMin(300, claims);
  assert.equal([...shares].sort(), [
    ['c0', 15],
    ['c1', 63],
    ['c2', 74],
    ['c3', 74],
    ['c4', 74],
  ]);
});

test('A-01 the top-up variant pays an inflated ask, max-min does not', () => {
  const claims = (first: number) => [
    { id: 'a', demand: first },
    { id: 'b', demand: 500 },
    { id: 'c', demand: 100 },
  ];
  const honest = shareTopUp(1_200, claims(700)).get('a') ?? 0;
  const inflated = shareTopUp(1_200, claims(7_000)).get('a') ?? 0;
  assert.ok(inflated > honest);
  assert.is(shareMaxMin(1_200, claims(700)).get('a'), shareMaxMin(1_200, claims(7_000)).get('a'));
});

test('A-03 amounts at the end of the safe range are divided without rounding', () => {
  const claims = ['a', 'b', 'c'].map((id) => ({ id, demand: Number.MAX_SAFE_INTEGER }));
  for (const method of Object.values(METHODS)) {
    assert.is(sumOf(method(Number.MAX_SAFE_INTEGER, claims)), Number.MAX_SAFE_INTEGER);
  }
});

test('S-04 claims whose least cannot be met leave, and hold up nobody behind them', () => {
  const byRank = [
    { id: 'a', demand: 9, floor: 5 },
    { id: 'b', demand: 20, floor: 10 },
    { id: 'c', demand: 9, floor: 1 },
  ];
  const kept = thoseWhoFit(6, byRank);
  assert.equal(
    kept.map(({ id }) => id),
    ['a', 'c'],
  );
  const shares = shareProportional(6, kept, 'need');
  assert.equal([...shares].sort(), [
    ['a', 5],
    ['c', 1],
  ]);
});

test('A-01 claims that come later get no more than is left, and take nothing back', () => {
  const claims = [
    { id: 'a', demand: 65, weightMilli: 3_000, arrivesAtMs: 1 },
    { id: 'b', demand: 45, weightMilli: 2_000, arrivesAtMs: 2 },
    { id: 'c', demand: 25, weightMilli: 1_000, arrivesAtMs: 3 },
  ];
  const shares = shareAsTheyCome(120, [...claims].reverse(), shareTopUp);
  assert.equal(Object.fromEntries(shares), { a: 65, b: 45, c: 10 });
  const together = claims.map((claim) => ({ ...claim, arrivesAtMs: 7 }));
  assert.equal(shareAsTheyCome(120, together, shareTopUp), shareTopUp(120, claims));
});

test.run();
