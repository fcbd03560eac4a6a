import { LIMITS } from '../../events/limits.ts';
import { anyPath } from './governing.ts';
import type { PlannedCommand, RawJob, RawMessage } from './job.ts';
import { drawRequest } from './requests.ts';
import type { JobDraft, Scene } from './scene.ts';

type Message = Pick<RawMessage, 'subjectOp' | 'content'> & Partial<RawMessage>;

const JSON_TYPES = [undefined, 'application/json; charset=utf-8', 'Application/JSON'] as const;

/** A message past the client, well-formed or not. */
export function drawRaw(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  return draw.weighted<() => JobDraft[]>([
    [22, () => [duplicated(scene, atMs)]],
    [18, () => [repeatOf(scene, atMs)]],
    [10, () => [changed(scene, atMs)]],
    [8, () => [aged(scene, atMs)]],
    [10, () => [nameless(scene, atMs)]],
    [10, () => [inJson(scene, atMs)]],
    [26, () => [unreadable(scene, atMs)]],
    [10, () => [strange(scene, atMs)]],
    [8, () => [batch(scene, atMs)]],
    [5, () => [astray(scene, atMs)]],
  ])();
}

function job(scene: Scene, atMs: number, message: Message, by: Partial<RawJob> = {}): JobDraft {
  const { draw, team } = scene;
  return {
    kind: 'raw',
    atMs,
    agent: draw.pick(scene.agents).name,
    team,
    message: { form: draw.isHit(200) ? 'json' : 'msgpack', ...message },
    againAfterMs: [],
    timeoutMs: 2_000,
    ...by,
  };
}

function ofCommand(command: PlannedCommand): Message {
  return { subjectOp: command.op, content: { body: command } };
}

/** The same bytes again and again, at once and later. */
function duplicated(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const request = drawRequest(scene);
  const who = scene.asker(request.path);
  const againAfterMs = draw.isHit(200)
    ? draw.times(10, (i) => i * 3)
    : draw.times(draw.int(1, 3), () => draw.pick([0, 1, 40, 900, 7_000]));
  if (draw.isHit(600)) return job(scene, atMs, ofCommand(request), { ...who, againAfterMs });
  const id = scene.newId('c');
  const path = anyPath(scene);
  const command = draw.pick<PlannedCommand>([
    { op: 'charge', id, path, amounts: { credits: draw.int(1, 9) } },
    { op: 'topUp', id, path: team, amounts: { credits: draw.int(1, 9) } },
    { op: 'freeze', id, path, forMs: 300 },
    { op: 'stop', id, path, below: 'low', ackMs: 10 },
    { op: 'setLimits', id, path, limits: { tool_calls: { limit: draw.int(10, 90) } } },
    { op: 'open', id, path: `${draw.pick(scene.ofTier('swarm')).path}/d${draw.int(0, 99)}` },
  ]);
  return job(scene, atMs, ofCommand(command), { agent: 'operator', againAfterMs });
}

/** What somebody's client has sent already, in a message of its own. */
function repeatOf(scene: Scene, atMs: number): JobDraft {
  const asked = scene.someAsked(atMs);
  if (asked === undefined) return duplicated(scene, atMs);
  const { draw } = scene;
  const { job: first, agent } = asked;
  const steps = first.kind === 'work' ? first.steps.map(({ command }) => command) : [];
  const request = first.kind === 'work' || first.kind === 'hold' ? [first.request] : [];
  const together = first.kind === 'batch' ? first.commands : [];
  const command = draw.pick([...request, ...request, ...steps, ...together]);
  const againAfterMs = draw.isHit(300) ? [5, 5, 500] : [];
  return job(scene, atMs, ofCommand(command), { agent, againAfterMs });
}

/** An id that is taken, with other content. */
function changed(scene: Scene, atMs: number): JobDraft {
  const { draw } = scene;
  const asked = scene.someAsked(atMs);
  if (asked === undefined) return duplicated(scene, atMs);
  const { id, agent, path } = asked;
  const command = draw.weighted<() => PlannedCommand>([
    [40, () => ({ ...drawRequest(scene), id })],
    [30, () => ({ op: 'request', id, path, items: { credits: { amount: 1 } }, businessImpact: 3 })],
    [10, () => ({ op: 'settle', id, allocation: id, actual: 'unknown' })],
    [5, () => ({ op: 'release', id, allocation: id })],
    [5, () => ({ op: 'cancel', id, request: id })],
    [5, () => ({ op: 'open', id, path: `${path}/q` })],
  ])();
  const isOthers = draw.isHit(200);
  return job(scene, atMs, ofCommand(command), isOthers ? {} : { agent });
}

