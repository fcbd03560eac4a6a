import { ExecutionPriority, type Priority } from '../../events/priority.ts';
import type { Team } from '../team.ts';

/**
 * How long others may still be served before a request that come after it, ms from its queue time:
 * after that only those who stand before it already, and emergencies (S-03). Every interval adds a
 * step to it beside whoever comes new, and nobody in the team may claim more than `top`; so the
 * bound is interval × (⌊(top − base) ÷ step⌋ + 1). With the time to drain those who stand before it
 * then, it is a bound on its wait. Null where waiting adds nothing, and by policies that put
 * something before priority: who borrows may wait as long as others come who do not. The operator,
 * who may claim any priority, is left out.
 */
export function waitBoundMs(team: Team, priority: Priority): number | null {
  const { aging, queueing } = team.policy;
  if (priority >= ExecutionPriority.emergency) return 0;
  if (aging.step === 0 || queueing === 'classic' || queueing === 'fair') return null;
  const gap = Math.max(0, topPriority(team) - priority);
  return aging.intervalMs * (Math.floor(gap / aging.step) + 1);
}

/** The highest priority below emergency that an agent of the team may claim. */
function topPriority({ policy, credentialTop }: Team): Priority {
  return Math.min(Math.max(policy.priorityMax, credentialTop), ExecutionPriority.emergency - 1);
}

/** The highest priority that a credential names; asked when one has changed. O(credentials). */
export function credentialTopOf({ credentials }: Team): Priority {
  let top = Number.MIN_SAFE_INTEGER;
  for (const { priorityMax } of credentials.values()) top = Math.max(top, priorityMax ?? top);
  return top;
}
