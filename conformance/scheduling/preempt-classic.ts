import { planClassic } from '../../resolver/plan-classic.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, onlyRequestOf, treeOf } from './translate.ts';

/** One request against live allocations under the classic rules: who is evicted, and why. */
export function preemptClassic(record: SchedulingRecord): Answers {
  const tree = treeOf(record);
  const request = onlyRequestOf(record);
  const plan = planClassic(tree, request, liveOf(record));
  const without = tree.fits(request.node, request.amounts) ? 'grant' : 'wait';
  return {
    decision: plan === undefined ? without : 'preempt-then-grant',
    victims: plan?.victims ?? [],
  };
}