/** A repeat from long ago, of an id that may be known or not. */
function aged(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const firstSentMsAgo = draw.pick([1, 5_000, LIMITS.idRetentionMs + 1, 86_400_000]);
  const asked = draw.isHit(300) ? scene.someAsked(atMs) : undefined;
  if (asked !== undefined && asked.job.kind === 'work') {
    const repeat = { ...asked.job.request, firstSentMsAgo };
    return job(scene, atMs, ofCommand(repeat), { agent: asked.agent });
  }
  const request = drawRequest(scene);
  const id = scene.newId('c');
  const swarm = draw.pick(scene.ofTier('swarm')).path;
  const allocation = scene.someAsked(atMs)?.id ?? 'none';
  const command = draw.pick<PlannedCommand>([
    request,
    request,
    { op: 'charge', id, path: team, amounts: { credits: 1 } },
    { op: 'topUp', id, path: team, amounts: { credits: 1 } },
    { op: 'settle', id, allocation, actual: 'unknown' },
    { op: 'release', id, allocation },
    { op: 'renew', id, allocation, byMs: 100 },
    { op: 'resize', id, allocation, items: { credits: 1 } },
    { op: 'report', id, allocation, used: { credits: 1 } },
    { op: 'adjust', id, allocation, actual: { credits: 1 } },
    { op: 'cancel', id, request: allocation },
    { op: 'open', id, path: `${swarm}/late${draw.int(0, 9)}` },
    { op: 'close', id, path: `${swarm}/late${draw.int(0, 9)}` },
    { op: 'setLimits', id, path: swarm, limits: {} },
    { op: 'setPolicy', id, path: team, policy: {} },
    { op: 'enrol', id, agent: 'late', role: 'agent', prefix: team },
    { op: 'dismiss', id, agent: 'late' },
    { op: 'freeze', id, path: swarm, forMs: 1 },
    { op: 'unfreeze', id, path: swarm, freeze: 'none' },
    { op: 'stop', id, path: swarm, below: 'low' },
    { op: 'acknowledgeStop', id, path: swarm, stop: 'none' },
    { op: 'recover', id, path: swarm, stop: 'none' },
  ]);
  const who = command.op === 'request' ? scene.asker(command.path) : scene.operator;
  return job(scene, atMs, ofCommand({ ...command, firstSentMsAgo }), who);
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
  const isWork = command.op === 'request';
  const againAfterMs = draw.isHit(400) ? [draw.int(0, 200)] : [];
  const who = isWork ? scene.asker(request.path) : scene.operator;
  return job(scene, atMs, ofCommand(command), { ...who, againAfterMs });
}

function inJson(scene: Scene, atMs: number): JobDraft {
  const { draw } = scene;
  const request = drawRequest(scene);
  const contentType = draw.pick(JSON_TYPES);
  const command = draw.pick<PlannedCommand>([
    request,
    request,
    { op: 'balance', path: anyPath(scene) },
    { op: 'status', of: scene.someAsked(atMs)?.id ?? 'none' },
  ]);
  const message = { ...ofCommand(command), form: 'json' as const };
  const withType = contentType === undefined ? message : { ...message, contentType };
  return job(scene, atMs, withType, scene.asker(request.path));
}

/** Bytes and shapes that are no command. */
function unreadable(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const body = (op: string, value: unknown): Message => ({
    subjectOp: op,
    content: { body: value },
  });
  const path = anyPath(scene);
  const allOps = [
    ...['request', 'settle', 'release', 'renew', 'report', 'resize', 'charge', 'adjust', 'cancel'],
    ...['open', 'close', 'setLimits', 'topUp', 'setPolicy', 'enrol', 'dismiss', 'freeze'],
    ...['unfreeze', 'stop', 'acknowledgeStop', 'recover', 'balance', 'status', 'explain', 'queue'],
    ...['emergencies', 'batch'],
  ];
  const op = draw.pick(allOps);
  const outside = outsideRange(scene, atMs);
  return draw.weighted<() => JobDraft>([
    [16, () => job(scene, atMs, { subjectOp: op, content: { bytes: randomBytes(scene) } })],
    [
      30,
      () =>
        job(
          scene,
          atMs,
          body(op, draw.pick([null, 1, 'text', [], {}, { op: 'other' }, { nope: 1 }])),
        ),
    ],
    [20, () => job(scene, atMs, body(op, { ...outside, op, v: 2 }))],
    [20, () => job(scene, atMs, ofCommand(outside))],
    [
      10,
      () =>
        job(scene, atMs, {
          ...body(op, { op, path }),
          paddingBytes: LIMITS.requestBytesMax + draw.int(0, 5_000),
        }),
    ],
    [
      4,
      () =>
        job(scene, atMs, {
          ...body('request', { op: 'request', path, items: {} }),
          paddingBytes: 100,
        }),
    ],
    [
      3,
      () =>
        job(scene, atMs, {
          ...body(op, { op, path: team }),
          form: 'json',
          contentType: 'application/msgpack',
        }),
    ],
  ])();
}

