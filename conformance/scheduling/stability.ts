import { planFair } from '../../resolver/plan-fair.ts';
import { reversals } from '../../resolver/reversals.ts';
import { planStable } from '../../resolver/stability.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, onlyRequestOf, treeOf } from './translate.ts';

/** A plan that its victims could turn round: who could, whom that would evict, what we do. */
export function stability(record: SchedulingRecord): Answers {
  const asked = [treeOf(record), onlyRequestOf(record), liveOf(record)] as const;
  const plain = planFair(...asked);
  const found = plain === undefined ? [] : reversals(planFair, ...asked, plain);
  const plan = planStable(planFair, ...asked);
  return {
    decision: plan === undefined ? 'queue' : 'preempt-then-grant',
    victims: plan?.victims ?? [],
    thenReversedBy: found.map(({ by }) => by),
    whichEvicts: found[0]?.evicts ?? [],
  };
}
