import { ExecutionPriority } from '../events/priority.ts';
import type { ResourceConflict } from './conflict.ts';
import { conflictTypeOf } from './conflict-type.ts';
import { priorityOf } from './may-preempt.ts';
import { compareQueued } from './queue-order.ts';
import type { QuotaTree } from './quota-tree.ts';
import { compareIds } from './ratio.ts';
import { shownAmount } from './share-claim.ts';
import type { LiveAllocation, PendingRequest } from './types.ts';

/**
 * Where demand exceeds supply: every account that could not hold all the requests beside what is
 * held already, with those for whom it is the outermost such account on their path; and every
 * account that holds more than it may. What lies inside a guarantee that a node never lends is not
 * asked of the accounts above it. Outer accounts first, then by node and resource.
 *
 * @param tree with the use of `live` on it; unchanged afterwards
 */
export function detectConflicts(
  tree: QuotaTree,
  pending: readonly PendingRequest[],
  live: readonly LiveAllocation[],
): ResourceConflict[] {
  const contests = new Map<string, Contest>();
  const contestAt = (node: string, resource: string): Contest => {
    const key = JSON.stringify([node, resource]);
    const contest = contests.get(key) ?? { node, resource, demand: 0n, requests: [] };
    contests.set(key, contest);
    return contest;
  };
  for (const resource of new Set(pending.flatMap(({ amounts }) => Object.keys(amounts)))) {
    const demands = demandsOn(tree, resource, pending);
    for (const request of pending) {
      if ((request.amounts[resource] ?? 0) <= 0) continue;
      const outermost = outermostOverloaded(tree, request.node, demands);
      if (outermost === undefined) continue;
      const contest = contestAt(outermost, resource);
      contest.demand = demands.get(outermost)?.asked ?? 0n;
      contest.requests.push(request);
    }
  }
  for (const node of tree.nodeIds()) {
    for (const resource of tree.resources()) {
      const { committed, limit } = tree.account(node, resource);
      if (committed > limit) contestAt(node, resource);
    }
  }
  return [...contests.values()]
    .sort((a, b) => compareContests(tree, a, b))
    .map((contest) => conflictOf(tree, contest, live));
}

/** An account for which requests contend, and what they ask of it together. */
interface Contest {
  readonly node: string;
  readonly resource: string;
  demand: bigint;
  readonly requests: PendingRequest[];
}

/** What all requests together would do to one account. */
interface Demand {
  /** Of the account; may leave the range of exact integers. */
  readonly asked: bigint;
  readonly isOverloaded: boolean;
  /** Whether a part of it is asked of the parent. */
  readonly goesUp: boolean;
}

function demandsOn(
  tree: QuotaTree,
  resource: string,
  pending: readonly PendingRequest[],
): ReadonlyMap<string, Demand> {
  const asked = new Map<string, bigint>();
  const ask = (node: string, amount: bigint) => asked.set(node, (asked.get(node) ?? 0n) + amount);
  for (const { node, amounts } of pending) ask(node, BigInt(amounts[resource] ?? 0));
  const demands = new Map<string, Demand>();
  // Children before their parents.
  for (const node of [...tree.nodeIds()].reverse()) {
    const { committed, kept, limit } = tree.account(node, resource);
    const own = asked.get(node) ?? 0n;
    const then = BigInt(committed) + own;
    const setAside = BigInt(Math.max(kept, committed));
    const goesUp = then > setAside;
    const isOverloaded = limit !== Infinity && then > BigInt(limit);
    demands.set(node, { asked: own, isOverloaded, goesUp });
    const parent = tree.parentOf(node);
    if (parent !== null && goesUp) ask(parent, then - setAside);
  }
  return demands;
}

/** The outermost overloaded account that is asked for something of a request at a node. */
function outermostOverloaded(
  tree: QuotaTree,
  from: string,
  demands: ReadonlyMap<string, Demand>,
): string | undefined {
  let found: string | undefined;
  for (const node of tree.pathOf(from)) {
    const demand = demands.get(node);
    if (demand?.isOverloaded) found = node;
    if (!demand?.goesUp) break;
  }
  return found;
}

function conflictOf(
  tree: QuotaTree,
  { node, resource, demand, requests }: Contest,
  live: readonly LiveAllocation[],
): ResourceConflict {
  const { committed, limit } = tree.account(node, resource);
  const isEmergency = requests.some(
    (request) => priorityOf(request) >= ExecutionPriority.emergency,
  );
  const competing = isEmergency ? 'emergency_need' : 'competing_requests';
  return {
    type: conflictTypeOf(resource, limit),
    account: { path: node, resource },
    requested: shownAmount(demand),
    available: Math.max(0, limit - committed),
    scenario: requests.length === 0 ? 'over_allocation' : competing,
    requests: [...requests].sort(compareQueued),
    holders: live
      .filter((one) => (one.amounts[resource] ?? 0) > 0 && tree.pathOf(one.node).includes(node))
      .map(({ id }) => id)
      .sort(compareIds),
    allocations: live,
  };
}

function compareContests(tree: QuotaTree, a: Contest, b: Contest): number {
  return (
    tree.pathOf(a.node).length - tree.pathOf(b.node).length ||
    compareIds(a.node, b.node) ||
    compareIds(a.resource, b.resource)
  );
}
