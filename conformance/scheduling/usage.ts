import { effectiveUse, orderByUsage, serveByUsage } from '../../resolver/order-by-usage.ts';
import type { Answers } from './families.ts';
import type { SchedulingRecord } from './record.ts';
import { inUnits, scaledWeight } from './scale.ts';
import { amountsOf, requestsOf, treeOf } from './translate.ts';

/** Kind `usage-decay`: whoever used least of late is served first. */
export function answerUsageOrder(record: SchedulingRecord): Answers {
  const tenants = record.nodes
    .filter(({ parent }) => parent !== null)
    .map(({ id, weight = 1, recentUsage }) => ({
      id,
      weightMilli: scaledWeight(weight),
      pastUse: amountsOf(recentUsage as Parameters<typeof amountsOf>[0]),
    }));
  const weights = record.policy?.['resourceWeights'] as Readonly<Record<string, number>>;
  const options = {
    resourceWeightsMilli: Object.fromEntries(
      Object.entries(weights ?? {}).map(([resource, weight]) => [resource, scaledWeight(weight)]),
    ),
  };
  const requests = requestsOf(record);
  const order = orderByUsage(requests, tenants, options).map(({ id }) => id);
  const { granted, waiting } = serveByUsage(treeOf(record), requests, tenants, options);
  const uses = tenants.map((tenant) => [tenant.id, inUnits(effectiveUse(tenant, options))]);
  return {
    servedFirst: order[0],
    order,
    effectiveUsage: Object.fromEntries(uses),
    granted: granted.map(({ id }) => id),
    stillWaiting: waiting.map(({ id }) => id),
  };
}
