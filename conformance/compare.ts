import { areNear, isRatio, type Ratio, readRatio, textOf } from './exact.ts';

/** One unit of the constant factor by which amounts are made whole numbers. */
const UNIT: Ratio = { num: 1n, den: 1_000_000n };

/**
 * Whether an observed value says the same as an expected one. Numbers, decimal texts and fractions
 * are compared exactly, give or take `tolerance`; of objects only the expected fields count; lists
 * are compared in order.
 */
export function saysTheSame(expected: unknown, observed: unknown, tolerance = UNIT): boolean {
  if (observed === Infinity) return isEndless(expected);
  const number = readRatio(expected);
  if (number !== undefined) {
    const other = readRatio(observed);
    return other === undefined ? expected === observed : areNear(number, other, tolerance);
  }
  if (Array.isArray(expected)) {
    return (
      Array.isArray(observed) &&
      observed.length === expected.length &&
      expected.every((one, i) => saysTheSame(one, observed[i], tolerance))
    );
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof observed !== 'object' || observed === null || Array.isArray(observed)) return false;
    return Object.entries(expected).every(([key, one]) =>
      saysTheSame(one, (observed as Readonly<Record<string, unknown>>)[key], tolerance),
    );
  }
  return expected === observed;
}

/** However a scenario writes that there is no end to a number; Go writes its largest integer. */
function isEndless(expected: unknown): boolean {
  if (expected === null) return true;
  return typeof expected === 'number'
    ? expected >= 2 ** 63
    : typeof expected === 'string' &&
        /^(\+?inf(inity|inite)?|9223372036854775807)$/i.test(expected);
}

/** As {@link saysTheSame}, of lists in any order. */
export function hasTheSame(expected: unknown, observed: unknown): boolean {
  if (!Array.isArray(expected) || !Array.isArray(observed)) return false;
  if (expected.length !== observed.length) return false;
  const left = [...observed];
  return expected.every((one) => {
    const at = left.findIndex((other) => saysTheSame(one, other));
    if (at !== -1) left.splice(at, 1);
    return at !== -1;
  });
}

/** A value as a report shows it: in full, on one line. */
export function shown(value: unknown): string {
  return JSON.stringify(value, (_, part) => (isRatio(part) ? textOf(part) : part)) ?? 'nothing';
}
