import { planClassic } from '../../resolver/plan-classic.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, onlyRequestOf, treeOf } from './translate.ts';

/** One request against live allocations under the classic rules: who is evicted, and why. */
export function preemptClassic(record: SchedulingRecord): Answers {
  const tree = treeOf(record);
  const request = onlyRequestOf(record);
  const plan = planClassic(tree, request, liveOf(record));
  // A request that names what it contends for has been refused a plain grant before.
  const isFree = request.contested === undefined && tree.fits(request.node, request.amounts);
  return {
    decision: plan !== undefined ? 'preempt-then-grant' : isFree ? 'grant' : 'wait',
    victims: plan?.victims ?? [],
  };
}
