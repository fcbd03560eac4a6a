import { LIMITS } from '../events/limits.ts';
import type { QuotaTree } from './quota-tree.ts';
import { type Planner, reversals, sparing } from './reversals.ts';
import type { LiveAllocation, PendingRequest, PreemptionPlan } from './types.ts';

/**
 * The first plan of a planner that none of its victims could legally turn round at once. Where one
 * could, the planner is asked again with one victim of that plan out of its reach, each in turn,
 * fewest first; after `stablePlansMax` plans, or when none is left, there is none and the request
 * waits. Evicting for somebody who is evicted in turn loses work and serves nobody.
 */
export function planStable(
  planner: Planner,
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
): PreemptionPlan | undefined {
  const asked = new Set<string>(['']);
  const spared: (readonly string[])[] = [[]];
  for (let tries = 0; tries < LIMITS.stablePlansMax; tries += 1) {
    const ids = spared.shift();
    if (ids === undefined) return undefined;
    const plan = planner(tree, request, sparing(live, ids));
    if (plan === undefined) continue;
    const plansMax = LIMITS.stablePlansMax;
    if (reversals(planner, tree, request, live, plan, 1, plansMax).length === 0) return plan;
    for (const { id } of plan.victims) {
      const more = [...ids, id].sort();
      if (asked.has(more.join('\n'))) continue;
      asked.add(more.join('\n'));
      spared.push(more);
    }
  }
  return undefined;
}
