import { strict as assert } from 'node:assert';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import type { Priority } from '../../events/priority.ts';
import type { Amounts } from '../../events/resources.ts';
import { addDue } from '../accounts/climb.ts';
import {
  endRecovery,
  hasStanding,
  kindOfLevel,
  levelOf,
  moveCrisis,
  standingOf,
} from '../levels/standing.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { isExempt } from './slow-start.ts';

/** An interval of a slow start begins: who waits beneath is looked at again. */
export function intervalBegun(
  team: Team,
  event: EventOf<'RecoveryStarted' | 'RecoveryAdvanced'>,
): void {
  const node = nodeOf(team, event.path);
  const { place, permille, tier, allow, nextAtMs, atMs } = event;
  const isFirst = event.type === 'RecoveryStarted';
  moveCrisis(team, node, isFirst ? 'recover' : 'advance');
  const standing = standingOf(node);
  const startedAtMs = isFirst ? atMs : (standing.recovery?.startedAtMs ?? atMs);
  standing.recoverAfter = null;
  standing.recovery = { startedAtMs, place, permille, tier, allow, given: {}, grown: {}, nextAtMs };
  addDue(team, nextAtMs, 'recovery', event.path);
  team.agenda.sweeps.add(event.path);
}

/** A slow start is over: everything is given out that there is room for. */
export function recoveryCompleted(team: Team, event: EventOf<'RecoveryCompleted'>): void {
  const node = nodeOf(team, event.path);
  assert(node.standing?.recovery != null, `${event.path} recovers`);
  endRecovery(node);
  moveCrisis(team, node, 'complete');
  moveCrisis(team, node, kindOfLevel(levelOf(node)));
  team.agenda.sweeps.add(event.path);
}

/** After an event that begins a slow start, or that gives out of one. */
export function followRecoveries(team: Team, event: BursarEvent): void {
  if (event.type === 'PolicySet') {
    for (const { path, standing } of team.nodes.values()) {
      if (standing?.recovery != null) team.agenda.recoveries.add(path);
      if (team.policy.recovery === null) standing?.exhaustedAt.clear();
    }
  }
  if (team.policy.recovery === null) return;
  switch (event.type) {
    case 'AllocationGranted':
      return give(team, event);
    case 'StopLifted':
      return recoverAfter(team, nodeOf(team, event.path), 'lifted');
    case 'Unfrozen':
      if (event.by === undefined) return;
      return recoverAfter(team, nodeOf(team, event.path), 'unfrozen');
    case 'ThresholdCrossed':
      if (event.kind === 'exhausted') exhausted(nodeOf(team, event.path), event.resource);
      return;
    case 'AlertRaised':
      if (event.threshold.kind !== 'exhausted') return;
      return exhausted(nodeOf(team, event.path), event.resource);
    case 'ThresholdRearmed':
    case 'AlertCleared':
      return rearmed(team, nodeOf(team, event.path), event.resource);
    case 'WindowOpened':
      return forgetExhausted(team, nodeOf(team, event.path), event.resource);
    case 'LimitsSet':
      for (const [resource, { thresholds }] of Object.entries(event.limits)) {
        if (thresholds === undefined) continue;
        forgetExhausted(team, nodeOf(team, event.path), resource);
      }
      return;
    default:
      return;
  }
}

/** A slow start is called for, unless something else still bars the node. */
function recoverAfter(team: Team, node: Node, cause: EventOf<'RecoveryStarted'>['cause']): void {
  if (!hasStanding(node) || isBarred(node)) return;
  standingOf(node).recoverAfter = cause;
  team.agenda.recoveries.add(node.path);
}

function isBarred({ stops, freezes, phase }: Node): boolean {
  return (stops?.size ?? 0) > 0 || (freezes?.size ?? 0) > 0 || phase !== 'open';
}

/** With the reserve, which comes and goes without a top-up; the ladder measures use without it. */
function exhausted(node: Node, resource: string): void {
  const limit = node.accounts.get(resource)?.limit ?? null;
  if (hasStanding(node) && limit !== null) standingOf(node).exhaustedAt.set(resource, limit);
}

/**
 * Where a window or other thresholds begin, alarms begin anew without a word: what is exhausted then
 * is told again.
 */
function forgetExhausted(team: Team, node: Node, resource: string): void {
  for (const { standing, accounts } of [node, ...node.children]) {
    const account = accounts.get(resource);
    if (account === undefined || isExhausted(team, account)) continue;
    standing?.exhaustedAt.delete(resource);
  }
}

/** An account is exhausted no more; where its limit is higher than it was then, by a top-up. */
function rearmed(team: Team, node: Node, resource: string): void {
  const before = node.standing?.exhaustedAt.get(resource);
  const account = node.accounts.get(resource);
  if (before === undefined || account === undefined) return;
  if (isExhausted(team, account)) return;
  node.standing?.exhaustedAt.delete(resource);
  if (account.limit !== null && account.limit <= before) return;
  recoverAfter(team, node, 'top_up');
}

function isExhausted(
  team: Team,
  { alerts, rung }: NonNullable<ReturnType<Node['accounts']['get']>>,
): boolean {
  if (alerts === null) {
    return team.policy.ladder.slice(0, rung).some(({ kind }) => kind === 'exhausted');
  }
  return [alerts.usage, alerts.balance].some(
    (place) => alerts.thresholds[place]?.kind === 'exhausted',
  );
}

/** Counts what is given out beneath a node that recovers. */
function give(team: Team, { ask, items, priority, via }: EventOf<'AllocationGranted'>): void {
  if (via === 'preemption' || isExempt(ask, priority)) return;
  count(team.nodes.get(ask.path), items, 'given');
}

/** Counts by how much an allocation grows at the wish of its agent. */
export function noteGrowth(node: Node, priority: Priority, growth: Amounts): void {
  if (!isExempt({}, priority)) count(node, growth, 'grown');
}

function count(from: Node | undefined, amounts: Amounts, as: 'given' | 'grown'): void {
  for (let node = from; node !== undefined; node = node.parent) {
    const recovery = node.standing?.recovery ?? null;
    if (recovery === null) continue;
    for (const resource in amounts) {
      if (recovery.allow[resource] === undefined) continue;
      recovery[as][resource] = (recovery[as][resource] ?? 0) + (amounts[resource] as number);
    }
  }
}
