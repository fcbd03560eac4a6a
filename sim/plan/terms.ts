import type { ResourceLimits } from '../../events/commands.ts';
import type { Draw } from './draw.ts';
import { kindOfResource } from './resources.ts';

/** How an account lends, and how far a settle may overrun; mostly nothing is said. */
export function drawTerms(
  draw: Draw,
  resource: string,
  most: number,
): Pick<ResourceLimits[string], 'lend' | 'overrunLimit'> {
  const kind = kindOfResource(resource);
  const isCapacity = kind === 'capacity' || kind === 'slot';
  const lend = isCapacity
    ? draw.maybe(300, () => draw.pick([null, 0, Math.floor(most / 2)]))
    : draw.maybe(15, () => draw.pick([null, 0]));
  const overrunLimit = draw.maybe(40, () => draw.pick([null, 0, 5]));
  return {
    ...(lend === undefined ? {} : { lend }),
    ...(overrunLimit === undefined ? {} : { overrunLimit }),
  };
}
