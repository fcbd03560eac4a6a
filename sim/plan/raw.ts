import { LIMITS } from '../../events/limits.ts';
import { anyPath } from './governing.ts';
import type { PlannedCommand } from './job.ts';
import { messageOf, rawJob } from './raw-job.ts';
import { aged, changed, duplicated, repeated } from './raw-repeats.ts';
import { outsideTeam, strange, unreadable } from './raw-unreadable.ts';
import { drawRequest } from './requests.ts';
import type { JobDraft, Scene } from './scene.ts';

const JSON_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON',
] as const;

/** A message past the client, well-formed or not. */
export function drawRaw(scene: Scene, atMs: number): JobDraft[] {
  const draw = scene.draw.weighted([
    [22, duplicated],
    [16, repeated],
    [14, changed],
    [9, aged],
    [10, nameless],
    [8, inJson],
    [24, unreadable],
    [7, strange],
    [7, outsideTeam],
    [7, batch],
    [4, astray],
  ]);
  return [draw(scene, atMs)];
}

/** Without an id: the writer makes one, and a repeat is a second command. */
function nameless(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const { id: _none, ...request } = drawRequest(scene);
  const path = anyPath(scene);
  const allocation = scene.someAsked(atMs)?.id ?? 'none';
  const command = draw.weighted<PlannedCommand>([
    [40, request],
    [10, { op: 'freeze', path, forMs: 20 }],
    [10, { op: 'stop', path, below: 'low', ackMs: 10 }],
    [10, { op: 'release', allocation }],
    [10, { op: 'settle', allocation, actual: 'unknown' }],
    [5, { op: 'setPolicy', path: team, policy: {} }],
  ]);
  const againAfterMs = draw.isHit(400) ? [draw.int(0, 200)] : [];
  const who = command.op === 'request' ? scene.asker(request.path) : scene.operator;
  return rawJob(scene, atMs, messageOf(command), { ...who, againAfterMs });
}

/** In the form that people write, with a content type as they write it. */
function inJson(scene: Scene, atMs: number): JobDraft {
  const { draw } = scene;
  const request = drawRequest(scene);
  const command = draw.pick<PlannedCommand>([
    request,
    request,
    { op: 'balance', path: anyPath(scene) },
    { op: 'status', of: scene.someAsked(atMs)?.id ?? 'none' },
  ]);
  const message = { form: 'json', contentType: draw.pick(JSON_TYPES) } as const;
  const who = scene.asker(request.path);
  return rawJob(scene, atMs, { ...messageOf(command), ...message }, who);
}

/** Several commands in one message, in ways in which no client sends them. */
function batch(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const request = drawRequest(scene);
  const settle = { op: 'settle', id: scene.newId('x'), allocation: request.id, actual: 'unknown' };
  const balance = { op: 'balance', path: team };
  const tooMany = LIMITS.batchCommandsMax + 1;
  const commands = draw.weighted<() => unknown>([
    [50, () => [request, settle, balance]],
    [20, () => [request, request, settle, settle]],
    [20, () => [{ op: 'batch', commands: [] }, null, balance, { op: 'nope' }]],
    [8, () => []],
    [1, () => draw.times(tooMany, () => ({ op: 'status', of: 'none' }))],
    [4, () => 'none'],
    [2, () => draw.times(60, () => ({ op: 'queue', path: team }))],
  ])();
  const content = { body: { ...(draw.isHit(100) ? { v: 2 } : {}), commands } };
  const { agent } = scene.asker(request.path);
  const againAfterMs = draw.isHit(200) ? [10] : [];
  return rawJob(scene, atMs, { subjectOp: 'batch', content }, { agent, againAfterMs });
}

/** With another's name, to another team, or to writers past the broker's mapping. */
function astray(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const message = messageOf(drawRequest(scene));
  const other = draw.pick([
    { subjectTeam: 'elsewhere' },
    { subjectAgent: 'operator' },
    { shard: draw.int(0, 2) },
    { subjectTeam: 'no=name' },
    messageOf({ op: 'balance', path: `${team}x` }),
  ]);
  return rawJob(scene, atMs, { ...message, ...other });
}
