import { mayPreempt } from '../../resolver/may-preempt.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, onlyRequestOf, treeOf } from './translate.ts';

/** Whether the one request may take from the one holder in its node. */
export function policy(record: SchedulingRecord): Answers {
  const request = onlyRequestOf(record);
  const [holder, ...others] = liveOf(record);
  if (holder === undefined || others.length > 0) throw new Error('this kind has one allocation');
  const { withinNode } = treeOf(record).preemptionOf(request.node);
  return { mayPreempt: mayPreempt(withinNode, request, holder) };
}
