import type { ResourceLimits } from '../../events/commands.ts';
import type { Draw } from './draw.ts';

/** A limit per time; short ones, so that a run sees them pass. Now and then the default, a minute. */
export function drawRate(draw: Draw, most: number): ResourceLimits[string] {
  const limit = draw.weighted([
    [70, draw.int(1, most)],
    [8, 0],
    [4, 65_537],
  ]);
  if (draw.isHit(100)) return { limit };
  const ms = draw.pick([1, 300, 1_000, 3_000, 8_000, 70_000]);
  if (draw.isHit(600)) return { limit, per: { ms, by: 'sliding' } };
  const burst = draw.maybe(600, () => draw.int(1, most));
  return { limit, per: { ms, by: 'bucket', ...(burst === undefined ? {} : { burst }) } };
}
