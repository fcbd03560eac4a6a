import assert from 'node:assert/strict';

import { type ExactPart, wholeParts } from './largest-remainder.ts';
import { compareRatios } from './ratio.ts';
import { assertClaims, exactSum, type FlooredClaim, type Shares, usableOf } from './share-claim.ts';

/**
 * Weighted max-min fairness with guarantees and ceilings: one level rises for all, each claim has
 * its weight times the level, but no less than its floor and no more than it can use. Nobody can
 * have more without somebody of a lower level having less, and nothing is left over while somebody
 * wants it. Floors that cannot all be met are met by max-min among themselves.
 *
 * The level is found exactly, by one sweep over the sorted points at which a claim starts or stops
 * to grow (the textbook's rounds, and doorman's, reach it only in the limit): O(n log n).
 * Whole numbers by largest remainder, ties by id.
 */
export function shareMaxMin(capacity: number, claims: readonly FlooredClaim[]): Shares {
  assertClaims(capacity, claims);
  const spans = claims.map((claim): Span => {
    const top = usableOf(claim, capacity);
    const floor = Math.min(claim.floor ?? 0, top);
    return { id: claim.id, weight: claim.weightMilli ?? 1000, floor, top };
  });
  if (exactSum(spans.map(({ floor }) => floor)) > BigInt(capacity)) {
    return shareSpans(
      capacity,
      spans.map((span) => ({ ...span, floor: 0, top: span.floor })),
    );
  }
  return shareSpans(capacity, spans);
}

/** A claim as the sweep sees it: it has `floor` below a level of floor / weight, then grows. */
export interface Span {
  readonly id: string;
  /** In any unit, one for all; 0 = after all others. */
  readonly weight: number;
  readonly floor: number;
  readonly top: number;
}

/** Shares by spans whose floors can all be met: first the weighted, then those of weight 0. */
export function shareSpans(capacity: number, spans: readonly Span[]): Shares {
  const weighted = spans.filter(({ weight }) => weight > 0);
  const weightless = spans.filter(({ weight }) => weight === 0);
  const setAside = Number(exactSum(weightless.map(({ floor }) => floor)));
  const first = raiseLevel(capacity - setAside, weighted);
  const left = capacity - Number(exactSum(first.values()));
  const last = raiseLevel(
    left,
    weightless.map((span) => ({ ...span, weight: 1 })),
  );
  return new Map([...first, ...last]);
}

function raiseLevel(capacity: number, spans: readonly Span[]): Shares {
  if (exactSum(spans.map(({ top }) => top)) <= BigInt(capacity)) {
    return new Map(spans.map(({ id, top }) => [id, top]));
  }
  const level = levelOf(BigInt(capacity), spans);
  const shares = new Map<string, number>();
  const growing: ExactPart[] = [];
  for (const { id, weight, floor, top } of spans) {
    const numerator = BigInt(weight) * level.numerator;
    if (numerator <= BigInt(floor) * level.denominator) shares.set(id, floor);
    else if (numerator >= BigInt(top) * level.denominator) shares.set(id, top);
    else growing.push({ id, numerator });
  }
  for (const [id, share] of wholeParts(growing, level.denominator)) shares.set(id, share);
  return shares;
}

/** The level at which the spans take exactly `capacity`, as a fraction. */
function levelOf(
  capacity: bigint,
  spans: readonly Span[],
): { readonly numerator: bigint; readonly denominator: bigint } {
  let fixed = exactSum(spans.map(({ floor }) => floor));
  let growing = 0n;
  for (const { amount, weight, starts } of turningPoints(spans)) {
    const [at, per] = [BigInt(amount), BigInt(weight)];
    if (fixed * per + at * growing >= capacity * per) {
      // Where nobody grows, the level between two points says nothing: either end will do.
      if (growing === 0n) return { numerator: at, denominator: per };
      return { numerator: capacity - fixed, denominator: growing };
    }
    fixed += starts ? -at : at;
    growing += starts ? per : -per;
  }
  assert.fail('spans that could take more than there is meet at some level');
}

/** At the level amount / weight a claim starts or stops to grow. */
interface TurningPoint {
  readonly amount: number;
  readonly weight: number;
  readonly starts: boolean;
}

function turningPoints(spans: readonly Span[]): readonly TurningPoint[] {
  const points: TurningPoint[] = [];
  for (const { floor, top, weight } of spans) {
    if (floor === top) continue;
    points.push({ amount: floor, weight, starts: true }, { amount: top, weight, starts: false });
  }
  return points.sort((a, b) => compareRatios(a.amount, a.weight, b.amount, b.weight));
}
