import type { PlannedCommand, RawJob, RawMessage } from './job.ts';
import type { JobDraft, Scene } from './scene.ts';

/** A message without its form: that is drawn. */
export type Message = Pick<RawMessage, 'subjectOp' | 'content'> & Partial<RawMessage>;

/** How long a raw sender waits for its answer, ms. */
const TIMEOUT_MS = 2_000;

/** A message past the client, by anybody unless it says by whom. */
export function rawJob(
  scene: Scene,
  atMs: number,
  message: Message,
  by: Partial<Pick<RawJob, 'agent' | 'againAfterMs'>> = {},
): JobDraft {
  const { draw, team } = scene;
  return {
    kind: 'raw',
    atMs,
    agent: draw.pick(scene.agents).name,
    team,
    message: { form: draw.isHit(200) ? 'json' : 'msgpack', ...message },
    againAfterMs: [],
    timeoutMs: TIMEOUT_MS,
    ...by,
  };
}

export function messageOf(command: PlannedCommand): Message {
  return { subjectOp: command.op, content: { body: command } };
}
