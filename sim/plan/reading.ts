import { anyPath } from './governing.ts';
import type { PlannedCommand } from './job.ts';
import type { JobDraft, Scene } from './scene.ts';

/** A question of anybody who may ask it, and of some who may not. */
export function drawRead(scene: Scene, atMs: number): JobDraft[] {
  const { draw, team } = scene;
  const agent = draw.pick(scene.agents).name;
  const call = (command: PlannedCommand): JobDraft => ({
    kind: 'call',
    atMs,
    agent,
    team,
    command,
  });
  return [
    call(
      draw.weighted<() => PlannedCommand>([
        [34, () => ({ op: 'balance', path: anyPath(scene) })],
        [26, () => ({ op: 'status', of: anyId(scene, atMs) })],
        [14, () => ({ op: 'explain', of: anyId(scene, atMs) })],
        [14, () => ({ op: 'queue', path: anyPath(scene) })],
        [8, () => ({ op: 'policy', path: draw.isHit(100) ? anyPath(scene) : team })],
        [12, () => ({ op: 'emergencies', since: draw.pick([0, 0, 5, 1_000_000]) })],
      ])(),
    ),
  ];
}

/** Somebody listens to emergencies for a while. */
export function drawWatch(scene: Scene, atMs: number): JobDraft[] {
  const { draw, team } = scene;
  const agent = draw.pick(scene.agents).name;
  return [{ kind: 'watch', atMs, agent, team, forMs: draw.int(100, 20_000), since: 0 }];
}

/** An id that something of the team has, or nothing. */
function anyId(scene: Scene, atMs: number): string {
  const { draw } = scene;
  const laid = [...scene.freezes, ...scene.stops];
  return draw.weighted<() => string>([
    [70, () => scene.someAsked(atMs)?.id ?? 'none'],
    [10, () => `x${draw.int(1, 300)}`],
    [8, () => `c${draw.int(1, 300)}`],
    [laid.length > 0 ? 8 : 0, () => draw.pick(laid).id],
    [6, () => 'none'],
  ])();
}
