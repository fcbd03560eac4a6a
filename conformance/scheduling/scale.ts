import { type Ratio, readRatio } from '../exact.ts';
import type { ScenarioAmount } from './record.ts';

/** Every amount and quota of a scenario is multiplied by this; weights by a thousand. */
const AMOUNT_FACTOR = 1_000_000n;
const WEIGHT_FACTOR = 1_000n;
const MS_PER_SECOND = 1_000n;
const MS_PER_MINUTE = 60_000n;

/**
 * An amount of a scenario as a whole number of ours, by its decimal text; null for `unbounded`.
 * @throws Error for what is no number, or has more than six decimal places
 */
export function scaledAmount(amount: ScenarioAmount): number | null {
  return amount === 'unbounded' ? null : scaled(amount, AMOUNT_FACTOR);
}

/** A weight of a scenario in thousandths. */
export function scaledWeight(weight: ScenarioAmount): number {
  return scaled(weight, WEIGHT_FACTOR);
}

/** A time of a scenario, which counts seconds, in milliseconds. */
export function scaledTimeMs(time: ScenarioAmount): number {
  return scaled(time, MS_PER_SECOND);
}

/** A duration of a scenario in minutes, in milliseconds. */
export function scaledMinutesMs(minutes: ScenarioAmount): number {
  return scaled(minutes, MS_PER_MINUTE);
}

/** An amount of ours in the scenario's unit. */
export function unscaledAmount(amount: number): Ratio {
  return { num: BigInt(amount), den: AMOUNT_FACTOR };
}

/** A measure of ours that goes with amounts, in the scenario's unit. */
export function inUnits({ num, den }: Ratio): Ratio {
  return { num, den: den * AMOUNT_FACTOR };
}

/** A time of ours in the scenario's minutes. */
export function inMinutes(timeMs: number): Ratio {
  return { num: BigInt(timeMs), den: MS_PER_MINUTE };
}

function scaled(value: ScenarioAmount, factor: bigint): number {
  const ratio = readRatio(value);
  if (ratio === undefined) throw new Error(`${value} is no number`);
  const { num, den } = { num: ratio.num * factor, den: ratio.den };
  if (num % den !== 0n) throw new Error(`${value} times ${factor} is no whole number`);
  return Number(num / den);
}
