import { compareFractions, compareIds, type Fraction, fractionOf, NOTHING } from './ratio.ts';
import type { Amounts } from './types.ts';

/** One who shares several resources with others. */
export interface Sharer {
  readonly id: string;
  /** Thousandths; default 1000. */
  readonly weightMilli?: number;
  readonly use: Amounts;
  /** What it should have at least; whoever is below it in its dominant resource is needy. */
  readonly guarantee?: Amounts;
}

/**
 * The dominant share: the largest part that one uses of any resource, over its weight (Ghodsi et
 * al., Dominant Resource Fairness, NSDI 2011).
 * @param total what there is of each resource; what is not named there decides nothing
 */
export function dominantUse(sharer: Sharer, total: Amounts): Fraction {
  return sharesOf(sharer, total)[0]?.share ?? NOTHING;
}

/**
 * Who is served first: the needy before the others, the needy by the part of their guarantee that
 * they have, the others by dominant share; where that is equal the next-largest share decides (the
 * order of YARN's DominantResourceFairnessPolicy), then the id.
 */
export function orderByDominantUse(sharers: readonly Sharer[], total: Amounts): string[] {
  const ranked = sharers.map((sharer) => {
    const shares = sharesOf(sharer, total);
    return { id: sharer.id, shares, guaranteed: neediness(sharer, shares) };
  });
  ranked.sort(
    (a, b) =>
      Number(b.guaranteed.length > 0) - Number(a.guaranteed.length > 0) ||
      compareLists(a.guaranteed, b.guaranteed) ||
      compareLists(
        a.shares.map(({ share }) => share),
        b.shares.map(({ share }) => share),
      ) ||
      compareIds(a.id, b.id),
  );
  return ranked.map(({ id }) => id);
}

interface ResourceShare {
  readonly resource: string;
  readonly share: Fraction;
}

/** Largest first. */
function sharesOf({ use, weightMilli = 1000 }: Sharer, total: Amounts): readonly ResourceShare[] {
  return Object.entries(total)
    .map(([resource, amount]) => ({
      resource,
      share: fractionOf(BigInt(use[resource] ?? 0) * 1000n, BigInt(amount) * BigInt(weightMilli)),
    }))
    .sort((a, b) => compareFractions(b.share, a.share) || compareIds(a.resource, b.resource));
}

/** Parts of its guarantees that a needy one has, its dominant resource first; else nothing. */
function neediness(
  { use, guarantee = {} }: Sharer,
  shares: readonly ResourceShare[],
): readonly Fraction[] {
  const dominant = shares[0]?.resource ?? '';
  if ((use[dominant] ?? 0) >= (guarantee[dominant] ?? 0)) return [];
  return shares.map(({ resource }) => {
    const floor = guarantee[resource] ?? 0;
    return floor === 0 ? { num: 1n, den: 0n } : fractionOf(use[resource] ?? 0, floor);
  });
}

function compareLists(a: readonly Fraction[], b: readonly Fraction[]): number {
  for (const [place, fraction] of a.entries()) {
    const order = compareFractions(fraction, b[place] ?? NOTHING);
    if (order !== 0) return order;
  }
  return 0;
}
