import type { BursarEvent } from '../../events/events.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { Amounts } from '../../events/resources.ts';
import { alertChangeOf } from '../emergencies/alerts.ts';
import { hasLadder, rungOf } from '../emergencies/ladder.ts';
import { noteForecast, noteSpent } from '../forecasts/forecast.ts';
import type { Node } from '../nodes/node.ts';
import type { ChangeKind, NodeChange } from '../nodes/node-change.ts';
import { keepsReserves, noteReserves } from '../reserves/reserve.ts';
import { notePressure } from '../shedding/pressure.ts';
import { accountKey, type Team } from '../team.ts';
import type { DueKind, Timer } from '../timers.ts';
import { climbOf, type ResourceClimb } from './account.ts';

/** Changes after which a waiting request may fit. */
const MAKES_ROOM: ReadonlySet<ChangeKind> = new Set([
  'ended',
  'shrunk',
  'booked',
  'limited',
  'unearmarked',
  'unreserved',
  'childClosed',
  'windowed',
]);

/**
 * Hands a recorded event to the actor of the node where it happens and, with what grows there, to
 * the actors of all tiers above. Notes what may follow from it on the team's agenda.
 */
export function climb(
  team: Team,
  from: Node,
  kind: ChangeKind,
  event: BursarEvent,
  climbs: readonly ResourceClimb[],
  live = 0,
): void {
  const change: NodeChange = { kind, event, climbs, live, isOwn: true };
  const makesRoom = MAKES_ROOM.has(kind);
  wakeOnPath(team, from);
  if (makesRoom) wakeDrawers(team, from);
  const isFelt = climbs.length > 0 || live !== 0;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    team.runtime.deliver(node, change);
    follow(team, node, climbs, makesRoom);
    if (team.policy.forecast !== null) noteAllSpent(team, node, climbs, event.atMs);
    if (!isFelt || (kind === 'childClosed' && climbs.every(isStill))) return;
    change.isOwn = false;
  }
}

function noteAllSpent(
  team: Team,
  node: Node,
  climbs: readonly ResourceClimb[],
  atMs: number,
): void {
  for (const { resource, spentTree } of climbs) {
    if (spentTree !== 0) noteSpent(team, node, resource, spentTree, atMs, atMs);
  }
}

/**
 * A named policy goes by the state of the tree: whatever changes on a path, another may be next in
 * any queue on it.
 */
export function wakeOnPath(team: Team, from: Node): void {
  if (team.policy.queueing === 'default' || team.waiting.size === 0) return;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    for (const resource of node.queues?.keys() ?? []) {
      team.agenda.queues.add(accountKey(node.path, resource));
    }
  }
}

/**
 * Who may draw on a reserve may wait on the swarm or above for what that would give already: what is
 * lacking then lies beneath, or is somebody in line there.
 */
export function wakeDrawers(team: Team, from: Node): void {
  if (team.waiting.size === 0 || !keepsReserves(team.policy)) return;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    if (node.tier !== 'swarm' && node.tier !== 'team') continue;
    for (const [resource, { head }] of node.queues ?? []) {
      if (head === undefined || head.priority < ExecutionPriority.critical) continue;
      team.agenda.queues.add(accountKey(node.path, resource));
    }
  }
}

/** Whether a climb has nothing to tell the nodes above: a roll-up moves use within the tree. */
function isStill(climb: ResourceClimb): boolean {
  return climb.growth === 0 && climb.idleGrowth === 0 && climb.promisedGrowth === 0;
}

function follow(
  team: Team,
  node: Node,
  climbs: readonly ResourceClimb[],
  makesRoom: boolean,
): void {
  if (node.liveTree === 0 && node.phase === 'closing') team.agenda.closings.add(node.path);
  for (const { resource } of climbs) noteChanged(team, node, resource, makesRoom);
}

/** Notes what may follow from a change of an account: who waits for it, what is to be told. */
export function noteChanged(team: Team, node: Node, resource: string, makesRoom: boolean): void {
  if (makesRoom && (node.queues?.has(resource) || isAwaitedPool(team, resource))) {
    team.agenda.queues.add(accountKey(node.path, resource));
  }
  notePressure(team, node, resource);
  if (keepsReserves(team.policy)) noteReserves(team, node, resource);
  const account = node.accounts.get(resource);
  if (account === undefined) return;
  if (makesRoom) noteForecast(team, node, resource);
  if (account.alerts !== null) {
    if (alertChangeOf(account) !== undefined) {
      team.agenda.rungs.add(accountKey(node.path, resource));
    }
  } else if (hasLadder(team, node, resource)) {
    if (rungOf(team.policy.ladder, account) !== account.rung) {
      team.agenda.rungs.add(accountKey(node.path, resource));
    }
  } else if (account.limit === null && account.rung > 0) {
    team.agenda.rungs.add(accountKey(node.path, resource));
  }
}

/** Whether somebody who waits elsewhere would take a pool. */
function isAwaitedPool(team: Team, resource: string): boolean {
  return team.waiters.anyWithPools && team.waiters.whoWouldTake(resource).size > 0;
}

/** Climbs by which amounts are held. */
export function holding(amounts: Amounts): ResourceClimb[] {
  const climbs: ResourceClimb[] = [];
  for (const resource in amounts) {
    climbs.push(climbOf(resource, amounts[resource] as number, 0, 0));
  }
  return climbs;
}

/** Climbs by which amounts are spent that were not held. */
export function spending(amounts: Amounts): ResourceClimb[] {
  return Object.entries(amounts).map(([resource, amount]) => climbOf(resource, 0, amount, 0));
}

/** Climbs that touch accounts without changing a sum. */
export function noChange(amounts: Amounts): ResourceClimb[] {
  return Object.keys(amounts).map((resource) => climbOf(resource, 0, 0, 0));
}

/** Notes a deadline. */
export function addDue(team: Team, atMs: number, kind: DueKind, id: string): Timer {
  return team.timers.add({ atMs, kind, team: team.name, id });
}
