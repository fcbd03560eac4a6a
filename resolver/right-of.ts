import type { PreemptionReason, PreemptionRight } from './types.ts';

/** The right on which an eviction for this reason rests (semantics §7). */
export function rightOf(reason: PreemptionReason): PreemptionRight {
  return RIGHTS[reason];
}

const RIGHTS: Readonly<Record<PreemptionReason, PreemptionRight>> = {
  'within-node-priority': 'priority',
  'priority-while-borrowing': 'priority',
  'reclaim-nominal': 'reclaim',
  'fair-share': 'fair',
};
