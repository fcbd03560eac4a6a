import { wholeParts } from './largest-remainder.ts';
import { assertClaims, exactSum, type ShareClaim, type Shares, usableOf } from './share-claim.ts';

/**
 * The top-up variant of proportional sharing (doorman's `PROPORTIONAL_SHARE`, doc/algorithms.md):
 * everybody gets what it asks for up to an equal share (by weight), and what the small asks leave
 * is divided by excess need. Whoever inflates its ask gains by it; under max-min it would not.
 * Claims without a bound share the rest by weight: their excess is beyond every other.
 * Whole numbers by largest remainder, ties by id.
 */
export function shareTopUp(capacity: number, claims: readonly ShareClaim[]): Shares {
  assertClaims(capacity, claims);
  const weighted = claims.filter(({ weightMilli }) => weightMilli !== 0);
  const first = topUp(capacity, weighted);
  const left = capacity - Number(exactSum(first.values()));
  const weightless = claims.filter(({ weightMilli }) => weightMilli === 0);
  const last = topUp(
    left,
    weightless.map((claim) => ({ ...claim, weightMilli: 1 })),
  );
  return new Map([...first, ...last]);
}

/** In units of 1 / Σ weights, so that equal shares are whole. */
interface Need {
  readonly id: string;
  readonly weight: bigint;
  /** The part of the ask within the equal share. */
  readonly base: bigint;
  /** The part above it; null = without bound. */
  readonly excess: bigint | null;
}

function topUp(capacity: number, claims: readonly ShareClaim[]): Shares {
  if (exactSum(claims.map((claim) => usableOf(claim, capacity))) <= BigInt(capacity)) {
    return new Map(claims.map((claim) => [claim.id, usableOf(claim, capacity)]));
  }
  // An idle claim makes nobody's equal share smaller.
  const weights = exactSum(
    claims.map((claim) => (usableOf(claim, capacity) === 0 ? 0 : (claim.weightMilli ?? 1000))),
  );
  const needs = claims.map((claim) => needOf(claim, BigInt(capacity), weights));
  const isEndless = needs.some(({ excess }) => excess === null);
  // What the rest is divided by: excess need, or the weights of those whose need has no end.
  const pullOf = ({ excess, weight }: Need): bigint =>
    isEndless ? (excess === null ? weight : 0n) : (excess ?? 0n);
  let [extra, pulls] = [BigInt(capacity) * weights, 0n];
  for (const need of needs) {
    extra -= need.base;
    pulls += pullOf(need);
  }
  const parts = needs.map((need) => ({
    id: need.id,
    numerator: need.base * pulls + extra * pullOf(need),
  }));
  return wholeParts(parts, weights * pulls);
}

function needOf(claim: ShareClaim, capacity: bigint, weights: bigint): Need {
  const weight = BigInt(claim.weightMilli ?? 1000);
  const equal = capacity * weight;
  const bound = Math.min(claim.demand ?? Infinity, claim.cap ?? Infinity);
  const asked = bound === Infinity ? null : BigInt(bound) * weights;
  const base = asked !== null && asked < equal ? asked : equal;
  return { id: claim.id, weight, base, excess: asked === null ? null : asked - base };
}
