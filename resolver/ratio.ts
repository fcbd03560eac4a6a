/** An exact fraction, not below 0. With a denominator of 0 it is larger than every number. */
export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

export const NOTHING: Fraction = { num: 0n, den: 1n };

/** `a / b`, where nothing of nothing is 0, and something of nothing is without end. */
export function fractionOf(a: number | bigint, b: number | bigint): Fraction {
  const num = BigInt(a);
  return num <= 0n ? NOTHING : { num, den: BigInt(b) };
}

/** Below 0, 0, or above 0, exactly. */
export function compareFractions(a: Fraction, b: Fraction): number {
  return compareBigints(a.num * b.den, b.num * a.den);
}

/**
 * Compares `a / b` with `c / d` by cross-multiplication, exactly: below 0, 0, or above 0.
 * Whole numbers, denominators positive. Products that leave the range of exact integers are made
 * in BigInt, so no comparison is ever rounded.
 */
export function compareRatios(a: number, b: number, c: number, d: number): number {
  const left = a * d;
  const right = c * b;
  if (Number.isSafeInteger(left) && Number.isSafeInteger(right)) return left - right;
  return compareBigints(BigInt(a) * BigInt(d), BigInt(c) * BigInt(b));
}

export function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Order of ids by their characters' codes: the same on every machine. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
