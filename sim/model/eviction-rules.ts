import { isWithin } from '../../events/names.ts';
import type { State } from './state.ts';

/**
 * S §7: whom a node may evict by policy: what it says of the node itself, or of the nearest above it
 * of which it says anything.
 */
export function rulesAt({ policy: { preemption } }: State, path: string) {
  let { withinNode, reclaim, whileBorrowing } = preemption;
  const said = Object.entries(preemption.nodes).sort(([a], [b]) => a.length - b.length);
  for (const [above, rules] of said) {
    if (!isWithin(path, above)) continue;
    withinNode = rules.withinNode ?? withinNode;
    reclaim = rules.reclaim ?? reclaim;
    whileBorrowing = rules.whileBorrowing ?? whileBorrowing;
  }
  const beyond = whileBorrowing?.policy ?? (withinNode === 'never' ? 'never' : 'lower');
  return { withinNode, reclaim, whileBorrowing: beyond } as const;
}

/** What an operator adds to base priority on a path, for both sides. */
export function boostAt({ policy: { preemption } }: State, path: string): number {
  let boost = 0;
  let nearest = 0;
  for (const [above, rules] of Object.entries(preemption.nodes)) {
    if (!isWithin(path, above) || rules.boost === undefined || above.length < nearest) continue;
    nearest = above.length;
    boost = rules.boost;
  }
  return boost;
}
