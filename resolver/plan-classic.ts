import { type Candidate, classicCandidates, isStillAbove } from './classic-candidates.ts';
import { putBack, shrinkLast } from './put-back.ts';
import type { QuotaTree } from './quota-tree.ts';
import type {
  LiveAllocation,
  PendingRequest,
  PreemptionPlan,
  PreemptionReason,
  PreemptionRight,
} from './types.ts';

/**
 * Whom to evict so that a request fits: by priority within its node, by reclaim of what is its own
 * from branches above their quota, and, where the node's policy says so, from lower priorities
 * even while it borrows. The rules are those of Kueue's classical preemption; the order and its
 * sources are in classic-candidates.ts. Candidates are taken from the cheapest until the request
 * fits; those without whom it still fits are put back from the dearest, so that no victim can be
 * spared; a divisible one shrinks where that is enough.
 *
 * @returns undefined where no legal set of victims is enough. No victims: it fits as it is.
 */
export function planClassic(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
): PreemptionPlan | undefined {
  if (tree.fits(request.node, request.amounts)) return { victims: [] };
  const contested = contestedBy(tree, request);
  const candidates = classicCandidates(tree, request, live, contested);
  for (const mayBorrow of attempts(tree, request, candidates, contested)) {
    const victims = attempt(tree, request, candidates, contested, mayBorrow);
    if (victims) return { victims };
  }
  return undefined;
}

/** The resources of a request of which there is not enough, or those that it names itself. */
export function contestedBy(tree: QuotaTree, request: PendingRequest): readonly string[] {
  return (
    request.contested ??
    Object.entries(request.amounts)
      .filter(([resource, amount]) => amount > tree.available(request.node, resource))
      .map(([resource]) => resource)
  );
}

/** The right that stands behind a reason. */
export function rightOf(reason: PreemptionReason): PreemptionRight {
  switch (reason) {
    case 'within-node-priority':
    case 'priority-while-borrowing':
      return 'priority';
    case 'reclaim-nominal':
      return 'reclaim';
    case 'fair-share':
      return 'fair';
  }
}

/**
 * Whether to try with the node borrowing afterwards, without, or both, in which order. Without it
 * more may be taken from others; a node that is above its quota already takes nothing from them
 * that way.
 */
function attempts(
  tree: QuotaTree,
  { node }: PendingRequest,
  candidates: readonly Candidate[],
  contested: readonly string[],
): readonly boolean[] {
  const isForbidden = tree.preemptionOf(node).whileBorrowing.policy === 'never';
  const hasRoom = contested.every((resource) => {
    const { committed, guarantee } = tree.account(node, resource);
    return committed < guarantee;
  });
  const isAlone = candidates.every(({ rank }) => rank === 2);
  if (isAlone || (isForbidden && !hasRoom)) return [true];
  const hasAdvantage = candidates.some(({ rank }) => rank === 0);
  return isForbidden && !hasAdvantage ? [false, true] : [true, false];
}

function attempt(
  tree: QuotaTree,
  request: PendingRequest,
  candidates: readonly Candidate[],
  contested: readonly string[],
  mayBorrow: boolean,
): PreemptionPlan['victims'] | undefined {
  const fits = () => fitsThen(tree, request, mayBorrow);
  const picked: Candidate[] = [];
  for (const candidate of candidates) {
    if (mayBorrow && !candidate.mayBorrow) continue;
    if (!isStillAbove(tree, candidate, contested)) continue;
    tree.use(candidate.holder.node, candidate.holder.amounts, -1);
    picked.push(candidate);
    if (fits()) break;
  }
  const isEnough = picked.length > 0 && fits();
  const kept = isEnough ? putBack(tree, picked, fits) : picked;
  const shrunk = isEnough ? shrinkLast(tree, kept, contested, fits) : undefined;
  for (const { holder } of kept) tree.use(holder.node, holder.amounts, 1);
  if (!isEnough) return undefined;
  return kept.map(({ holder: { id }, reason }) => ({
    id,
    right: rightOf(reason),
    reason,
    ...(shrunk?.id === id && { take: shrunk.take }),
  }));
}

function fitsThen(tree: QuotaTree, { node, amounts }: PendingRequest, mayBorrow: boolean): boolean {
  if (!tree.fits(node, amounts)) return false;
  return (
    mayBorrow ||
    Object.entries(amounts).every(
      ([resource, amount]) => amount <= 0 || !tree.isBorrowing(node, resource, amount),
    )
  );
}
