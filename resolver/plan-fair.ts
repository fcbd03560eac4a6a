import { contestedOf } from './contested.ts';
import { fairCandidates } from './fair-candidates.ts';
import { FairSearch, type FairStrategy } from './fair-search.ts';
import type { QuotaTree } from './quota-tree.ts';
import { tried } from './trial.ts';
import type { LiveAllocation, PendingRequest, PreemptionPlan } from './types.ts';

export interface FairPolicy {
  /** Tried in this order; the second serves only what the first has left over. */
  readonly strategies: readonly FairStrategy[];
  /**
   * Whether nothing is taken from below a guarantee, of whatever tier (semantics §7). Kueue looks at
   * the holder's own node, and leaves a cohort alone only where it borrows nothing at all.
   */
  readonly keepsGuarantees?: boolean;
}

export const FAIR_POLICY: FairPolicy = { strategies: ['lteFinal', 'ltInitial'] };

/**
 * Whom to evict for a request by fair sharing: victims come from the branch with the largest
 * weighted dominant share, as long as the requester's does not become the larger one by it. What a
 * request claims inside its node's own quota it takes back from whoever borrows it, whatever the
 * shares; in its own node priority decides.
 *
 * Changes nothing. After each pick the shares are read anew; when the request fits, victims that
 * turn out not to be needed are put back, last pick first, unless what remains would not have been
 * legal without them; a divisible one shrinks where that is enough.
 *
 * After Kueue's fair sharing (KEP 1714, rules S2-a and S2-b).
 *
 * @returns undefined where the request fits as it is, or nothing legal is enough
 */
export function planFair(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  policy: FairPolicy = FAIR_POLICY,
): PreemptionPlan | undefined {
  if (tree.fits(request.node, request.amounts)) return undefined;
  const contested = contestedOf(tree, request);
  const candidates = fairCandidates(tree, request, live, contested);
  if (candidates.length === 0) return undefined;
  return tried(tree, (trial) => {
    trial.add(request);
    const { strategies, keepsGuarantees = false } = policy;
    const search = new FairSearch(trial, request, contested, keepsGuarantees);
    if (!search.run(candidates, strategies)) return undefined;
    return { victims: search.victims() };
  });
}
