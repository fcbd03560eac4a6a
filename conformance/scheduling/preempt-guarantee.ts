import { planGuarantee } from '../../resolver/plan-guarantee.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { guaranteeTreeOf, liveOf, onlyRequestOf } from './translate.ts';

/** One request of a node below its guarantee: who is evicted for it. */
export function preemptGuarantee(record: SchedulingRecord): Answers {
  const tree = guaranteeTreeOf(record);
  const request = onlyRequestOf(record);
  const plan = planGuarantee(tree, request, liveOf(record));
  const without = tree.fits(request.node, request.amounts) ? 'grant' : 'wait';
  return {
    decision: plan === undefined ? without : 'preempt-then-grant',
    victims: plan?.victims ?? [],
  };
}
