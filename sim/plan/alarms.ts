import { isWithin } from '../../events/names.ts';
import { anyPath, callBy } from './governing.ts';
import type { JobDraft, Laid, Scene } from './scene.ts';

const MOST = Number.MAX_SAFE_INTEGER;

/** Somebody wants more of what was granted lately, and finds it barred. */
function growths(scene: Scene, atMs: number): JobDraft[] {
  return scene.asked.slice(-4).map(({ id: allocation, amounts }) => {
    const [resource = 'credits', amount = 0] = Object.entries(amounts)[0] ?? [];
    const items = { [resource]: Math.min(MOST, amount + 1) };
    return callBy(scene, atMs + scene.draw.int(1, 60), { op: 'resize', allocation, items });
  });
}

/** A freeze, and what takes it off: its end, an unfreeze, nothing. */
export function drawFreeze(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const path = anyPath(scene);
  const id = scene.newId('f');
  const forMs = draw.maybe(600, () => draw.pick([1, 200, 1_500, 5_000]));
  const laid: Laid = { id, path, atMs };
  scene.freezes.push(laid);
  const freeze = callBy(scene, atMs, {
    op: 'freeze',
    path,
    id,
    ...(forMs === undefined ? {} : { forMs }),
    ...(draw.isHit(200) ? { reason: 'to look at it' } : {}),
  });
  const isLifted = forMs === undefined || draw.isHit(400);
  if (!isLifted) return [freeze];
  const lift = { op: 'unfreeze', path, freeze: id } as const;
  const lifts = [callBy(scene, atMs + draw.int(50, 4_000), lift)];
  if (draw.isHit(200)) lifts.push(callBy(scene, atMs + draw.int(50, 5_000), lift));
  return [freeze, ...lifts];
}

/** A stop, often with another one above or beneath it that begins before it ends. */
export function drawStop(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const path = anyPath(scene);
  const jobs = stopOn(scene, path, atMs);
  if (!draw.isHit(350)) return jobs;
  const related = [path];
  for (const node of scene.nodes) {
    if (isWithin(node.path, path) || isWithin(path, node.path)) related.push(node.path);
  }
  return [...jobs, ...stopOn(scene, draw.pick(related), atMs + draw.int(0, 900))];
}

/** A stop, who acknowledges it, and its end. */
function stopOn(scene: Scene, path: string, atMs: number): JobDraft[] {
  const { draw } = scene;
  const id = scene.newId('z');
  scene.stops.push({ id, path, atMs });
  const below = draw.maybe(600, () => draw.pick(['all', 'all', 'high', 'emergency', 50] as const));
  const ackMs = draw.maybe(850, () => draw.pick([0, 1, 300, 2_000, 6_000]));
  const jobs = [
    callBy(scene, atMs, {
      op: 'stop',
      path,
      id,
      ...(below === undefined ? {} : { below }),
      ...(ackMs === undefined ? {} : { ackMs }),
    }),
  ];
  for (let i = draw.int(0, 2); i > 0; i -= 1) {
    const { agent } = scene.asker(path);
    const acknowledge = { op: 'acknowledgeStop', path, stop: id } as const;
    jobs.push(callBy(scene, atMs + draw.int(10, 2_000), acknowledge, agent));
  }
  if (draw.isHit(250)) jobs.push(...growths(scene, atMs));
  const recover = { op: 'recover', path, stop: id } as const;
  const liftAtMs = atMs + draw.int(100, 5_000);
  jobs.push(callBy(scene, liftAtMs, recover));
  if (draw.isHit(150)) jobs.push(callBy(scene, liftAtMs + 50, recover));
  return jobs;
}
