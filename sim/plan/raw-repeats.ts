import { LIMITS } from '../../events/limits.ts';
import { anyChange } from './any-change.ts';
import type { PlannedCommand } from './job.ts';
import { messageOf, rawJob } from './raw-job.ts';
import { drawRequest } from './requests.ts';
import type { JobDraft, Scene } from './scene.ts';

/** The same bytes again and again, at once and later. */
export function duplicated(scene: Scene, atMs: number): JobDraft {
  const { draw } = scene;
  const againAfterMs = draw.isHit(200)
    ? draw.times(10, (i) => i * 3)
    : draw.times(draw.int(1, 3), () => draw.pick([0, 1, 40, 900, 7_000]));
  if (draw.isHit(500)) {
    const request = drawRequest(scene);
    return rawJob(scene, atMs, messageOf(request), { ...scene.asker(request.path), againAfterMs });
  }
  const command = anyChange(scene, atMs, scene.newId('c'));
  return rawJob(scene, atMs, messageOf(command), { ...scene.operator, againAfterMs });
}

/** What somebody's client has sent already, in a message of its own. */
export function repeated(scene: Scene, atMs: number): JobDraft {
  const asked = scene.someAsked(atMs);
  if (asked === undefined) return duplicated(scene, atMs);
  const { draw } = scene;
  const { job: first, agent } = asked;
  const steps = first.kind === 'work' ? first.steps.map(({ command }) => command) : [];
  const request = first.kind === 'work' || first.kind === 'hold' ? [first.request] : [];
  const together = first.kind === 'batch' ? first.commands : [];
  const command = draw.pick([...request, ...request, ...steps, ...together]);
  const againAfterMs = draw.isHit(300) ? [5, 5, 500] : [];
  return rawJob(scene, atMs, messageOf(command), { agent, againAfterMs });
}

/** An id that is taken, with other content. */
export function changed(scene: Scene, atMs: number): JobDraft {
  const { draw } = scene;
  const asked = scene.someAsked(atMs);
  if (asked === undefined) return duplicated(scene, atMs);
  const { id, agent, path } = asked;
  if (draw.isHit(600)) {
    return rawJob(scene, atMs, messageOf(anyChange(scene, atMs, id)), scene.operator);
  }
  const command = draw.pick<PlannedCommand>([
    { ...drawRequest(scene), id },
    { op: 'request', id, path, items: { credits: { amount: 1 } }, businessImpact: 3 },
    { op: 'settle', id, allocation: id, actual: 'unknown' },
    { op: 'cancel', id, request: id },
    { op: 'open', id, path: `${path}/q` },
  ]);
  return rawJob(scene, atMs, messageOf(command), draw.isHit(200) ? {} : { agent });
}

/** A repeat from long ago, of an id that may be known or not. */
export function aged(scene: Scene, atMs: number): JobDraft {
  const { draw } = scene;
  const firstSentMsAgo = draw.pick([1, 5_000, LIMITS.idRetentionMs + 1, 86_400_000]);
  const asked = draw.isHit(300) ? scene.someAsked(atMs) : undefined;
  if (asked?.job.kind === 'work') {
    const repeat = { ...asked.job.request, firstSentMsAgo };
    return rawJob(scene, atMs, messageOf(repeat), { agent: asked.agent });
  }
  const command = anyChange(scene, atMs, scene.newId('c'));
  return rawJob(scene, atMs, messageOf({ ...command, firstSentMsAgo }), scene.operator);
}
