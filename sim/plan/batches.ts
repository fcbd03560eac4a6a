import type { PlannedCommand } from './job.ts';
import { amountsOf, drawRequest } from './requests.ts';
import type { JobDraft, Scene } from './scene.ts';

/** Several commands of one agent in the same instant: requests, their ends, questions. */
export function drawBatch(scene: Scene, atMs: number): JobDraft[] {
  const { draw, team } = scene;
  const requests = draw.times(draw.int(2, 12), () => drawRequest(scene));
  const { agent } = scene.asker(requests[0]?.path ?? team);
  const commands: PlannedCommand[] = [...requests];
  for (const request of requests) {
    if (draw.isHit(500)) {
      const settle = { op: 'settle', allocation: request.id, actual: 'unknown' } as const;
      commands.push({ ...settle, id: scene.newId('x') });
    }
    if (draw.isHit(100)) commands.push(request);
  }
  if (draw.isHit(300)) commands.push({ op: 'balance', path: team });
  const job: JobDraft = { kind: 'batch', atMs, agent, team, commands };
  for (const request of requests) {
    const { id, path } = request;
    scene.asked.push({ id, path, agent, atMs, amounts: amountsOf(request), job });
  }
  return [job];
}
