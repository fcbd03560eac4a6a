import { reclaimInProportion, reclaimWhole } from '../../resolver/reclaim-quota.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { unscaledAmount } from './scale.ts';
import { liveOf, nodesOf, onlyRequestOf } from './translate.ts';

/** Kind `quota-shrink`: what is taken back beneath a node of which too much is in use. */
export function answerQuotaCut(record: SchedulingRecord): Answers {
  const { node, amounts } = onlyRequestOf(record);
  const [nodes, live] = [nodesOf(record), liveOf(record)];
  const [resource = ''] = Object.keys(amounts);
  if (record.requests[0]?.['indivisible'] === true) {
    const { victims, collected } = reclaimWhole(nodes, live, { node, amounts });
    const taken = unscaledAmount(collected[resource] ?? 0);
    return {
      victims: victims.map(({ id }) => id),
      victimOrder: victims.map(({ id }) => id),
      victimSizes: victims.map((victim) => unscaledAmount(victim.amounts[resource] ?? 0)),
      collected: taken,
      neverMoreThan: taken,
      noneFrom: Object.fromEntries(victims.map((victim) => [victim.node, true])),
    };
  }
  const takes = reclaimInProportion(nodes, live, { node, amounts }, resource);
  const taken = unscaledAmount(takes.get(node) ?? 0);
  return { noneFrom: Object.fromEntries(takes), collected: taken, neverMoreThan: taken };
}
