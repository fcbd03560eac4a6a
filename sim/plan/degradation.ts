import type { PlannedCommandOf } from './job.ts';
import type { Scene } from './scene.ts';

type Policy = PlannedCommandOf<'setPolicy'>['policy'];
type Degradation = NonNullable<Policy['degradation']>;

/** Levels that most teams of a plan reach, each with something to refuse. */
export function drawDegradation({ draw }: Scene): Degradation {
  const levels = draw.times(draw.int(1, 4), () => ({
    admit: draw.pick([null, 'normal', 'high', 'critical', 'emergency'] as const),
    partialPermilleMax: draw.pick([null, null, 1, 300, 750]),
    newRuns: draw.isHit(700),
    toolsDenied: draw.isHit(250) ? [draw.pick(['search', 'g*', '*'])] : [],
    reserve: draw.isHit(300),
    refused: draw.pick(['deny', 'queue', 'queue'] as const),
    ...(draw.isHit(300) ? { modelHint: 'use the small model' } : {}),
  }));
  return {
    levels,
    from: draw.pick([
      {},
      {},
      { notice: 1, warning: 1, critical: 2, exhausted: 2 },
      { notice: 0, warning: 2, critical: 3, exhausted: 4 },
    ]),
    dwellMs: draw.pick([0, 1, 700, 3_000]),
  };
}

/** A slow start that is over while the plan still runs, mostly. */
export function drawRecovery({ draw }: Scene): NonNullable<Policy['recovery']> {
  return {
    startPermille: draw.pick([1, 100, 500, 1_000]),
    stepPermille: draw.pick([100, 300, 1_000]),
    everyMs: draw.pick([1, 200, 1_500]),
  };
}
