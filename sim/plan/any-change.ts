import { anyPath } from './governing.ts';
import type { PlannedCommand } from './job.ts';
import { drawRequest } from './requests.ts';
import type { Scene } from './scene.ts';
import { workPaths } from './tree.ts';

/** A change of any kind under an id of the caller's, each kind as often as the others. */
export function anyChange(scene: Scene, atMs: number, id: string): PlannedCommand {
  const { draw, team } = scene;
  const path = anyPath(scene);
  const swarm = draw.pick(scene.ofTier('swarm')).path;
  const allocation = scene.someAsked(atMs)?.id ?? 'none';
  const stop = scene.stops.length > 0 ? draw.pick(scene.stops) : { id: 'none', path };
  const freeze = scene.freezes.length > 0 ? draw.pick(scene.freezes) : { id: 'none', path };
  const few = draw.int(1, 9);
  return draw.pick<PlannedCommand>([
    { ...drawRequest(scene), id },
    { op: 'settle', id, allocation, actual: 'unknown' },
    { op: 'release', id, allocation },
    { op: 'renew', id, allocation, byMs: 100 },
    { op: 'resize', id, allocation, items: { credits: few } },
    { op: 'report', id, allocation, used: { credits: few } },
    { op: 'adjust', id, allocation, actual: { credits: few } },
    { op: 'cancel', id, request: allocation },
    { op: 'charge', id, path: draw.pick([path, ...workPaths(scene)]), amounts: { credits: few } },
    { op: 'topUp', id, path: team, amounts: { credits: few } },
    { op: 'voidGrant', id, path: team, grant: 'none' },
    { op: 'resetWindow', id, path: swarm, resource: 'credits' },
    { op: 'transfer', id, from: swarm, to: path, amounts: { credits: few } },
    { op: 'distribute', id, path: swarm, amounts: { credits: few } },
    { op: 'reserve', id, path: swarm, items: { credits: few }, forMs: 300 },
    { op: 'cancelReservation', id, reservation: 'none' },
    { op: 'approve', id, request: allocation },
    { op: 'decline', id, request: allocation },
    { op: 'open', id, path: `${swarm}/any${draw.int(0, 99)}` },
    { op: 'close', id, path: `${swarm}/any${draw.int(0, 99)}` },
    { op: 'setLimits', id, path: swarm, limits: { tool_calls: { limit: few * 10 } } },
    { op: 'setPolicy', id, path: team, policy: {} },
    { op: 'enrol', id, agent: 'late', role: 'agent', prefix: team },
    { op: 'dismiss', id, agent: 'late' },
    { op: 'freeze', id, path: swarm, forMs: draw.int(1, 200) },
    { op: 'unfreeze', id, path: freeze.path, freeze: freeze.id },
    { op: 'stop', id, path: swarm, below: 'low', ackMs: 10 },
    { op: 'acknowledgeStop', id, path: stop.path, stop: stop.id },
    { op: 'openBreaker', id, path: swarm, resource: 'slot.db', forMs: few },
    { op: 'closeBreaker', id, path: swarm, resource: 'slot.db' },
    { op: 'recover', id, path: stop.path, stop: stop.id },
  ]);
}
