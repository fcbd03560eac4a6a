import { Big } from 'big.js';
import { AmountError } from './errors.ts';
import { WORKLOAD_LIMITS } from './limits.ts';

/** Microcredits in one credit; 1 credit = 1 USD. */
export const MICRO_PER_USD = 1_000_000;

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * Microcredits of a decimal amount in USD, rounded up: `0.01696` → 16960, `0.0000001` → 1.
 *
 * The decimal text is taken as written, so no binary fraction takes part. Throws AmountError:
 * `not_a_decimal`, `negative_amount`, `amount_out_of_range`.
 */
export function microFromUsdText(text: string): number {
  if (text.length > WORKLOAD_LIMITS.amountCharsMax || !DECIMAL.test(text)) {
    throw new AmountError('not_a_decimal', `"${shown(text)}" is not a decimal amount such as 1.25`);
  }
  const usd = new Big(text);
  if (usd.lt(0)) throw new AmountError('negative_amount', `${text} USD is below zero`);
  return microUp(usd.times(MICRO_PER_USD));
}

/**
 * Microcredits of an amount in USD that came as a JSON number, rounded up.
 *
 * `String` gives the shortest decimal text that reads back as the same double. A decimal of at
 * most 15 significant digits survives text → double → text unchanged (IEEE 754, DBL_DIG), so for
 * such amounts this is the text of the file: up to 999,999,999 USD to the microcredit. Longer
 * texts are sums with floating-point noise; they are rounded up as they stand.
 */
export function microFromUsd(usd: number): number {
  return microFromUsdText(String(usd));
}

/** Rounds a number of microcredits up to a whole one. Throws AmountError `amount_out_of_range`. */
export function microUp(micro: Big): number {
  if (micro.gt(Number.MAX_SAFE_INTEGER)) {
    throw new AmountError(
      'amount_out_of_range',
      `${micro.toExponential(3)} microcredits is above ${Number.MAX_SAFE_INTEGER}`,
    );
  }
  return micro.round(0, Big.roundUp).toNumber();
}

/** Sum of two amounts of any unit. Throws AmountError `amount_out_of_range`. */
export function addAmount(left: number, right: number): number {
  const sum = left + right;
  if (!Number.isSafeInteger(sum)) {
    throw new AmountError(
      'amount_out_of_range',
      `${left} + ${right} is above ${Number.MAX_SAFE_INTEGER}`,
    );
  }
  return sum;
}

/**
 * Microcredits as USD for people: two decimals from 1 USD on, four below, six below 1/100, so that
 * a single cheap call is not shown as nothing.
 */
export function usdText(micro: number): string {
  const size = Math.abs(micro);
  const decimals = size === 0 || size >= MICRO_PER_USD ? 2 : size >= 10_000 ? 4 : 6;
  const [whole = '0', fraction = ''] = new Big(size)
    .div(MICRO_PER_USD)
    .toFixed(decimals)
    .split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${micro < 0 ? '-' : ''}$${grouped}.${fraction}`;
}

function shown(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
