import type { FairStrategy } from '../../resolver/fair-search.ts';
import { FAIR_POLICY, planFair } from '../../resolver/plan-fair.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, onlyRequestOf, treeOf } from './translate.ts';

/**
 * One request against live allocations under fair sharing: who is evicted, and why. This is the
 * planner's own word; whether a plan stands is the matter of stability.ts.
 */
export function preemptFair(record: SchedulingRecord): Answers {
  const strategies = record.policy?.['strategies'] as readonly FairStrategy[] | undefined;
  const plan = planFair(treeOf(record), onlyRequestOf(record), liveOf(record), {
    strategies: strategies ?? FAIR_POLICY.strategies,
  });
  return {
    decision: plan === undefined ? 'wait' : 'preempt-then-grant',
    victims: plan?.victims ?? [],
  };
}
