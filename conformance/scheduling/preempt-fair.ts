import type { FairStrategy } from '../../resolver/fair-search.ts';
import { FAIR_POLICY, planFair } from '../../resolver/plan-fair.ts';
import type { Planner } from '../../resolver/reversals.ts';
import { planStable } from '../../resolver/stability.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, onlyRequestOf, treeOf } from './translate.ts';

/** One request against live allocations under fair sharing: who is evicted, and why. */
export function preemptFair(record: SchedulingRecord): Answers {
  const planner = fairPlannerOf(record);
  const plan = planStable(planner, treeOf(record), onlyRequestOf(record), liveOf(record));
  return {
    decision: plan === undefined ? 'wait' : 'preempt-then-grant',
    victims: plan?.victims ?? [],
  };
}

/** The fair planner with the strategies that a record names. */
export function fairPlannerOf({ policy }: SchedulingRecord): Planner {
  const strategies = policy?.['strategies'] as readonly FairStrategy[] | undefined;
  const fair = { strategies: strategies ?? FAIR_POLICY.strategies };
  return (tree, request, live) => planFair(tree, request, live, fair);
}
