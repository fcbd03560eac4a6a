import type { Strategy } from '../events/strategy.ts';
import type { ConflictFactors, ResourceConflict } from './conflict.ts';
import { priorityOf } from './may-preempt.ts';
import { compareAge } from './queue-order.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { PendingRequest } from './types.ts';

/** A strategy, the row of the decision table that chose it, and what the row looked at. */
export interface StrategyChoice {
  readonly strategy: Strategy;
  readonly rule: string;
  readonly factors: ConflictFactors;
}

/**
 * The decision table of semantics §7 as far as a snapshot can tell: row 4 (asked for), 5
 * (emergency), 6 (exclusive), 7 (equal priorities), 8 (mixed). The first matching row wins. An
 * account that holds more than it may (`short`) admits nothing until its use has gone down.
 */
export function chooseStrategy(
  tree: QuotaTree,
  conflict: ResourceConflict,
  asked: Strategy | undefined,
): StrategyChoice {
  const factors = factorsOf(conflict);
  const choose = (rule: string, strategy: Strategy): StrategyChoice => ({
    strategy,
    rule,
    factors,
  });
  if (asked !== undefined && isLegal(asked, conflict)) return choose('4-caller', asked);
  if (conflict.scenario === 'over_allocation') return choose('short', 'queue_and_wait');
  if (conflict.scenario === 'emergency_need') return choose('5-emergency', 'preemption_allowed');
  if (conflict.type === 'exclusive_access_required') return choose('6-exclusive', 'priority_based');
  if (factors['highestPriority'] !== factors['lowestPriority']) {
    return choose('8-mixed', 'priority_based');
  }
  const [first] = [...conflict.requests].sort(compareAge);
  if (first === undefined || tree.fits(first.node, first.amounts)) {
    return choose('7-equal', 'first_come_first_served');
  }
  return isLegal('proportional_sharing', conflict)
    ? choose('7-equal-divisible', 'proportional_sharing')
    : choose('7-equal-queue', 'queue_and_wait');
}

/** An exclusive resource is never shared, nor is what nobody can use a part of. */
export function isLegal(
  strategy: Strategy,
  { type, account, requests }: ResourceConflict,
): boolean {
  if (strategy !== 'proportional_sharing') return true;
  const isDivisible = requests.some((request) => takesPartOf(request, account.resource));
  return type !== 'exclusive_access_required' && isDivisible;
}

/** Whether a request can work with less of a resource than it asks for. */
export function takesPartOf({ amounts, mins }: PendingRequest, resource: string): boolean {
  const asked = amounts[resource] ?? 0;
  return (mins?.[resource] ?? asked) < asked;
}

function factorsOf({
  requests,
  holders,
  account,
  requested,
  available,
}: ResourceConflict): ConflictFactors {
  const priorities = requests.map(priorityOf);
  return {
    highestPriority: priorities.length === 0 ? null : Math.max(...priorities),
    lowestPriority: priorities.length === 0 ? null : Math.min(...priorities),
    requested,
    available,
    waitingCount: requests.length,
    holderCount: holders.length,
    divisible: requests.some((request) => takesPartOf(request, account.resource)),
  };
}
