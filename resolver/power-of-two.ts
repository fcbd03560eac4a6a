import assert from 'node:assert/strict';

/** Bits after the point of every fixed-point number here. */
const POINT_BITS = 96n;
export const ONE = 1n << POINT_BITS;

/** Where 2^(−x) is less than the last bit, it is 0. */
const EXPONENT_MAX = POINT_BITS;

/**
 * 2^(−num / den) as a fixed-point number with {@link ONE} for 1, the same on every machine: no
 * float takes part. The whole part of the exponent is a shift; of the rest every binary digit k
 * multiplies by 2^(−2^−k), and these factors are repeated square roots of one half. Off by less
 * than 2^−88.
 */
export function powerOfHalf(num: bigint, den: bigint): bigint {
  assert(num >= 0n && den > 0n, 'the exponent is a fraction, not below 0');
  const whole = num / den;
  if (whole >= EXPONENT_MAX) return 0n;
  let rest = ((num % den) << POINT_BITS) / den;
  let power = ONE;
  for (const root of ROOTS_OF_HALF) {
    rest <<= 1n;
    if (rest < ONE) continue;
    rest -= ONE;
    power = (power * root) >> POINT_BITS;
  }
  return power >> whole;
}

/** 2^(−1/2), 2^(−1/4), 2^(−1/8), … as long as they differ from 1. */
const ROOTS_OF_HALF: readonly bigint[] = rootsOfHalf();

function rootsOfHalf(): bigint[] {
  const roots: bigint[] = [];
  for (let root = squareRoot(ONE >> 1n); roots.length < POINT_BITS; root = squareRoot(root)) {
    roots.push(root);
  }
  return roots;
}

/** Of a fixed-point number, rounded down. */
function squareRoot(value: bigint): bigint {
  return wholeSquareRoot(value << POINT_BITS);
}

/** The largest whole number whose square is no more. Newton's method, from above. */
export function wholeSquareRoot(value: bigint): bigint {
  if (value === 0n) return 0n;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
