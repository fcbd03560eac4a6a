import type { ResourceLimits } from '../../events/commands.ts';
import { anyPath, callBy, governor } from './governing.ts';
import type { PlannedCommand } from './job.ts';
import { RESOURCES } from './resources.ts';
import type { JobDraft, Scene } from './scene.ts';

/** Something that has to do with time: windows, grants, thresholds, use of before. */
export function drawTimed(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const path = draw.isHit(500) ? draw.pick(scene.ofTier('swarm')).path : anyPath(scene);
  const resource = draw.pick(RESOURCES.consumable);
  const command = draw.weighted<() => PlannedCommand>([
    [30, () => ({ op: 'setLimits', path, limits: { [resource]: drawTimedLimits(scene) } })],
    [
      30,
      () => ({
        op: 'resetWindow',
        path,
        resource,
        ...(draw.isHit(300) ? { carryDebt: draw.isHit(500) } : {}),
      }),
    ],
    [30, () => drawGrant(scene, path, resource)],
    [10, () => ({ op: 'voidGrant', path, grant: `g${draw.int(0, 5)}` })],
    [
      15,
      () => ({
        op: 'charge',
        id: scene.newId('c'),
        path,
        amounts: { [resource]: draw.int(1, 20) },
        agoMs: draw.pick([1, 400, 3_000]),
      }),
    ],
  ]);
  return [callBy(scene, atMs, command(), governor(scene))];
}

function drawTimedLimits({ draw }: Scene): ResourceLimits[string] {
  if (draw.isHit(300)) {
    const thresholds = [{ usage: draw.int(1, 60) }, { usagePercent: 50 }, { balance: 10 }];
    return { thresholds: thresholds.map((one) => ({ ...one, kind: 'notice' as const })) };
  }
  const window = {
    every: draw.pick(['manual', 'manual', '1s', '5s', '1m']),
    tz: draw.isHit(50) ? 'Mars/Base' : draw.pick(['UTC', 'Asia/Kolkata']),
    at: '00:00',
    weekStart: 'mon' as const,
    carryDebt: draw.isHit(400),
  };
  return { window, ...(draw.isHit(500) ? { limit: draw.int(20, 300) } : {}) };
}

/** Few names, so that some are voided; an id that was used is refused. */
function drawGrant({ draw }: Scene, path: string, resource: string): PlannedCommand {
  return {
    op: 'topUp',
    id: `g${draw.int(0, 30)}`,
    path,
    amounts: { [resource]: draw.int(1, 60) },
    grant: {
      priority: draw.int(0, 2),
      startInMs: draw.pick([0, 0, -500, 900]),
      ...(draw.isHit(700) ? { forMs: draw.pick([300, 2_000, 9_000]) } : {}),
      ...(draw.isHit(300)
        ? { recurrence: { everyMs: draw.pick([1_000, 2_500]), anchorInMs: 0 } }
        : {}),
      ...(draw.isHit(400) ? { rollover: { min: draw.int(0, 5), max: draw.int(0, 40) } } : {}),
    },
  };
}
