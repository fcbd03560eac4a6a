import { compareFractions, type Fraction, NOTHING } from './ratio.ts';
import type { Amounts } from './types.ts';

/**
 * How full a node's guarantees are: the largest of use / guarantee over its resources, after
 * YuniKorn (getFairShare). A resource without a guarantee is measured by `fair`, such as what the
 * whole tree has of it, and plays no part without either. Use of something of which nothing is
 * guaranteed counts as full; use below 0, which a correction can leave behind, as none.
 *
 * @param uses amounts that are added up
 */
export function guaranteeRatio(
  uses: readonly Amounts[],
  guarantees: Amounts,
  fair: Amounts = {},
): Fraction {
  let largest: Fraction = NOTHING;
  for (const resource of new Set(uses.flatMap((use) => Object.keys(use)))) {
    const used = uses.reduce((sum, use) => sum + BigInt(use[resource] ?? 0), 0n);
    const whole = guarantees[resource] ?? fair[resource];
    if (whole === undefined || used <= 0n) continue;
    const ratio = whole <= 0 ? FULL : { num: used, den: BigInt(whole) };
    if (compareFractions(ratio, largest) > 0) largest = ratio;
  }
  return largest;
}

const FULL: Fraction = { num: 1n, den: 1n };
