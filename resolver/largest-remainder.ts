import assert from 'node:assert/strict';

import { compareBigints, compareIds } from './ratio.ts';

/** An exact part, `numerator / denominator`, with one denominator for all parts of a division. */
export interface ExactPart {
  readonly id: string;
  readonly numerator: bigint;
}

/**
 * Turns exact parts into whole numbers that add up exactly: each is rounded down, and the units
 * that are left go one each to the largest remainders, ties by id (Hamilton's method). A part that
 * is whole already is never raised.
 */
export function wholeParts(
  parts: readonly ExactPart[],
  denominator: bigint,
): ReadonlyMap<string, number> {
  assert(denominator > 0n, 'the denominator of a division is positive');
  const whole = new Map<string, number>();
  const rests: { id: string; rest: bigint }[] = [];
  let leftOver = 0n;
  for (const { id, numerator } of parts) {
    const rest = numerator % denominator;
    whole.set(id, Number((numerator - rest) / denominator));
    leftOver += rest;
    if (rest > 0n) rests.push({ id, rest });
  }
  rests.sort((a, b) => compareBigints(b.rest, a.rest) || compareIds(a.id, b.id));
  // A remainder of the sum itself stays unused: no more may be given than there is.
  const units = Number(leftOver / denominator);
  for (const { id } of rests.slice(0, units)) whole.set(id, (whole.get(id) ?? 0) + 1);
  return whole;
}
