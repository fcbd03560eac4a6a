import assert from 'node:assert/strict';

import type { QuotaTree } from './quota-tree.ts';
import type { Amounts } from './types.ts';

/** One part of a bundle: so many equal pieces, all of them or a smaller number. */
export interface BundlePart {
  readonly id: string;
  readonly count: number;
  /** The fewest pieces that are of use; default `count`, all or nothing. */
  readonly minCount?: number;
  /** What one piece takes. */
  readonly each: Amounts;
}

/** How many pieces of each part, by its id. */
export type PartCounts = ReadonlyMap<string, number>;

/** What a bundle gets: all parts or none, some of them smaller. */
export interface BundleDecision {
  readonly decision: 'grant' | 'partial' | 'queue';
  readonly counts: PartCounts;
}

/**
 * Admits a bundle as a whole (a gang): in full where that fits, else with the largest counts that
 * fit where partial grants are allowed, else not at all.
 */
export function admitBundle(
  tree: QuotaTree,
  node: string,
  parts: readonly BundlePart[],
  allowsPartial: boolean,
): BundleDecision {
  const counts = largestCounts(parts, (amounts) => tree.fits(node, amounts));
  const isFull = parts.every(({ id, count }) => counts?.get(id) === count);
  if (counts === undefined || !(isFull || allowsPartial)) {
    return { decision: 'queue', counts: new Map(parts.map(({ id }) => [id, 0])) };
  }
  return { decision: isFull ? 'grant' : 'partial', counts };
}

/**
 * The largest counts between minimum and asked with which a bundle fits: all parts give way by one
 * common fraction of what they could do without (Kueue's partial admission). Bisection over the
 * fraction, O(parts × log pieces).
 * @param fits must not turn false by asking for less
 * @returns undefined where not even the minima fit
 */
export function largestCounts(
  parts: readonly BundlePart[],
  fits: (amounts: Amounts) => boolean,
): PartCounts | undefined {
  const spare = parts.reduce((sum, part) => sum + part.count - minimumOf(part), 0);
  assert(Number.isSafeInteger(spare), 'the pieces of a bundle can be counted');
  const countsWithout = (given: number): PartCounts =>
    new Map(
      parts.map((part) => {
        const share = (BigInt(part.count - minimumOf(part)) * BigInt(given)) / BigInt(spare || 1);
        return [part.id, part.count - Number(share)];
      }),
    );
  const isEnough = (given: number) => fits(amountsOf(parts, countsWithout(given)));
  if (!isEnough(spare)) return undefined;
  let [tooLittle, enough] = [-1, spare];
  while (enough - tooLittle > 1) {
    const middle = tooLittle + Math.floor((enough - tooLittle) / 2);
    if (isEnough(middle)) enough = middle;
    else tooLittle = middle;
  }
  return countsWithout(enough);
}

/** What a bundle takes with these counts. */
export function amountsOf(parts: readonly BundlePart[], counts: PartCounts): Amounts {
  const amounts: Record<string, number> = {};
  for (const { id, each } of parts) {
    for (const [resource, amount] of Object.entries(each)) {
      amounts[resource] = (amounts[resource] ?? 0) + amount * (counts.get(id) ?? 0);
    }
  }
  return amounts;
}

function minimumOf({ count, minCount = count }: BundlePart): number {
  return Math.min(minCount, count);
}
