import { planStarts } from '../../resolver/backfill.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import type { Answers } from './families.ts';
import type { ScenarioAmount, SchedulingRecord } from './record.ts';
import { inMinutes, scaledMinutesMs } from './scale.ts';
import { liveOf, nodesOf, requestsOf } from './translate.ts';

/**
 * Kind `backfill`: when each request starts. All wait from the beginning; when they came says no
 * more than their order.
 */
export function answerStarts(record: SchedulingRecord): Answers {
  const running = liveOf(record).map(({ node, amounts }, place) => {
    const minutes = record.allocations[place]?.['durationMin'] as ScenarioAmount | undefined;
    return { node, amounts, endsAtMs: minutes === undefined ? null : scaledMinutesMs(minutes) };
  });
  const starts = planStarts(QuotaTree.ofQuotas(nodesOf(record)), running, requestsOf(record), 0);
  return {
    startsAtMin: Object.fromEntries(
      [...starts].map(([id, atMs]) => [id, atMs === null ? null : inMinutes(atMs)]),
    ),
  };
}
