import { playLifecycle } from '../../resolver/lifecycle.ts';
import type { Amounts } from '../../resolver/types.ts';
import { CLASSIC, FAIR } from './admission.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { unscaledAmount } from './scale.ts';
import { liveOf, requestsOf, treeOf } from './translate.ts';

/** Requests over time, played until nothing changes any more. */
export function lifecycle(record: SchedulingRecord): Answers {
  const { order, planner } = record.policy?.['fairSharing'] === true ? FAIR : CLASSIC;
  const requests = requestsOf(record);
  const story = playLifecycle(treeOf(record), requests, liveOf(record), {
    order,
    planner,
    depth: 'passing',
  });
  const asked = new Set(requests.map(({ id }) => id));
  const evicted = new Set(story.evictions.map(({ id }) => id));
  return {
    granted: story.granted,
    stillWaiting: story.waiting.flatMap(({ id }) => (asked.has(id) ? [id] : [])),
    victims: [...evicted],
    evictionsTotal: story.evictions.length,
    finalUse: Object.fromEntries(
      Object.entries(story.useOf).map(([node, use]) => [node, useIn(record, use)]),
    ),
    finalRunning: story.live.map(({ id }) => id),
  };
}

/** Of one resource a number, of several one for each. */
function useIn({ resourceModel }: SchedulingRecord, use: Amounts): unknown {
  const resources = (resourceModel?.['resources'] ?? []) as readonly string[];
  const [only = '', ...others] = resources;
  const of = (resource: string) => unscaledAmount(use[resource] ?? 0);
  return others.length === 0
    ? of(only)
    : Object.fromEntries(resources.map((resource) => [resource, of(resource)]));
}
