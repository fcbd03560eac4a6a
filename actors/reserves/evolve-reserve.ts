import { strict as assert } from 'node:assert';
import type { EventOf } from '../../events/events.ts';
import { reservedClimb } from '../accounts/account.ts';
import { climb } from '../accounts/climb.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import type { Node } from '../nodes/node.ts';
import { accountOf } from '../nodes/node-change.ts';
import { accountKey, type Team } from '../team.ts';

/** A reserve is set, filled or given up. */
export function reserveChanged(team: Team, event: EventOf<'ReserveChanged'>): void {
  const { path, resource, target, change, left } = event;
  const node = nodeOf(team, path);
  const account = accountOf(node, resource);
  const kind = change < 0 ? 'unreserved' : 'replenished';
  climb(team, node, kind, event, [reservedClimb(resource, change)]);
  assert(account.reserved === left, 'a reserve has what its event says');
  const drawn = Math.max(0, account.reserveDrawn - Math.max(0, change));
  account.reserveTarget = target;
  account.reserveDrawn = Math.min(drawn, target - left);
  noteShort(team, node, resource);
  if (change > 0) wakeDrawers(team, node, resource);
}

/** A grant takes its part out of the reserve of its swarm, before it is held. */
export function drawReserve(team: Team, event: EventOf<'AllocationGranted'>): void {
  if (event.reserve === undefined) return;
  const { path, drawn } = event.reserve;
  const node = nodeOf(team, path);
  for (const resource in drawn) {
    const amount = drawn[resource] as number;
    climb(team, node, 'replenished', event, [reservedClimb(resource, -amount)]);
    accountOf(node, resource).reserveDrawn += amount;
    noteShort(team, node, resource);
  }
}

/** Remembers which reserves are to be filled when there is room on a tier above. */
function noteShort(team: Team, node: Node, resource: string): void {
  const { reserveTarget, reserved } = accountOf(node, resource);
  const key = accountKey(node.path, resource);
  if (reserved < reserveTarget) team.shortReserves.add(key);
  else team.shortReserves.delete(key);
}

/** Who waits may be one of those for whom the reserve is. */
function wakeDrawers(team: Team, from: Node, resource: string): void {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    if (node.queues?.has(resource)) team.agenda.queues.add(accountKey(node.path, resource));
  }
}
