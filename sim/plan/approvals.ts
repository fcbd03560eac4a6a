import { callBy } from './governing.ts';
import type { JobDraft, Scene } from './scene.ts';

/** Somebody who may says yes or no to recent requests, whether or not they wait for it. */
export function drawApproval(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const approvers = scene.ofRole('approver');
  const agent = draw.weighted([
    [60, approvers.length > 0 ? draw.pick(approvers).name : 'operator'],
    [30, 'operator'],
    [6, draw.pick(scene.agents).name],
  ]);
  const recent = scene.asked.filter((asked) => asked.atMs < atMs).slice(-draw.int(1, 6));
  const ids = recent.length === 0 ? ['none'] : recent.map(({ id }) => id);
  return ids.map((request) => {
    const command = draw.isHit(800)
      ? ({ op: 'approve', request } as const)
      : ({ op: 'decline', request, reason: 'not now' } as const);
    return callBy(scene, atMs + draw.int(0, 400), command, agent);
  });
}
