import { anyPath, callBy, governor } from './governing.ts';
import type { PlannedCommandOf } from './job.ts';
import { amountsOf, type PlannedRequest } from './requests.ts';
import { RESOURCES } from './resources.ts';
import type { JobDraft, Scene } from './scene.ts';

type Rules = NonNullable<PlannedCommandOf<'setPolicy'>['policy']['breakers']>;

/** Breakers that open soon, for the team or a part of it, of all that may happen meanwhile. */
export function drawBreakerRules({ draw, nodes }: Scene): Rules {
  return draw.times(draw.int(1, 3), () => {
    const path = draw.maybe(450, () => draw.pick(nodes).path);
    const openMs = draw.pick([1, 250, 1_500, 4_000]);
    const fallback = draw.pick(['slot.db', 'tool.search', 'tool_calls', 'memory', 'rate.search']);
    return {
      ...(path === undefined ? {} : { path }),
      resource: draw.pick(['*', '*', 'tool*', 'slot.*', 'slot.gpu', 'credits', 'rate.*', 'memory']),
      failures: draw.pick([1, 1, 2, 3]),
      windowMs: draw.pick([1, 500, 4_000, 60_000]),
      counts: draw.pick([['failure'], ['failure', 'unresolved'], ['unresolved']] as const).slice(),
      openMs,
      ...(draw.isHit(400) ? { openMsMax: openMs * draw.pick([1, 3, 10]) } : {}),
      ...(draw.isHit(250) ? { probes: draw.int(1, 3) } : {}),
      mode: draw.weighted<Rules[number]['mode']>([
        [40, 'deny'],
        [40, 'queue'],
        [25, { fallback }],
      ]),
    };
  });
}

/** An operator takes something away, and mostly gives it back; somebody tries to who may not. */
export function drawBreaker(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const path = anyPath(scene);
  const resource = draw.isHit(40) ? 'gold' : draw.pick(Object.values(RESOURCES).flat());
  const forMs = draw.maybe(600, () => draw.pick([1, 300, 2_000, 6_000]));
  const open = {
    op: 'openBreaker',
    path,
    resource,
    ...(forMs === undefined ? {} : { forMs }),
    ...(draw.isHit(200) ? { reason: 'answers with nonsense' } : {}),
  } as const;
  const by = draw.isHit(900) ? 'operator' : governor(scene);
  const jobs = [callBy(scene, atMs, open, by)];
  const close = { op: 'closeBreaker', path, resource } as const;
  const isClosed = forMs === undefined || draw.isHit(400);
  if (isClosed) jobs.push(callBy(scene, atMs + draw.int(50, 5_000), close));
  if (draw.isHit(200)) jobs.push(callBy(scene, atMs + draw.int(50, 6_000), close));
  return jobs;
}

/** What its holder says did not work: one of the resources that were asked for. */
export function drawFailed(scene: Scene, request: PlannedRequest): { failed?: string[] } {
  const { draw } = scene;
  if (!draw.isHit(180)) return {};
  return { failed: [draw.isHit(30) ? 'tool.never' : draw.pick(Object.keys(amountsOf(request)))] };
}
