import { assertClaims, exactSum, type FlooredClaim, type Shares, usableOf } from './share-claim.ts';
import { type Span, shareMaxMin, shareSpans } from './share-max-min.ts';

/** What a claim's part is in proportion to: what it asks for, or the weight it was configured. */
export type ProportionalTo = 'need' | 'weight';

/**
 * Divides in proportion, no claim above what it asks for: by need all get one common fraction of
 * their asks, by weight what a small ask leaves goes to the others. A floor lifts whoever would
 * fall below it, at the cost of the others' fraction. Whole numbers by largest remainder.
 */
export function shareProportional(
  capacity: number,
  claims: readonly FlooredClaim[],
  by: ProportionalTo,
): Shares {
  if (by === 'weight') return shareMaxMin(capacity, claims);
  assertClaims(capacity, claims);
  const spans = claims.map((claim): Span => {
    const top = usableOf(claim, capacity);
    // Need is the weight: a level of 1 serves everybody in full.
    const weight = Math.min(claim.demand ?? capacity, claim.cap ?? Infinity);
    return { id: claim.id, weight, floor: Math.min(claim.floor ?? 0, top), top };
  });
  if (exactSum(spans.map(({ floor }) => floor)) <= BigInt(capacity)) {
    return shareSpans(capacity, spans);
  }
  return shareSpans(
    capacity,
    spans.map(({ id, floor }) => ({ id, weight: floor, floor: 0, top: floor })),
  );
}

/**
 * Of claims in the order of their rank those whose floors can be met together: a claim whose floor
 * does not fit beside the floors of those before it leaves, and holds up nobody behind it.
 */
export function thoseWhoFit<Claim extends FlooredClaim>(
  capacity: number,
  byRank: readonly Claim[],
): readonly Claim[] {
  let left = capacity;
  const kept: Claim[] = [];
  for (const claim of byRank) {
    const floor = claim.floor ?? 0;
    if (floor > left) continue;
    left -= floor;
    kept.push(claim);
  }
  return kept;
}
