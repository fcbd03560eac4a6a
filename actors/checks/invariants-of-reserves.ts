import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { Node } from '../nodes/node.ts';
import type { Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';
import { carry } from './second-books.ts';
import { secondOf } from './second-books-events.ts';

/**
 * INV-20: what a grant draws is in the reserve of its own swarm, is part of what it grants, and is
 * for those for whom the reserve is; whoever draws nothing is granted nothing while the reserve is
 * not full and there is room to fill it: what comes back fills it first. O(depth × resources).
 */
export function checkReserveDraw(
  team: Team,
  event: EventOf<'AllocationGranted'>,
  at: Position,
): void {
  const { ask, items, reserve, priority } = event;
  if (reserve === undefined) {
    if (team.shortReserves.size > 0) checkFilledFirst(team, event, at);
    return;
  }
  const tell = (what: string, expected: string, found: string | number) =>
    breached(event, at, { invariant: 'INV-20', path: reserve.path, what, expected, found });
  const swarm = team.nodes.get(reserve.path);
  if (swarm?.tier !== 'swarm' || !isWithin(ask.path, reserve.path)) {
    return tell(`the reserve for ${event.id}`, `that of the swarm of ${ask.path}`, reserve.path);
  }
  if (!isForWhomItIs(team, swarm, priority, Object.keys(items))) {
    tell(`the priority of ${event.id}, which draws`, 'emergency, or critical in need', priority);
  }
  for (const resource in reserve.drawn) {
    const found = reserve.drawn[resource] as number;
    const left = swarm.accounts.get(resource)?.second.reserved ?? 0;
    const most = Math.min(items[resource] ?? 0, left);
    if (found > most) tell(`${resource} drawn by ${event.id}`, `${most} at most`, found);
  }
}

/** INV-20: a reserve has what it had and the change, is no more than it is to be, nor half the limit. */
export function checkReserve(team: Team, event: EventOf<'ReserveChanged'>, at: Position): void {
  const { path, resource, target, change, left } = event;
  const second = team.nodes.get(path)?.accounts.get(resource)?.second;
  const tell = (what: string, expected: number | string, found: number) =>
    breached(event, at, { invariant: 'INV-20', path, resource, what, expected, found });
  if (second === undefined) return;
  const half = Math.floor((second.limit ?? 0) / 2);
  if (target > half) tell('what the reserve is to be', `${half} at most`, target);
  const expected = second.reserved + change;
  if (left !== expected) tell('what is in the reserve', expected, left);
  if (left < 0 || left > target) tell('what is in the reserve', `${target} at most`, left);
}

/** Notes in the second books what a grant draws, before its hold is carried up from beneath. */
export function noteDraw(team: Team, { reserve }: EventOf<'AllocationGranted'>): void {
  const swarm = team.nodes.get(reserve?.path ?? '');
  if (reserve === undefined || swarm === undefined) return;
  for (const resource in reserve.drawn) {
    secondOf(swarm, resource).reserved -= reserve.drawn[resource] as number;
  }
}

/** Takes a change of a reserve into the second books. */
export function carryReserve(team: Team, event: EventOf<'ReserveChanged'>, at: Position): void {
  const node = team.nodes.get(event.path);
  if (node === undefined) return;
  const second = secondOf(node, event.resource);
  second.reserved += event.change;
  second.reserveTarget = event.target;
  carry(event, at, node, event.resource, 0, 0, 0, 0);
}

function isForWhomItIs(
  team: Team,
  swarm: Node,
  priority: number,
  resources: readonly string[],
): boolean {
  if (priority >= ExecutionPriority.emergency) return true;
  if (priority < ExecutionPriority.critical) return false;
  const { degradation } = team.policy;
  if (degradation !== null) {
    return [swarm, swarm.parent].some((node) => {
      const level = node?.standing?.level ?? 0;
      return (
        level > 0 && degradation.levels[Math.min(level, degradation.levels.length) - 1]?.reserve
      );
    });
  }
  const exhausted = team.policy.ladder.findIndex(({ kind }) => kind === 'exhausted') + 1;
  if (exhausted === 0) return false;
  return [swarm, swarm.parent].some((node) =>
    resources.some((resource) => (node?.accounts.get(resource)?.rung ?? 0) >= exhausted),
  );
}

/** Whoever had room set aside for it has passed the reserve by: it was collected by eviction. */
function checkFilledFirst(team: Team, event: EventOf<'AllocationGranted'>, at: Position): void {
  if (event.via === 'preemption') return;
  let swarm = team.nodes.get(event.ask.path.split('/', 2).join('/'));
  if (swarm?.tier !== 'swarm') swarm = undefined;
  for (const resource in event.items) {
    const second = swarm?.accounts.get(resource)?.second;
    if (swarm === undefined || second === undefined) continue;
    if (event.items[resource] === 0 || second.reserved >= second.reserveTarget) continue;
    const above = swarm.parent?.accounts.get(resource)?.second;
    const rooms = [second, above].map((one) => (one?.limit ?? Infinity) - (one?.committed ?? 0));
    const free = Math.min(...rooms);
    if (free <= 0) continue;
    const what = `what is free while the reserve lacks some, as ${event.id} is granted,`;
    const place = { invariant: 'INV-20', path: swarm.path, resource, what } as const;
    breached(event, at, { ...place, expected: 0, found: free });
  }
}
