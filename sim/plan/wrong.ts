import type { PlannedCommand } from './job.ts';
import { drawRequest } from './requests.ts';
import type { JobDraft, Scene } from './scene.ts';

const MOST = Number.MAX_SAFE_INTEGER;

/** A well-formed command with something wrong about it, or by somebody who may not. */
export function drawWrong(scene: Scene, atMs: number): JobDraft[] {
  const { draw, team } = scene;
  const asked = scene.someAsked(atMs);
  const request = drawRequest(scene);
  const { agent } = scene.asker(request.path);
  const other = draw.pick(scene.agents).name;
  const allocation = asked?.id ?? 'none';
  const id = scene.newId('w');
  const [who, command] = draw.weighted<() => readonly [string, PlannedCommand]>([
    [6, () => [agent, { ...request, items: { gold: { amount: 1 } } }]],
    [6, () => [agent, { ...request, deadlineMs: draw.pick([0, -5]) }]],
    [6, () => [agent, { ...request, ttlMs: draw.pick([9, 0, 86_400_001]) }]],
    [
      4,
      () => [agent, { ...request, items: { credits: { amount: draw.pick([-1, 0.5, 2 ** 53]) } } }],
    ],
    [5, () => [agent, { ...request, deadlineMs: 100, expectedMs: 200 }]],
    [5, () => [agent, { ...request, items: { tool_calls: {} } }]],
    [5, () => [other, { ...request, priority: 'emergency' }]],
    [3, () => [agent, { ...request, path: `${team}/no/such/node` }]],
    [3, () => [agent, { ...request, path: 'elsewhere/s0/r0' }]],
    [8, () => [other, { op: 'settle', id, allocation, actual: { credits: 1 } }]],
    [4, () => [other, { op: 'release', id, allocation }]],
    [4, () => [other, { op: 'renew', id, allocation, byMs: 1_000 }]],
    [3, () => [other, { op: 'renew', id, allocation, byMs: 9 }]],
    [4, () => [other, { op: 'resize', id, allocation, items: { credits: 1 } }]],
    [4, () => [other, { op: 'report', id, allocation, used: { credits: MOST } }]],
    [3, () => [other, { op: 'cancel', id, request: allocation }]],
    [3, () => [other, { op: 'adjust', id, allocation, actual: { credits: 1 } }]],
    [3, () => [other, { op: 'charge', id, path: team, amounts: { credits: 1 } }]],
    [3, () => [other, { op: 'setPolicy', id, path: team, policy: {} }]],
    [3, () => [other, { op: 'freeze', id, path: team, forMs: 10 }]],
    [3, () => [other, { op: 'stop', id, path: team, ackMs: 0, below: -1_000 }]],
    [3, () => [other, { op: 'unfreeze', id, path: team, freeze: 'none' }]],
    [3, () => [other, { op: 'recover', id, path: team, stop: 'none' }]],
    [3, () => [other, { op: 'acknowledgeStop', id, path: team, stop: 'none' }]],
    [3, () => [other, { op: 'openBreaker', id, path: team, resource: 'slot.db', forMs: 10 }]],
    [3, () => [other, { op: 'closeBreaker', id, path: team, resource: 'slot.db' }]],
    [3, () => [other, { op: 'dismiss', id, agent: 'stranger' }]],
    [3, () => [other, { op: 'enrol', id, agent: 'stranger', role: 'agent', prefix: team }]],
    [3, () => [other, { op: 'topUp', id, path: team, amounts: { credits: draw.pick([1, MOST]) } }]],
    [3, () => [other, { op: 'reserve', id, path: team, items: { gold: 1 }, forMs: 10 }]],
    [
      3,
      () => [
        other,
        { op: 'transfer', id, from: team, to: `${team}/s0`, amounts: { credits: MOST } },
      ],
    ],
    [3, () => [other, { op: 'setLimits', id, path: team, limits: { credits: { guarantee: 1 } } }]],
    [3, () => [other, { op: 'open', id, path: `${team}/s0/w${draw.int(0, 99)}` }]],
    [3, () => [other, { op: 'close', id, path: `${team}/nowhere` }]],
    ...nothing(id, team).map((one) => [2, () => [other, one] as const] as const),
  ])();
  return [{ kind: 'call', atMs, agent: who, team, command }];
}

/** Asks what a request would come to; often one that takes from others. */
export function drawDryRun(scene: Scene, atMs: number): JobDraft[] {
  const { draw, team } = scene;
  const { id: _none, ...request } = drawRequest(scene);
  const urgent = { priority: 'emergency', strategy: 'preemption_allowed' } as const;
  const isUrgent = draw.isHit(400);
  const command = { ...request, ...(isUrgent ? urgent : {}), dryRun: true };
  const who = isUrgent ? { agent: 'ann', team } : scene.asker(request.path);
  return [{ kind: 'call', atMs, ...who, command }];
}

/** Takes a request out of its queue, or tries to. */
export function drawCancel(scene: Scene, atMs: number): JobDraft[] {
  const { team } = scene;
  const asked = scene.someAsked(atMs);
  const command = { op: 'cancel', id: scene.newId('c'), request: asked?.id ?? 'none' } as const;
  return [{ kind: 'call', atMs, agent: asked?.agent ?? 'operator', team, command }];
}

/** Commands about what there is not. */
function nothing(id: string, team: string): PlannedCommand[] {
  const allocation = 'none';
  const path = `${team}/nowhere`;
  return [
    { op: 'settle', id, allocation, actual: 'unknown' },
    { op: 'release', id, allocation },
    { op: 'renew', id, allocation, ttlMs: 1_000 },
    { op: 'resize', id, allocation, items: { credits: 1 } },
    { op: 'report', id, allocation, used: { credits: 1 } },
    { op: 'adjust', id, allocation, actual: { credits: 1 } },
    { op: 'cancel', id, request: 'none' },
    { op: 'status', of: 'none' },
    { op: 'explain', of: 'none' },
    { op: 'balance', path },
    { op: 'queue', path },
    { op: 'freeze', id, path },
    { op: 'unfreeze', id, path, freeze: 'none' },
    { op: 'stop', id, path },
    { op: 'recover', id, path, stop: 'none' },
    { op: 'setLimits', id, path, limits: {} },
    { op: 'topUp', id, path, amounts: { credits: 1 } },
    { op: 'charge', id, path, amounts: { credits: 1 } },
  ];
}