/** Amounts and times that are none. */
function outsideRange(scene: Scene, atMs: number): PlannedCommand {
  const { draw, team } = scene;
  const amounts = { credits: draw.pick([-1, 1.5, 2 ** 53, 1e300]) };
  const allocation = scene.someAsked(atMs)?.id ?? 'none';
  const id = scene.newId('u');
  return draw.pick<PlannedCommand>([
    { op: 'request', id, path: team, items: { credits: { amount: amounts.credits } } },
    { op: 'settle', id, allocation, actual: amounts },
    { op: 'report', id, allocation, used: amounts },
    { op: 'resize', id, allocation, items: amounts },
    { op: 'charge', id, path: team, amounts },
    { op: 'topUp', id, path: team, amounts },
    { op: 'adjust', id, allocation, actual: amounts },
    { op: 'setLimits', id, path: team, limits: { credits: { limit: amounts.credits } } },
    { op: 'open', id, path: `${team}/u`, limits: { credits: { limit: amounts.credits } } },
    { op: 'renew', id, allocation, byMs: draw.pick([0, 9, 86_400_001, 1.5]) },
    { op: 'request', id, path: team, items: { credits: { amount: 1 } }, ttlMs: 1 },
  ]);
}

/** Ops and fields that this version has not. */
function strange(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const ops = [
    'transfer',
    'distribute',
    'reserve',
    'approve',
    'openBreaker',
    'frobnicate',
    'toString',
  ];
  const op = draw.pick(ops);
  const request = drawRequest(scene);
  const extra = draw.pick([{ anyOf: ['a'] }, { reservationId: 'x' }, { topUpLater: true }]);
  const predicted = { ...request, items: { credits: { amount: 'predict' } } };
  const content = draw.pick<Message>([
    { subjectOp: op, content: { body: { op, path: team } } },
    { subjectOp: 'request', content: { body: { ...request, ...extra } } },
    { subjectOp: 'request', content: { body: predicted } },
  ]);
  return job(scene, atMs, content);
}

function batch(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const request = drawRequest(scene);
  const { agent } = scene.asker(request.path);
  const settle = { op: 'settle', id: scene.newId('x'), allocation: request.id, actual: 'unknown' };
  const balance = { op: 'balance', path: team };
  const commands = draw.weighted<() => unknown>([
    [40, () => [request, settle, balance]],
    [15, () => [request, request, settle, settle]],
    [15, () => [{ op: 'batch', commands: [] }, null, balance, { op: 'nope' }]],
    [8, () => []],
    [4, () => draw.times(LIMITS.batchCommandsMax + 1, () => ({ op: 'status', of: 'none' }))],
    [4, () => 'none'],
    [4, () => draw.times(60, () => ({ op: 'queue', path: team }))],
  ])();
  const version = draw.isHit(100) ? { v: 2 } : {};
  const content = { body: { ...version, commands } };
  return job(
    scene,
    atMs,
    { subjectOp: 'batch', content },
    { agent, againAfterMs: draw.isHit(200) ? [10] : [] },
  );
}

/** With another's name, to another team, or to writers that do not serve the team. */
function astray(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const request = drawRequest(scene);
  const message = ofCommand(request);
  return draw.weighted<() => JobDraft>([
    [30, () => job(scene, atMs, { ...message, subjectTeam: 'elsewhere' })],
    [20, () => job(scene, atMs, { ...message, subjectAgent: 'operator' })],
    [20, () => job(scene, atMs, { ...message, shard: draw.int(0, 2) })],
    [10, () => job(scene, atMs, { ...message, subjectTeam: 'no=name' })],
    [10, () => job(scene, atMs, ofCommand({ op: 'balance', path: `${team}x` }))],
  ])();
}

/** Bytes that decode to something else, or to nothing; base64. */
function randomBytes({ draw }: Scene): string {
  const bytes = draw.times(draw.pick([0, 1, 5, 40]), () => draw.int(0, 255));
  return Buffer.from(bytes).toString('base64');
}
