import type { Strategy } from '../events/strategy.ts';
import type { ResourceConflict, StrategyOutcome } from './conflict.ts';
import { OutcomeOfStrategy } from './outcome-of-strategy.ts';
import { compareAge, compareQueued } from './queue-order.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { Planner } from './reversals.ts';
import { takesPartOf } from './select-strategy.ts';
import { shareProportional, thoseWhoFit } from './share-proportional.ts';
import { planStable } from './stability.ts';
import { tried } from './trial.ts';
import type { LiveAllocation, PendingRequest } from './types.ts';

/**
 * What a strategy makes of a conflict. Nobody passes somebody of a higher rank who has to wait for
 * the same account.
 * - `first_come_first_served`: in the order in which they came, in whole or not at all.
 * - `priority_based`: by rank in whole, as far as it goes; the rest of the supply in proportion
 *   among those who take a part.
 * - `proportional_sharing`: a common fraction of every ask that is divisible; whoever cannot work
 *   with its part leaves, lowest rank first.
 * - `preemption_allowed`: by rank, each with the evictions that its right covers.
 * - `queue_and_wait`: by rank in whole; nobody is cut or evicted, the others wait.
 *
 * @param tree with the use of the conflict's allocations on it; unchanged afterwards
 */
export function runStrategy(
  tree: QuotaTree,
  conflict: ResourceConflict,
  strategy: Strategy,
  planner: Planner,
): StrategyOutcome {
  return tried(tree, (trial) => {
    const outcome = new OutcomeOfStrategy(trial, conflict);
    const byRank = outcome.thoseWhoCouldEverFit().sort(compareQueued);
    switch (strategy) {
      case 'first_come_first_served':
        return serveInOrder(outcome, [...byRank].sort(compareAge)).closed();
      case 'queue_and_wait':
        return serveInOrder(outcome, byRank).closed();
      case 'priority_based':
        return serveByPriority(outcome, byRank, conflict).closed();
      case 'proportional_sharing':
        return shareOut(outcome, byRank, conflict).closed();
      case 'preemption_allowed':
        return serveWithEvictions(outcome, byRank, conflict, planner).closed();
    }
  });
}

function serveInOrder(
  outcome: OutcomeOfStrategy,
  inOrder: readonly PendingRequest[],
): OutcomeOfStrategy {
  const waitsFrom = inOrder.findIndex((request) => !outcome.grant(request));
  for (const request of waitsFrom === -1 ? [] : inOrder.slice(waitsFrom)) outcome.wait(request);
  return outcome;
}

function serveByPriority(
  outcome: OutcomeOfStrategy,
  byRank: readonly PendingRequest[],
  conflict: ResourceConflict,
): OutcomeOfStrategy {
  const restFrom = byRank.findIndex((request) => !outcome.grant(request));
  if (restFrom === -1) return outcome;
  const rest = byRank.slice(restFrom);
  const isShared = rest.some((request) => takesPartOf(request, conflict.account.resource));
  if (isShared && conflict.type !== 'exclusive_access_required') {
    return shareOut(outcome, rest, conflict);
  }
  for (const request of rest) outcome.wait(request);
  return outcome;
}

function shareOut(
  outcome: OutcomeOfStrategy,
  byRank: readonly PendingRequest[],
  { account: { resource } }: ResourceConflict,
): OutcomeOfStrategy {
  const supply = outcome.supply();
  const claims = byRank.map((request) => {
    const demand = request.amounts[resource] ?? 0;
    return { id: request.id, request, demand, floor: request.mins?.[resource] ?? demand };
  });
  const shares = shareProportional(supply, thoseWhoFit(supply, claims), 'need');
  for (const { id, request, demand } of claims) {
    const share = shares.get(id);
    const isGranted = share !== undefined && outcome.grantPart(request, share, demand);
    if (!isGranted) outcome.wait(request);
  }
  return outcome;
}

function serveWithEvictions(
  outcome: OutcomeOfStrategy,
  byRank: readonly PendingRequest[],
  { allocations }: ResourceConflict,
  planner: Planner,
): OutcomeOfStrategy {
  let live: readonly LiveAllocation[] = allocations;
  let isHeldUp = false;
  for (const request of byRank) {
    if (!isHeldUp && outcome.grant(request)) continue;
    const plan = isHeldUp ? undefined : planStable(planner, outcome.tree, request, live);
    if (plan === undefined) {
      isHeldUp = true;
      outcome.wait(request);
      continue;
    }
    live = outcome.evict(request, plan, live);
    outcome.grant(request);
  }
  return outcome;
}
