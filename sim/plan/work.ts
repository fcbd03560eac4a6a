import { share, usedAmount } from './amounts.ts';
import { drawFailed } from './breakers.ts';
import type { HoldJob, PlannedCommand, Step, WorkJob } from './job.ts';
import { amountsOf, drawRequest, type Leaning, type PlannedRequest } from './requests.ts';
import { kindOfResource } from './resources.ts';
import type { JobDraft, Scene } from './scene.ts';

/** Plans a request and what its agent does about it. */
export function drawWork(scene: Scene, atMs: number, leaning?: Leaning): JobDraft {
  const { draw } = scene;
  const request = drawRequest(scene, leaning);
  const who = scene.asker(request.path);
  const job: Omit<WorkJob, 'no'> = {
    kind: 'work',
    atMs,
    ...who,
    request,
    until: draw.isHit(850) ? 'outcome' : 'answer',
    ...(draw.isHit(40) ? { giveUpAfterMs: draw.int(0, 3_000) } : {}),
    steps: drawSteps(scene, request),
  };
  return noted(scene, job, request);
}

/** Plans work under a lease that the client keeps. */
export function drawHold(scene: Scene, atMs: number, leaning?: Leaning): JobDraft {
  const { draw } = scene;
  const { ttlMs: _short, ...request } = drawRequest(scene, leaning);
  const workMs = draw.pick([0, 50, 500, 3_000, 9_000]);
  const ttlMs = draw.pick([200, 1_000, 5_000, 60_000]);
  const used = consumablesOf(scene, request, 100, 900);
  const isReporting = Object.keys(used).length > 0 && draw.isHit(400);
  const job: Omit<HoldJob, 'no'> = {
    kind: 'hold',
    atMs,
    ...scene.asker(request.path),
    request: { ...request, ttlMs },
    workMs,
    reports: isReporting ? [halfOf(used), used] : [],
    actual: draw.isHit(100) ? 'unknown' : used,
    ...(draw.isHit(120) ? { hasFault: true } : {}),
    ...(draw.isHit(150) ? { isDeaf: true } : {}),
  };
  return noted(scene, job, request);
}

function noted(scene: Scene, job: JobDraft, request: PlannedRequest): JobDraft {
  const { id, path } = request;
  scene.asked.push({
    id,
    path,
    agent: job.agent,
    atMs: job.atMs,
    amounts: amountsOf(request),
    job,
  });
  return job;
}

/** How an agent ends what it was granted. Times count from the grant. */
function drawSteps(scene: Scene, request: PlannedRequest): Step[] {
  const { draw } = scene;
  const soon = draw.pick([0, 0, 20, 200, 1_000, 4_000]);
  const lateMs = (request.ttlMs ?? 60_000) + draw.int(1, 500);
  const isShort = lateMs <= 9_000;
  const settle = (afterMs: number) => stepOf(scene, afterMs, settleOf(scene, request));
  return draw.weighted<() => Step[]>([
    [40, () => [settle(soon)]],
    [10, () => [stepOf(scene, soon, releaseOf(scene, request))]],
    [8, () => []],
    [isShort ? 16 : 0, () => [settle(lateMs)]],
    [5, () => [...during(scene, request, soon), settle(isShort ? lateMs : soon + 50)]],
    [20, () => [...during(scene, request, soon), settle(soon + 50)]],
    [6, () => twice(settle(soon), draw.int(0, 800))],
    [2, () => draw.times(10, (i) => ({ ...settle(soon + i), isUnconditional: true }))],
    [3, () => again(settle(soon), 10)],
    [6, () => [settle(soon), ...afterwards(scene, request, soon + draw.int(1, 500))]],
    [3, () => [...afterwards(scene, request, soon).map(unconditional), settle(soon + 700)]],
  ])();
}

/** What is done while the work goes on. */
function during(scene: Scene, request: PlannedRequest, untilMs: number): Step[] {
  const { draw } = scene;
  const { id: allocation } = request;
  const early = Math.floor(untilMs / 2);
  return draw.times(draw.int(1, 3), () => {
    const command = draw.weighted<() => PlannedCommand>([
      [
        30,
        () => ({
          op: 'report',
          allocation,
          used: usesOf(scene, request),
          ...drawFailed(scene, request),
        }),
      ],
      [20, () => ({ op: 'renew', allocation, ...drawRenewal(scene) })],
      [30, () => ({ op: 'resize', allocation, items: sizesOf(scene, request) })],
      [8, () => ({ op: 'status', of: allocation })],
      [8, () => ({ op: 'explain', of: allocation })],
      [4, () => ({ op: 'cancel', request: allocation })],
      [4, () => ({ op: 'settle', allocation, actual: { credits: -1 } })],
      [3, () => ({ op: 'resize', allocation, items: { gold: 1 } })],
      [3, () => ({ op: 'report', allocation, used: { gold: 1 } })],
      [3, () => ({ op: 'settle', allocation, actual: { gold: 1 } })],
      [2, () => ({ op: 'renew', allocation, ttlMs: 9 })],
    ])();
    return stepOf(scene, draw.int(0, early), command);
  });
}

