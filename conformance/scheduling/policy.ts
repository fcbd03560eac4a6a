import { mayPreempt } from '../../resolver/may-preempt.ts';
import type { Answers } from './families.ts';
import { victimOrder } from './orders.ts';
import type { SchedulingRecord } from './record.ts';
import { liveOf, onlyRequestOf, treeOf } from './translate.ts';

/** Whether the one request may take from the one holder in its node, or who would go first. */
export function policy(record: SchedulingRecord): Answers {
  const request = onlyRequestOf(record);
  const { withinNode } = treeOf(record).preemptionOf(request.node);
  const [holder, ...others] = liveOf(record);
  const isOne = holder !== undefined && others.length === 0;
  return {
    victimOrder: victimOrder(record),
    ...(isOne && { mayPreempt: mayPreempt(withinNode, request, holder) }),
  };
}
