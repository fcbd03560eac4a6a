import type { ResourceLimits } from '../../events/commands.ts';
import type { PlannedCommand } from './job.ts';
import { drawRate } from './meters.ts';
import { isRate, RESOURCES } from './resources.ts';
import type { JobDraft, Scene } from './scene.ts';
import { drawTerms } from './terms.ts';
import { workPaths } from './tree.ts';

const MOST = Number.MAX_SAFE_INTEGER;

/** One command by its agent's client; what changes something gets an id unless it has one. */
export function callBy(
  scene: Scene,
  atMs: number,
  command: PlannedCommand,
  agent = 'operator',
): JobDraft {
  const withId = 'id' in command ? command : { ...command, id: scene.newId('c') };
  return { kind: 'call', atMs, agent, team: scene.team, command: withId };
}

/** New limits: raised, cut below what is used, taken away, guaranteed. */
export function drawSetLimits(scene: Scene, atMs: number): JobDraft[] {
  const path = anyPath(scene);
  const limits = drawLimits(scene, path);
  const weight = scene.draw.isHit(150) ? { weightMilli: scene.draw.pick([1, 700, 2_000]) } : {};
  const reclaim = scene.draw.isHit(250) ? { reclaim: true } : {};
  const command = { op: 'setLimits', path, limits, ...weight, ...reclaim } as const;
  return [callBy(scene, atMs, command, governor(scene))];
}

export function drawTopUp(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const path = draw.isHit(500) ? scene.team : anyPath(scene);
  const resource = anyResource(scene);
  const amount = draw.weighted([
    [60, draw.int(1, 40)],
    [20, draw.int(100, 100_000)],
    [4, 0],
    [3, MOST],
  ]);
  return [
    callBy(
      scene,
      atMs,
      { op: 'topUp', path, amounts: { [resource]: amount }, id: scene.newId('c') },
      governor(scene),
    ),
  ];
}

export function drawCharge(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const path = anyPath(scene);
  const resource = draw.weighted([
    [70, draw.pick([...RESOURCES.consumable, ...RESOURCES.tool])],
    [4, draw.pick(RESOURCES.capacity)],
    [2, 'gold'],
  ]);
  const limit = scene.limitOf(path, resource) ?? 1_000;
  const amount = draw.weighted([
    [60, draw.int(0, 20)],
    [10, limit],
    [5, Math.min(MOST, limit + 1)],
    [2, MOST],
  ]);
  const id = scene.newId('c');
  return [callBy(scene, atMs, { op: 'charge', path, amounts: { [resource]: amount }, id })];
}

export function drawAdjust(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const asked = scene.someAsked(atMs);
  const amounts = asked?.amounts ?? { credits: 1 };
  const resource = draw.pick(Object.keys(amounts));
  const amount = draw.weighted([
    [60, Math.floor((amounts[resource] ?? 0) / draw.int(1, 5))],
    [20, draw.int(0, 50)],
    [3, MOST],
  ]);
  const actual = { [draw.isHit(30) ? 'gold' : resource]: amount };
  const allocation = asked?.id ?? 'none';
  return [callBy(scene, atMs, { op: 'adjust', id: scene.newId('c'), allocation, actual })];
}

/** Closes a part of the tree, and mostly opens another one for those who still want to work. */
export function drawClose(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const { path, tier } = draw.weighted([
    [50, draw.pick(scene.ofTier('run'))],
    [
      scene.ofTier('step').length > 0 ? 30 : 0,
      draw.pick([...scene.ofTier('step'), ...scene.nodes]),
    ],
    [scene.ofTier('swarm').length > 1 ? 8 : 1, draw.pick(scene.ofTier('swarm'))],
    [1, draw.pick(scene.ofTier('team'))],
  ]);
  scene.closed.push(path);
  const graceMs = draw.pick([0, 300, 2_000]);
  const closer = tier === 'team' ? 'operator' : governor(scene);
  const close = (at: number, isForced: boolean) =>
    callBy(scene, at, { op: 'close', path, ...(isForced ? { force: true, graceMs } : {}) }, closer);
  const jobs = [close(atMs, draw.isHit(400))];
  if (draw.isHit(300)) jobs.push(close(atMs + draw.int(1, 2_000), draw.isHit(500)));
  if (draw.isHit(300)) jobs.push(callBy(scene, atMs + draw.int(1, 3_000), { op: 'open', path }));
  if (draw.isHit(450)) {
    jobs.push(callBy(scene, atMs + draw.int(1, 400), { op: 'freeze', path, forMs: 500 }));
  }
  if (tier !== 'step' && draw.isHit(400)) {
    jobs.push(callBy(scene, atMs + draw.int(1, 3_000), { op: 'open', path: `${path}/z` }));
  }
  return jobs;
}

