import fc from 'fast-check';
import { wholeParts } from '../../resolver/largest-remainder.ts';
import { ONE, powerOfHalf } from '../../resolver/power-of-two.ts';
import { compareRatios } from '../../resolver/ratio.ts';
import {
  decayedUse,
  noPastUse,
  USE_SCALE,
  wholeUse,
  withPenalty,
} from '../../resolver/usage-decay.ts';
import { assert, suite } from '../harness/suite.ts';

const test = suite('resolver: exact numbers');

const HOUR_MS = 3_600_000;
const near = (a: bigint, b: bigint, apart: bigint) => (a > b ? a - b : b - a) <= apart;

test('F-06 powers of one half multiply as powers do, and fall with the exponent', () => {
  const anyExponent = fc.record({ num: fc.bigInt(0n, 5_000n), den: fc.bigInt(1n, 999n) });
  fc.assert(
    fc.property(anyExponent, anyExponent, (a, b) => {
      const [one, two] = [powerOfHalf(a.num, a.den), powerOfHalf(b.num, b.den)];
      const both = powerOfHalf(a.num * b.den + b.num * a.den, a.den * b.den);
      assert.ok(near((one * two) / ONE, both, 1n << 10n));
      assert.ok(a.num * b.den <= b.num * a.den === one >= two || one === two);
    }),
  );
  assert.is(powerOfHalf(0n, 7n), ONE);
  assert.is(powerOfHalf(3n, 1n), ONE / 8n);
  assert.is(powerOfHalf(1_000n, 1n), 0n);
});

test('F-06 half of the past use fades in a half life, whether looked at once or often', () => {
  const start = withPenalty(noPastUse(0), 1_000_000);
  assert.is(wholeUse(decayedUse(start, 0, HOUR_MS, HOUR_MS)), 500_000);
  assert.is(wholeUse(decayedUse(start, 3_000_000, HOUR_MS, HOUR_MS)), 2_000_000);
  fc.assert(
    fc.property(
      fc.nat(1_000_000_000),
      fc.array(fc.integer({ min: 1, max: 500_000 }), { maxLength: 20 }),
      (inUse, stepsMs) => {
        let past = start;
        let atMs = 0;
        for (const stepMs of stepsMs) {
          atMs += stepMs;
          past = decayedUse(past, inUse, atMs, HOUR_MS);
        }
        const once = decayedUse(start, inUse, atMs, HOUR_MS);
        assert.ok(near(past.scaled, once.scaled, USE_SCALE / 1_000n));
        const [low, high] = [Math.min(inUse, 1_000_000), Math.max(inUse, 1_000_000)];
        assert.ok(wholeUse(once) >= low && wholeUse(once) <= high, 'between the two');
      },
    ),
  );
});

test('F-06 a clock that stands still changes no past use, a half life of 0 remembers none', () => {
  const past = withPenalty(noPastUse(1_000), 77);
  assert.equal(decayedUse(past, 5, 1_000, HOUR_MS), past);
  assert.equal(decayedUse(past, 5, 900, HOUR_MS), past);
  assert.is(wholeUse(decayedUse(past, 5, 1_001, 0)), 5);
});

test('A-01 parts rounded by largest remainder add up, each within one of its exact value', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.nat(10_000), (weights, total) => {
      const sum = weights.reduce((all, weight) => all + weight, 0);
      if (sum === 0) return;
      const parts = weights.map((weight, i) => ({
        id: `p${i}`,
        numerator: BigInt(weight) * BigInt(total),
      }));
      const whole = wholeParts(parts, BigInt(sum));
      assert.is(
        [...whole.values()].reduce((all, part) => all + part, 0),
        total,
      );
      weights.forEach((weight, i) => {
        const apart = (whole.get(`p${i}`) ?? 0) - (weight * total) / sum;
        assert.ok(Math.abs(apart) < 1);
      });
    }),
  );
});

test('A-03 ratios beyond exact products are compared exactly', () => {
  const large = Number.MAX_SAFE_INTEGER;
  assert.ok(compareRatios(large, large - 1, large - 1, large - 2) < 0);
  assert.is(compareRatios(large, 3, large, 3), 0);
});

test.run();
