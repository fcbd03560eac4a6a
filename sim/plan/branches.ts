import { callBy } from './governing.ts';
import type { PlannedCommandOf } from './job.ts';
import type { JobDraft, Scene } from './scene.ts';

type Open = PlannedCommandOf<'open'>;

/** Parallel branches of a run with limits: they open, ask, have their run changed, close one by one. */
export function drawBranches(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const run = draw.pick(scene.ofTier('run')).path;
  const limits = { credits: { limit: draw.int(10, 200) }, concurrency: { limit: draw.int(1, 6) } };
  const jobs = [callBy(scene, atMs, { op: 'setLimits', path: run, limits })];
  const names = draw.shuffled(['p0', 'p1', 'p2', 'p3']).slice(0, draw.int(2, 4));
  for (const name of names) {
    const path = `${run}/${name}`;
    const openAtMs = atMs + draw.int(10, 300);
    jobs.push(callBy(scene, openAtMs, drawBranch(scene, run, path)));
    for (let left = draw.int(1, 3); left > 0; left -= 1) {
      jobs.push(askIn(scene, openAtMs + draw.int(20, 2_500), path));
    }
    const close = { op: 'close', path, ...(draw.isHit(300) ? { force: true } : {}) } as const;
    if (draw.isHit(800)) jobs.push(callBy(scene, openAtMs + draw.int(300, 4_000), close));
  }
  if (draw.isHit(400)) {
    const amounts = { credits: draw.int(0, 60) };
    const id = scene.newId('c');
    jobs.push(callBy(scene, atMs + 900, { op: 'topUp', id, path: run, amounts }));
  }
  const path = `${run}/${draw.pick(names)}`;
  const set = { op: 'setLimits', path, limits: { credits: { limit: 5 } } } as const;
  if (draw.isHit(200)) jobs.push(callBy(scene, atMs + 1_000, set));
  return jobs;
}

/** Mostly a branch; now and then one of nothing, or with a limit that its run divides. */
function drawBranch({ draw }: Scene, run: string, path: string): Open {
  return {
    op: 'open',
    path,
    branchOf: draw.isHit(40) ? path : run,
    ...(draw.isHit(400)
      ? { branchBy: draw.pick(['fair', 'proportional', 'priority'] as const) }
      : {}),
    ...(draw.isHit(400) ? { weightMilli: draw.pick([1, 500, 3_000]) } : {}),
    ...(draw.isHit(300) ? { priorityMax: draw.pick(['low', 'critical'] as const) } : {}),
    ...(draw.isHit(60) ? { limits: { credits: { limit: 3 } } } : {}),
  };
}

function askIn(scene: Scene, atMs: number, branch: string): JobDraft {
  const { draw } = scene;
  const path = `${branch}/${draw.pick(['a', 'b'])}`;
  const id = scene.newId('r');
  const amount = draw.int(1, 60);
  const items = draw.isHit(700) ? { credits: { amount } } : { concurrency: { amount: 1 } };
  const wait = draw.isHit(600) ? { maxWaitMs: 8_000 } : {};
  const { agent, team } = scene.asker(path);
  const request = { op: 'request', id, path, items, ttlMs: 8_000, ...wait } as const;
  const actual = { credits: draw.int(0, amount) };
  const steps = [
    { afterMs: draw.int(0, 1_500), command: { op: 'settle', allocation: id, actual } },
  ];
  return { kind: 'work', atMs, agent, team, request, until: 'outcome', steps } as JobDraft;
}
