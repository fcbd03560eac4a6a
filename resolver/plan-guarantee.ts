import { contestedOf, holdsAny } from './contested.ts';
import { branchOf, keepsGuarantees } from './guarantees-kept.ts';
import { priorityOf } from './may-preempt.ts';
import { putBack } from './put-back.ts';
import type { QuotaTree } from './quota-tree.ts';
import { compareIds } from './ratio.ts';
import { type Trial, tried } from './trial.ts';
import type { LiveAllocation, PendingRequest, PreemptionPlan } from './types.ts';
import { compareLeaving } from './victim-order.ts';

/** Whom a request below its guarantee may take from. */
export interface GuaranteePolicy {
  /** `lowerOrEqual`: only from holders whose priority is not higher. */
  readonly victims: 'any' | 'lowerOrEqual';
}

/**
 * Whom to evict so that a node gets what is guaranteed to it: holders of other branches that are
 * above their guarantees, newest first, and never so much that a node on the way falls below its
 * own in a contested resource. The grant itself must stay within a guarantee, and within each one
 * above it. After YuniKorn's queue preemption (pkg/scheduler/objects/preemption.go).
 *
 * The tree is one of the governor's accounts: a guarantee that nobody uses may be used by others.
 * Changes nothing.
 *
 * @returns undefined where the request fits as it is, has no guarantee, or nothing legal is enough
 */
export function planGuarantee(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  policy: GuaranteePolicy = { victims: 'any' },
): PreemptionPlan | undefined {
  const { node, amounts } = request;
  if (tree.fits(node, amounts)) return undefined;
  const contested = contestedOf(tree, request);
  if (!contested.every((resource) => isGuaranteed(tree, request, resource))) return undefined;
  const picked = tried(tree, (trial) => {
    const candidates = candidatesOf(tree, request, live, contested, policy);
    return pick(trial, candidates, contested, () => tree.fits(node, amounts));
  });
  return (
    picked && {
      victims: picked.map(({ holder: { id } }) => ({
        id,
        right: 'reclaim',
        reason: 'reclaim-nominal',
      })),
    }
  );
}

interface GuaranteeCandidate {
  readonly holder: LiveAllocation;
  /** Nodes from the holder's own up to where its branch meets the request's. */
  readonly branch: readonly string[];
}

/** Whether a guarantee covers the grant, and none above it is overdrawn by it. */
function isGuaranteed(
  tree: QuotaTree,
  { node, amounts }: PendingRequest,
  resource: string,
): boolean {
  const guaranteed = tree
    .pathOf(node)
    .filter((each) => tree.parentOf(each) !== null)
    .filter((each) => tree.account(each, resource).guarantee > 0);
  return (
    guaranteed.length > 0 &&
    guaranteed.every((each) => !tree.isBorrowing(each, resource, amounts[resource] ?? 0))
  );
}

function candidatesOf(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  contested: readonly string[],
  { victims }: GuaranteePolicy,
): GuaranteeCandidate[] {
  return live
    .filter((holder) => holder.preemptible !== false && holdsAny(holder, contested))
    .filter((holder) => holder.node !== request.node)
    .filter((holder) => victims === 'any' || priorityOf(holder) <= priorityOf(request))
    .map((holder) => ({ holder, branch: branchOf(tree, holder.node, request.node) }))
    .sort(compareCandidates);
}

function compareCandidates(a: GuaranteeCandidate, b: GuaranteeCandidate): number {
  return (
    compareLeaving(a.holder, b.holder) ||
    b.holder.grantedAtMs - a.holder.grantedAtMs ||
    compareIds(a.holder.id, b.holder.id)
  );
}

function pick(
  trial: Trial,
  candidates: readonly GuaranteeCandidate[],
  contested: readonly string[],
  fits: () => boolean,
): GuaranteeCandidate[] | undefined {
  const picked: GuaranteeCandidate[] = [];
  for (const candidate of candidates) {
    const { holder, branch } = candidate;
    const leavesEnough = () => keepsGuarantees(trial.tree, branch, holder, contested);
    if (!trial.without(holder, leavesEnough)) continue;
    trial.remove(holder);
    picked.push(candidate);
    if (fits()) return putBack(trial, picked, fits);
  }
  return undefined;
}