/** Another node: a new run or step, one that exists, one without a parent. */
export function drawOpen(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const swarm = draw.pick(scene.ofTier('swarm')).path;
  const run = draw.pick(scene.ofTier('run')).path;
  const steps = scene.ofTier('step').map(({ path }) => path);
  const path = draw.weighted<string>([
    [30, `${swarm}/n${draw.int(0, 9)}`],
    [20, `${run}/n${draw.int(0, 9)}`],
    [8, `${scene.team}/n${draw.int(0, 2)}`],
    [12, anyPath(scene)],
    [4, `${swarm}/no/where`],
    [4, `${steps.length > 0 ? draw.pick(steps) : run}/under`],
    [2, scene.team],
  ]);
  const limits = draw.maybe(500, () => drawLimits(scene, path));
  const isStep = path.split('/').length > 3 && draw.isHit(400);
  const command: PlannedCommand = {
    op: 'open',
    path,
    ...(isStep ? { tier: 'step' as const } : {}),
    ...(limits === undefined ? {} : { limits }),
    ...(draw.isHit(120) ? { deadlineMs: draw.pick([1, 700, 4_000, 15_000]) } : {}),
    ...(draw.isHit(150) ? { priorityMax: draw.pick(['low', 'normal', 'critical'] as const) } : {}),
  };
  return [callBy(scene, atMs, command, governor(scene))];
}

/** Enrols, changes or dismisses; mostly somebody who comes back. */
export function drawEnrol(scene: Scene, atMs: number): JobDraft[] {
  const { draw, team } = scene;
  const who = draw.pick(scene.agents);
  const prefix = draw.weighted([
    [70, team],
    [25, anyPath(scene)],
    [5, 'elsewhere/s0'],
  ]);
  const role = draw.pick(['agent', 'agent', 'agent', 'lead', 'auditor', 'approver'] as const);
  const enrol = (at: number, as: typeof role, beneath: string) =>
    callBy(scene, at, { op: 'enrol', agent: who.name, role: as, prefix: beneath });
  if (draw.isHit(500)) return [enrol(atMs, role, prefix), enrol(atMs + 2_000, 'agent', team)];
  const agent = draw.isHit(150) ? 'stranger' : who.name;
  return [
    callBy(scene, atMs, { op: 'dismiss', agent }),
    enrol(atMs + draw.int(50, 1_500), 'agent', team),
  ];
}

export function anyPath(scene: Scene): string {
  const { draw, nodes } = scene;
  if (draw.isHit(25)) return `${scene.team}/nowhere`;
  return draw.isHit(120) ? draw.pick(workPaths(scene)) : draw.pick(nodes).path;
}

function anyResource({ draw }: Scene): string {
  return draw.isHit(20) ? 'gold' : draw.pick(Object.values(RESOURCES).flat());
}

/** Who sets limits and opens nodes: the operator mostly, a lead, somebody who may not. */
export function governor(scene: Scene): string {
  const { draw } = scene;
  const leads = scene.ofRole('lead');
  const lead = leads.length > 0 ? draw.pick(leads).name : 'operator';
  return draw.weighted([
    [70, 'operator'],
    [20, lead],
    [8, draw.pick(scene.agents).name],
  ]);
}

function drawLimits(scene: Scene, path: string): ResourceLimits {
  const { draw } = scene;
  const limits: Record<string, ResourceLimits[string]> = {};
  for (let i = draw.int(1, 2); i > 0; i -= 1) {
    const resource = anyResource(scene);
    if (isRate(resource) && draw.isHit(850)) {
      limits[resource] = draw.isHit(100) ? { limit: null } : drawRate(draw, 12);
      continue;
    }
    const now = scene.limitOf(path, resource) ?? 100;
    const limit = draw.weighted<number | null | undefined>([
      [22, Math.floor(now / draw.int(2, 6))],
      [30, Math.min(MOST, now * draw.int(1, 4))],
      [10, draw.int(0, 30)],
      [8, null],
      [3, 0],
      [2, MOST],
      [20, undefined],
    ]);
    const guarantee = draw.weighted<number | undefined>([
      [50, undefined],
      [30, Math.floor((limit ?? now) / draw.int(2, 8))],
      [6, limit == null ? now : Math.min(MOST, limit + 1)],
      [4, 0],
      [2, MOST],
    ]);
    limits[resource] = {
      ...(limit === undefined ? {} : { limit }),
      ...(guarantee === undefined ? {} : { guarantee }),
      ...drawTerms(draw, resource, guarantee ?? now),
    };
  }
  return limits;
}
