import type { Refusal } from '../../events/answers.ts';
import { refuse } from '../../events/refusals.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Allocation } from '../team.ts';
import { slowStartReadyAtMs, slowStartShortages } from './slow-start.ts';

/**
 * Refuses growth of an allocation beyond what the slow starts on its path give out now: it is let in
 * as its tier is, whatever it was granted by. O(depth × items).
 */
export function slowedGrowth(
  { node: anchor, priority }: Allocation,
  wanted: Amounts,
  atMs: number,
): Refusal | undefined {
  const asking = { ask: {}, priority, place: { anchor, opened: [] }, wanted };
  const [short] = slowStartShortages(asking);
  if (short === undefined) return undefined;
  const { path, resource, available } = short;
  const message = `${path} recovers and gives out ${available} more ${resource} now: no growth`;
  const retryAfterMs = Math.max(0, (slowStartReadyAtMs(asking) ?? atMs) - atMs);
  return refuse('does_not_fit', message, { retryAfterMs });
}
