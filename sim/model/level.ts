/** One who takes part in a division: grows by weight from its floor up to its top. */
export interface Grower {
  readonly id: string;
  readonly weight: bigint;
  readonly floor: bigint;
  readonly top: bigint;
}

/** An exact amount. */
export interface Exact {
  readonly num: bigint;
  readonly den: bigint;
}

/**
 * What each has when all grow by their weight to use up an amount, none below its floor or above
 * its top. In rounds, as a page is laid out with flexible boxes: divide what is left by weight, fix
 * those that would break a bound on the side where more is broken, and divide again. The floors
 * must fit; weight 0 has its floor.
 */
export function levelled(amount: bigint, growers: readonly Grower[]): Map<string, Exact> {
  const fixed = new Map<string, bigint>();
  const rest = new Set(growers.filter(({ weight }) => weight > 0n));
  for (const { id, weight, floor } of growers) if (weight === 0n) fixed.set(id, floor);
  for (;;) {
    let left = amount;
    let weights = 0n;
    for (const share of fixed.values()) left -= share;
    for (const { weight } of rest) weights += weight;
    // In units of 1 / weights: by how much the bounds are broken in all.
    let broken = 0n;
    for (const { weight, floor, top } of rest) {
      broken += clamp(left * weight, floor * weights, top * weights) - left * weight;
    }
    const out = [...rest].filter(({ weight, floor, top }) => {
      const isLow = left * weight < floor * weights;
      const isHigh = left * weight > top * weights;
      return (isLow && broken >= 0n) || (isHigh && broken <= 0n);
    });
    if (out.length === 0) {
      const all = [...rest].map(({ id, weight }): [string, Exact] => [
        id,
        { num: left * weight, den: weights },
      ]);
      return new Map([
        ...all,
        ...[...fixed].map(([id, num]): [string, Exact] => [id, { num, den: 1n }]),
      ]);
    }
    for (const one of out) {
      fixed.set(one.id, left * one.weight < one.floor * weights ? one.floor : one.top);
      rest.delete(one);
    }
  }
}

/** Whether a whole number is an exact amount, rounded either way. */
export function isRounded(whole: bigint, { num, den }: Exact): boolean {
  const below = num / den;
  return whole === below || (whole === below + 1n && num % den !== 0n);
}

function clamp(value: bigint, least: bigint, most: bigint): bigint {
  return value < least ? least : value > most ? most : value;
}
