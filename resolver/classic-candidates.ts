import { holdsAny } from './contested.ts';
import { mayPreempt, priorityOf } from './may-preempt.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { LiveAllocation, PendingRequest, PreemptionReason } from './types.ts';
import { compareLeaving, compareWorth } from './victim-order.ts';

/** Someone whom a request may evict, and why. */
export interface Candidate {
  readonly holder: LiveAllocation;
  readonly reason: PreemptionReason;
  /** Where the branches of holder and request part; the account whose room is fought over. */
  readonly meetsAt: string;
  /** 0: the request is nearer to the quota than the holder; 1: by priority alone; 2: same node. */
  readonly rank: 0 | 1 | 2;
  /** Whether it may be taken although the request's node borrows afterwards. */
  readonly mayBorrow: boolean;
}

/**
 * Everyone whom a request may evict by the rules of Kueue's classical preemption with hierarchical
 * cohorts (pkg/scheduler/preemption/classical), dearest last: those who leave already, then those
 * of other branches over whom the request has the advantage, then those of other branches, then
 * those of the same node; among them by worth (victim-order.ts).
 *
 * A holder of another branch is one only where each node from its own up to the meeting point is
 * above its quota in a contested resource: what lies within a quota is safe. The request has the
 * advantage from the first level on whose quota it fits: the quota is then its own, not theirs.
 *
 * @param claimed the resources that have to fit there; default: all that the request asks for
 */
export function classicCandidates(
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  contested: readonly string[],
  claimed: readonly string[] = Object.keys(request.amounts),
): Candidate[] {
  const { withinNode, reclaim } = tree.preemptionOf(request.node);
  const advantages = advantagesOf(tree, request, claimed);
  const meetingOf = meetingPoints(tree, request.node, contested);
  const candidates: Candidate[] = [];
  for (const holder of live) {
    if (holder.preemptible === false || !holdsAny(holder, contested)) continue;
    if (holder.node === request.node) {
      if (mayPreempt(withinNode, request, holder)) candidates.push(sameNode(holder));
      continue;
    }
    const meetsAt = mayPreempt(reclaim, request, holder) ? meetingOf(holder.node) : null;
    if (meetsAt === null) continue;
    candidates.push(otherBranch(tree, request, holder, meetsAt, advantages.has(meetsAt)));
  }
  return candidates.sort(compareCandidates);
}

/** Whether, after what was taken already, the holder's branch is still above its quota. */
export function isStillAbove(
  tree: QuotaTree,
  { holder, meetsAt, rank }: Candidate,
  contested: readonly string[],
): boolean {
  return rank === 2 || isAboveUpTo(tree, holder.node, meetsAt, contested);
}

function sameNode(holder: LiveAllocation): Candidate {
  const reason = 'within-node-priority';
  return { holder, reason, meetsAt: holder.node, rank: 2, mayBorrow: true };
}

function otherBranch(
  tree: QuotaTree,
  request: PendingRequest,
  holder: LiveAllocation,
  meetsAt: string,
  hasAdvantage: boolean,
): Candidate {
  if (hasAdvantage) {
    return { holder, reason: 'reclaim-nominal', meetsAt, rank: 0, mayBorrow: true };
  }
  const { policy, maxPriority = Infinity } = tree.preemptionOf(request.node).whileBorrowing;
  const mayBorrow =
    policy === 'lower' &&
    priorityOf(holder) < priorityOf(request) &&
    priorityOf(holder) <= maxPriority;
  const reason = mayBorrow ? 'priority-while-borrowing' : 'reclaim-nominal';
  return { holder, reason, meetsAt, rank: 1, mayBorrow };
}

/**
 * The levels of whose room the request would take within a quota that is its own: those above the
 * first node whose quota it fits into.
 */
function advantagesOf(
  tree: QuotaTree,
  { node: from, amounts }: PendingRequest,
  claimed: readonly string[],
): ReadonlySet<string> {
  const levels = new Set<string>();
  let left = claimed
    .map((resource): [string, number] => [resource, amounts[resource] ?? 0])
    .filter(([, amount]) => amount > 0);
  let fits = false;
  for (const node of tree.pathOf(from)) {
    if (fits) levels.add(node);
    fits ||= left.every(([resource, amount]) => !tree.isBorrowing(node, resource, amount));
    left = left.map(([resource, amount]) => [resource, tree.askedOfParent(node, resource, amount)]);
  }
  return levels;
}

/** Where the branch of a node meets the request's, or null where something on the way is safe. */
function meetingPoints(
  tree: QuotaTree,
  requester: string,
  contested: readonly string[],
): (node: string) => string | null {
  const own = new Set(tree.pathOf(requester));
  const known = new Map<string, string | null>();
  return (node) => {
    const before = known.get(node);
    if (before !== undefined) return before;
    const meetsAt = tree.pathOf(node).find((ancestor) => own.has(ancestor)) ?? null;
    const isOpen = meetsAt !== null && isAboveUpTo(tree, node, meetsAt, contested);
    known.set(node, isOpen ? meetsAt : null);
    return isOpen ? meetsAt : null;
  };
}

function isAboveUpTo(
  tree: QuotaTree,
  node: string,
  end: string,
  contested: readonly string[],
): boolean {
  for (const each of tree.pathOf(node)) {
    if (each === end) return true;
    if (!contested.some((resource) => tree.isBorrowing(each, resource))) return false;
  }
  return true;
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return compareLeaving(a.holder, b.holder) || a.rank - b.rank || compareWorth(a.holder, b.holder);
}