/** What is tried on an allocation that has ended. */
function afterwards(scene: Scene, request: PlannedRequest, afterMs: number): Step[] {
  const { draw } = scene;
  const { id: allocation } = request;
  const commands: PlannedCommand[] = [
    { op: 'renew', allocation, byMs: 1_000 },
    { op: 'resize', allocation, items: sizesOf(scene, request) },
    { op: 'report', allocation, used: usesOf(scene, request) },
    { op: 'release', allocation },
    { op: 'status', of: allocation },
    { op: 'cancel', request: allocation },
    { op: 'explain', of: allocation },
  ];
  return draw
    .shuffled(commands)
    .slice(0, 3)
    .map((command) => stepOf(scene, afterMs, command));
}

function settleOf(scene: Scene, request: PlannedRequest): PlannedCommand {
  const { draw } = scene;
  const { id: allocation } = request;
  const used = usesOf(scene, request);
  const actual = draw.weighted<() => (PlannedCommand & { op: 'settle' })['actual']>([
    [80, () => used],
    [8, () => 'unknown'],
    [4, () => Object.fromEntries(Object.keys(used).map((resource) => [resource, 'unknown']))],
    [4, () => ({ ...used, compute_ms: draw.int(0, 5_000) })],
    [2, () => ({})],
    [2, () => ({ ...used, credits: Number.MAX_SAFE_INTEGER })],
  ])();
  return { op: 'settle', allocation, actual, ...drawFailed(scene, request) };
}

function releaseOf(scene: Scene, request: PlannedRequest): PlannedCommand {
  return { op: 'release', allocation: request.id, ...drawFailed(scene, request) };
}

/** What was used of the consumables of a request. */
function usesOf(scene: Scene, request: PlannedRequest): Record<string, number> {
  const held = amountsOf(request);
  const used: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(held)) {
    if (!isSpent(resource)) continue;
    used[resource] = usedAmount(scene.draw, amount, scene.limitOf(request.path, resource));
  }
  return used;
}

function consumablesOf(scene: Scene, request: PlannedRequest, min: number, max: number) {
  const held = Object.entries(amountsOf(request)).filter(([resource]) => isSpent(resource));
  return Object.fromEntries(
    held.map(([resource, amount]) => [resource, share(scene.draw, amount, min, max)]),
  );
}

function halfOf(amounts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(amounts).map(([resource, amount]) => [resource, Math.floor(amount / 2)]),
  );
}

function sizesOf(scene: Scene, request: PlannedRequest): Record<string, number> {
  const { draw } = scene;
  const [resource, held] = draw.pick(Object.entries(amountsOf(request)));
  const limit = scene.limitOf(request.path, resource);
  const amount = draw.weighted<() => number>([
    [35, () => Math.floor(held / draw.int(1, 4))],
    [30, () => Math.min(Number.MAX_SAFE_INTEGER, held + draw.int(1, 10))],
    [10, () => (limit ?? held) + (limit === Number.MAX_SAFE_INTEGER ? 0 : 1)],
    [5, () => 0],
    [4, () => Number.MAX_SAFE_INTEGER],
  ])();
  return { [resource]: amount };
}

function drawRenewal({ draw }: Scene): { byMs: number } | { ttlMs: number } {
  const ms = draw.pick([10, 500, 5_000, 60_000, 86_400_000]);
  return draw.isHit(500) ? { byMs: ms } : { ttlMs: ms };
}

function isSpent(resource: string): boolean {
  const kind = kindOfResource(resource);
  return kind === 'consumable' || kind === 'tool';
}

const READS: ReadonlySet<string> = new Set(['status', 'explain']);

/** A step; what changes something gets an id. */
function stepOf(scene: Scene, afterMs: number, command: PlannedCommand): Step {
  const hasId = !READS.has(command.op);
  return { afterMs, command: hasId ? { ...command, id: scene.newId('x') } : command };
}

function unconditional(step: Step): Step {
  return { ...step, isUnconditional: true };
}

/** The same command, id and all, once more. */
function twice(step: Step, laterMs: number): Step[] {
  return [step, { ...step, afterMs: step.afterMs + laterMs }];
}

function again(step: Step, count: number): Step[] {
  return Array.from({ length: count }, (_, i) => ({ ...step, afterMs: step.afterMs + 5 * i }));
}
