import { type Candidate, classicCandidates, isStillAbove } from './classic-candidates.ts';
import { contestedOf } from './contested.ts';
import { branchOf, keepsGuarantees as leavesGuarantees } from './guarantees-kept.ts';
import { putBack, shrinkDearest } from './put-back.ts';
import type { QuotaTree } from './quota-tree.ts';
import { refineVictims, type VictimRules } from './refine-victims.ts';
import { rightOf } from './right-of.ts';
import { type Trial, tried } from './trial.ts';
import type { LiveAllocation, PendingRequest, PreemptionPlan, Victim } from './types.ts';

export interface ClassicPolicy {
  /**
   * Whether to look, among few candidates, for fewer victims of the same price (see
   * refine-victims.ts). Kueue does not.
   */
  readonly refines?: boolean;
  /**
   * Whether an allocation that straddles its branch's guarantee stays, so that nothing is taken from
   * below one (semantics §7). Under Kueue's rules it leaves as a whole.
   */
  readonly keepsGuarantees?: boolean;
  /**
   * Whether a request takes back its own of what is contested although it asks for more than its
   * own of something else, of which there is enough. Under Kueue's rules it does not.
   */
  readonly claimsContested?: boolean;
}

/**
 * Whom to evict so that a request fits: by priority within its node, by reclaim of what is its own
 * from branches above their quota, and, where the node's policy says so, from lower priorities
 * even while it borrows. The rules are those of Kueue's classical preemption; the order and its
 * sources are in classic-candidates.ts. Candidates are taken from the cheapest on until the
 * request fits; those without whom it still fits are put back from the dearest on, so that no
 * victim could be spared; a divisible one shrinks where that is enough.
 *
 * Changes nothing.
 *
 * @returns undefined where the request fits as it is, or no legal set of victims is enough
 */
export function planClassic(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  { refines = false, keepsGuarantees = false, claimsContested = false }: ClassicPolicy = {},
): PreemptionPlan | undefined {
  if (tree.fits(request.node, request.amounts)) return undefined;
  const contested = contestedOf(tree, request);
  const claimed = claimsContested ? contested : Object.keys(request.amounts);
  const candidates = classicCandidates(tree, request, live, contested, claimed);
  for (const mayBorrow of attempts(tree, request, candidates, contested)) {
    const legal = candidates.filter((candidate) => !mayBorrow || candidate.mayBorrow);
    const rules: VictimRules = {
      mayTake: (candidate) =>
        isStillAbove(tree, candidate, contested) &&
        !(keepsGuarantees && breaksGuarantee(tree, request, candidate, contested)),
      fits: () => fitsThen(tree, request, mayBorrow),
    };
    const victims = tried(tree, (trial) => attempt(trial, legal, contested, rules, refines));
    if (victims) return { victims };
  }
  return undefined;
}

/**
 * Whether to try with the node borrowing afterwards, without, or both, in which order. Without it
 * more may be taken from others; a node that has used up its quota takes nothing that way.
 */
function attempts(
  tree: QuotaTree,
  { node }: PendingRequest,
  candidates: readonly Candidate[],
  contested: readonly string[],
): readonly boolean[] {
  const isForbidden = tree.preemptionOf(node).whileBorrowing.policy === 'never';
  const isBelowQuota = contested.every((resource) => {
    const { committed, guarantee } = tree.account(node, resource);
    return committed < guarantee;
  });
  const isAlone = candidates.every(({ rank }) => rank === 2);
  if (isAlone || (isForbidden && !isBelowQuota)) return [true];
  const hasAdvantage = candidates.some(({ rank }) => rank === 0);
  return isForbidden && !hasAdvantage ? [false, true] : [true, false];
}

function attempt(
  trial: Trial,
  candidates: readonly Candidate[],
  contested: readonly string[],
  rules: VictimRules,
  refines: boolean,
): readonly Victim[] | undefined {
  const picked: Candidate[] = [];
  for (const candidate of candidates) {
    if (!rules.mayTake(candidate)) continue;
    trial.remove(candidate.holder);
    picked.push(candidate);
    if (!rules.fits()) continue;
    const needed = putBack(trial, picked, rules.fits);
    const victims = refines ? refineVictims(trial, candidates, needed, contested, rules) : needed;
    const shrunk = shrinkDearest(trial, victims, contested, rules.fits);
    return victims.map((victim) => toVictim(victim, shrunk));
  }
  return undefined;
}

function breaksGuarantee(
  tree: QuotaTree,
  { node }: PendingRequest,
  { holder }: Candidate,
  contested: readonly string[],
): boolean {
  const branch = branchOf(tree, holder.node, node);
  return tried(tree, (trial) => {
    trial.remove(holder);
    return !leavesGuarantees(tree, branch, holder, contested);
  });
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

function toVictim(
  { holder: { id }, reason }: Candidate,
  shrunk: ReturnType<typeof shrinkDearest>,
): Victim {
  const victim = { id, right: rightOf(reason), reason };
  return shrunk?.id === id ? { ...victim, take: shrunk.take } : victim;
}
