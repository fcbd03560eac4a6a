import { FAIR_POLICY, type FairStrategy, planFair } from '../../resolver/plan-fair.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, onlyRequestOf, treeOf } from './translate.ts';

/** One request against live allocations under fair sharing: who is evicted, and why. */
export function preemptFair(record: SchedulingRecord): Answers {
  const strategies = record.policy?.['strategies'] as readonly FairStrategy[] | undefined;
  const policy = { strategies: strategies ?? FAIR_POLICY.strategies };
  const plan = planFair(treeOf(record), onlyRequestOf(record), liveOf(record), policy);
  return {
    decision: plan === undefined ? 'wait' : 'preempt-then-grant',
    victims: plan?.victims ?? [],
  };
}
