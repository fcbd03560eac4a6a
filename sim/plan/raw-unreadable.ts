import { OPS } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { anyChange } from './any-change.ts';
import { anyPath } from './governing.ts';
import type { PlannedCommand } from './job.ts';
import { type Message, messageOf, rawJob } from './raw-job.ts';
import { drawRequest } from './requests.ts';
import type { JobDraft, Scene } from './scene.ts';

const EVERY_OP = [...OPS];
/** What is no command, whatever the op. */
const SHAPES = [null, 1, 'text', [], {}, { op: 'other' }, { nope: 1 }] as const;
const NO_OPS = ['frobnicate', 'toString'];

/** Bytes and shapes that are no command, and commands of another version. */
export function unreadable(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const path = anyPath(scene);
  const op = draw.pick(EVERY_OP);
  const make = (message: Message) => rawJob(scene, atMs, message);
  const body = (value: unknown): Message => ({ subjectOp: op, content: { body: value } });
  const paddingBytes = LIMITS.requestBytesMax + draw.int(0, 5_000);
  return draw.weighted<() => JobDraft>([
    [16, () => make({ subjectOp: op, content: { bytes: anyBytes(scene) } })],
    [30, () => make(body(draw.pick(SHAPES)))],
    [24, () => make(body({ op, path, v: 2 }))],
    [20, () => make(messageOf(outsideRange(scene, atMs)))],
    [10, () => make({ ...body({ op, path }), paddingBytes })],
    [4, () => make({ ...body({ op, path, items: {} }), paddingBytes: 100 })],
    [3, () => make({ ...body({ path: team }), form: 'json', contentType: 'application/msgpack' })],
  ])();
}

/** Ops and fields that this version has not. */
export function strange(scene: Scene, atMs: number): JobDraft {
  const { draw, team } = scene;
  const op = draw.pick(NO_OPS);
  const request = drawRequest(scene);
  const extra = draw.pick([
    { anyOf: ['a'] },
    { anyOf: [] },
    { reservationId: 'x' },
    { topUpLater: true },
  ]);
  const predicted = { ...request, items: { credits: { amount: 'predict' } } };
  const message = draw.pick<Message>([
    { subjectOp: op, content: { body: { op, path: team } } },
    { subjectOp: 'request', content: { body: { ...request, ...extra } } },
    { subjectOp: 'request', content: { body: predicted } },
  ]);
  return rawJob(scene, atMs, message);
}

/** About another team than the subject says. */
export function outsideTeam(scene: Scene, atMs: number): JobDraft {
  const { draw } = scene;
  const path = 'elsewhere/s0';
  const read = draw.maybe(250, () => ({ op: draw.pick(['balance', 'queue'] as const), path }));
  const command = read ?? anyChange(scene, atMs, scene.newId('u'));
  const moved = 'path' in command ? { ...command, path } : command;
  const elsewhere = moved.op === 'enrol' ? { ...moved, prefix: path } : moved;
  return rawJob(scene, atMs, messageOf(elsewhere as PlannedCommand), scene.operator);
}

/** Amounts and times that are none. */
function outsideRange(scene: Scene, atMs: number): PlannedCommand {
  const { draw, team } = scene;
  const credits = draw.pick([-1, 1.5, 2 ** 53, 1e300]);
  const amounts = { credits };
  const allocation = scene.someAsked(atMs)?.id ?? 'none';
  const id = scene.newId('u');
  return draw.pick<PlannedCommand>([
    { op: 'request', id, path: team, items: { credits: { amount: credits } } },
    { op: 'settle', id, allocation, actual: amounts },
    { op: 'report', id, allocation, used: amounts },
    { op: 'resize', id, allocation, items: amounts },
    { op: 'charge', id, path: team, amounts },
    { op: 'topUp', id, path: team, amounts },
    { op: 'transfer', id, from: `${team}/s0`, to: team, amounts },
    { op: 'reserve', id, path: team, items: amounts, forMs: 300 },
    { op: 'adjust', id, allocation, actual: amounts },
    { op: 'setLimits', id, path: team, limits: { credits: { limit: credits } } },
    { op: 'open', id, path: `${team}/u`, limits: { credits: { limit: credits } } },
    { op: 'renew', id, allocation, byMs: draw.pick([0, 9, 86_400_001, 1.5]) },
    { op: 'request', id, path: team, items: { credits: { amount: 1 } }, ttlMs: 1 },
  ]);
}

/** Bytes that decode to something else, or to nothing; base64. */
function anyBytes({ draw }: Scene): string {
  const bytes = draw.times(draw.pick([0, 1, 5, 40]), () => draw.int(0, 255));
  return Buffer.from(bytes).toString('base64');
}
