import { orderByStride } from '../../resolver/stride.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { scaledAmount, scaledTimeMs, scaledWeight } from './scale.ts';
import { resourcesOf } from './translate.ts';

/** Kind `queue-fair`: tasks of several keys, a node each, that all wait for one resource. */
export function answerStride(record: SchedulingRecord): Answers {
  const [resource = ''] = resourcesOf(record);
  const weights = new Map(record.nodes.map(({ id, weight = 1 }) => [id, scaledWeight(weight)]));
  const tasks = record.requests.map(({ id, node = '', priority = 0, amounts = {}, createdAt }) => ({
    id,
    key: node,
    priority,
    cost: scaledAmount(amounts[resource] ?? 1) ?? 1,
    weightMilli: weights.get(node) ?? 1000,
    arrivedAtMs: scaledTimeMs(Number(createdAt ?? 0)),
  }));
  const served = orderByStride(tasks);
  return { serviceOrder: served.map(({ key }) => key), order: served.map(({ id }) => id) };
}
