/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * Seeded numbers, the same on every machine: sfc32 of Chris Doty-Humphrey (PractRand), state
 * from the seed alone. Not for secrets.
 */
export function seededRandom(seed: number): Random {
  const state = Uint32Array.of(0, 0, seed, 1);
  const next = (): number => {
    const [a = 0, b = 0, c = 0, counter = 0] = state;
    const sum = (a + b + counter) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    state[3] = counter + 1;
    return sum / 2 ** 32;
  };
  // The first outputs of neighbouring seeds are alike.
  for (let round = 0; round < 15; round += 1) next();
  return next;
}

/** Known points of a distribution: [share of values at or below, value], ascending. */
export type Quantiles = readonly (readonly [share: number, value: number])[];

/**
 * A value drawn from the distribution: between two points geometrically (linearly from a 0),
 * which keeps long tails long and not fat; beyond the outermost points, those points.
 */
export function drawFrom(quantiles: Quantiles, random: Random): number {
  const share = random();
  let [below] = quantiles;
  if (below === undefined) throw new Error('a distribution needs a point');
  for (const above of quantiles) {
    if (above[0] > share) return between(below, above, share);
    below = above;
  }
  return below[1];
}

function between(
  [lowShare, low]: readonly [number, number],
  [highShare, high]: readonly [number, number],
  share: number,
): number {
  if (highShare === lowShare) return high;
  const part = (share - lowShare) / (highShare - lowShare);
  return low <= 0
    ? low + (high - low) * part
    : Math.exp(Math.log(low) * (1 - part) + Math.log(high) * part);
}

/** Values with the weight of each. */
export type Weighted<Value> = readonly (readonly [weight: number, value: Value])[];

/** One of the values, with chances in proportion to their weights. */
export function pickFrom<Value>(weighted: Weighted<Value>, random: Random): Value {
  let left = random() * weighted.reduce((sum, [weight]) => sum + weight, 0);
  const last = weighted[weighted.length - 1];
  if (last === undefined) throw new Error('nothing to pick from');
  for (const [weight, value] of weighted) {
    left -= weight;
    if (left < 0) return value;
  }
  return last[1];
}
