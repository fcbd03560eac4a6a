import { anyPath, callBy, governor } from './governing.ts';
import { RESOURCES } from './resources.ts';
import type { JobDraft, Scene } from './scene.ts';
import { workPaths } from './tree.ts';
import { drawWork } from './work.ts';

/** Limits that move: between siblings mostly, up and down a branch, too much, nothing. */
export function drawTransfer(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const giver = draw.pick(scene.nodes).path;
  const parent = giver.slice(0, Math.max(0, giver.lastIndexOf('/')));
  const siblings = scene.nodes.filter(
    ({ path }) => path !== giver && path.slice(0, path.lastIndexOf('/')) === parent,
  );
  const to = draw.weighted<string>([
    [
      siblings.length > 0 ? 70 : 0,
      (siblings.length > 0 ? draw.pick(siblings) : { path: giver }).path,
    ],
    [20, draw.pick(scene.nodes).path],
    [5, anyPath(scene)],
  ]);
  const limited = scene.nodes.find(({ path }) => path === giver)?.limits ?? {};
  const names = Object.keys(limited).filter((name) => limited[name]?.limit != null);
  const resource = names.length > 0 && draw.isHit(850) ? draw.pick(names) : 'credits';
  const limit = scene.limitOf(giver, resource) ?? 100;
  const amount = draw.weighted([
    [60, Math.floor(limit / draw.int(3, 8))],
    [15, draw.int(0, 5)],
    [8, limit],
    [3, Number.MAX_SAFE_INTEGER],
  ]);
  const id = scene.newId('c');
  const command = { op: 'transfer', id, from: giver, to, amounts: { [resource]: amount } } as const;
  return [callBy(scene, atMs, command, governor(scene))];
}

/**
 * Sets something aside and works with it: in its time and before, within it and above, there and
 * elsewhere; now and then it is cancelled.
 */
export function drawReserve(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const path = draw.weighted([
    [50, draw.pick(scene.ofTier('run')).path],
    [25, draw.pick(scene.ofTier('swarm')).path],
    [15, draw.pick(workPaths(scene))],
    [5, anyPath(scene)],
  ]);
  const resources = draw.shuffled(Object.values(RESOURCES).flat()).slice(0, draw.int(1, 2));
  const items = Object.fromEntries(
    resources.map((resource) => {
      const most = Math.min(scene.limitOf(path, resource) ?? 40, 1_000_000);
      return [resource, Math.max(1, Math.floor(most / draw.int(2, 6)))];
    }),
  );
  const id = scene.newId('v');
  const startInMs = draw.pick([undefined, undefined, 0, 400, 3_000]);
  const forMs = draw.pick([300, 2_000, 6_000, 20_000]);
  const reserve = {
    op: 'reserve',
    id,
    path,
    items,
    forMs,
    ...(startInMs === undefined ? {} : { startInMs }),
  } as const;
  const jobs = [callBy(scene, atMs, reserve, draw.isHit(900) ? 'operator' : governor(scene))];
  for (let i = draw.int(1, 4); i > 0; i -= 1) {
    const from = (startInMs ?? 0) + draw.int(5, forMs);
    jobs.push(drawing(scene, atMs + (draw.isHit(150) ? 10 : from), id, path, items));
  }
  if (draw.isHit(250)) {
    const cancel = { op: 'cancelReservation', reservation: draw.isHit(80) ? 'none' : id } as const;
    jobs.push(callBy(scene, atMs + draw.int(100, 4_000), cancel, governor(scene)));
  }
  return jobs;
}

/** Work that names a reservation: for a part of it, all, more, or with something besides. */
function drawing(
  scene: Scene,
  atMs: number,
  reservationId: string,
  path: string,
  reserved: Readonly<Record<string, number>>,
): JobDraft {
  const { draw } = scene;
  const work = drawWork(scene, atMs);
  if (work.kind !== 'work') return work;
  const beneath = workPaths(scene).filter((one) => one.startsWith(`${path}/`));
  const at = beneath.length > 0 && draw.isHit(700) ? draw.pick(beneath) : path;
  const items = Object.fromEntries(
    Object.entries(reserved).map(([resource, amount]) => {
      const part = draw.pick([amount, Math.ceil(amount / 2), Math.ceil(amount / 3), amount + 1]);
      return [resource, { amount: part }];
    }),
  );
  const request = {
    ...work.request,
    path: draw.isHit(950) ? at : work.request.path,
    items: draw.isHit(150) ? { ...work.request.items, ...items } : items,
    reservationId,
  };
  return { ...work, request };
}
