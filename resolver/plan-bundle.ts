import {
  admitBundle,
  amountsOf,
  type BundleDecision,
  type BundlePart,
  largestCounts,
  type PartCounts,
} from './partial-bundle.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { Planner } from './reversals.ts';
import type { LiveAllocation, PendingRequest, Victim } from './types.ts';

/** What a bundle gets, and who leaves for it. */
export interface BundlePlan {
  readonly decision: 'grant' | 'partial' | 'preempt-then-grant' | 'queue';
  readonly counts: PartCounts;
  readonly victims: readonly Victim[];
  /** What it could have at once, with nobody evicted: the choice that disturbs no one. */
  readonly undisturbed: BundleDecision;
}

/**
 * Admits a bundle as a whole, with evictions where they are needed: in full if it can be had, else
 * with the largest counts that fit or can be made to fit. After Kueue's partial admission, which
 * shrinks and evicts together.
 *
 * @param request whose amounts are those of the full bundle; changes nothing
 */
export function planBundle(
  tree: QuotaTree,
  request: PendingRequest,
  parts: readonly BundlePart[],
  live: readonly LiveAllocation[],
  planner: Planner,
  allowsPartial: boolean,
): BundlePlan {
  const undisturbed = admitBundle(tree, request.node, parts, allowsPartial);
  if (undisturbed.decision === 'grant') return { ...undisturbed, victims: [], undisturbed };
  const planFor = (amounts: PendingRequest['amounts']) =>
    planner(tree, { ...request, amounts }, live);
  const counts = largestCounts(
    parts.map((part) => (allowsPartial ? part : { ...part, minCount: part.count })),
    (amounts) => tree.fits(request.node, amounts) || planFor(amounts) !== undefined,
  );
  const plan = counts && planFor(amountsOf(parts, counts));
  if (counts === undefined || plan === undefined) {
    return { ...undisturbed, victims: [], undisturbed };
  }
  return { decision: 'preempt-then-grant', counts, victims: plan.victims, undisturbed };
}
