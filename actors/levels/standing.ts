import { strict as assert } from 'node:assert';
import type { EventOf } from '../../events/events.ts';
import type { RecoveryTier } from '../../events/recovery-rules.ts';
import type { Amounts } from '../../events/resources.ts';
import type { CrisisKind, CrisisState } from '../emergencies/crisis-machine.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/** How a team or swarm stands that is or was in a crisis. */
export interface Standing {
  /** 0 full service to 4 stopped. */
  level: number;
  /** Since when less than its level is called for; null where its level is. */
  calmSinceMs: number | null;
  crisis: CrisisState;
  /** Its slow start, while that is under way. */
  recovery: Recovery | null;
  /** Why one is to begin. */
  recoverAfter: EventOf<'RecoveryStarted'>['cause'] | null;
  /** Limits of accounts at which they were exhausted, by resource. */
  readonly exhaustedAt: Map<string, number>;
}

/** One interval of a slow start. */
export interface Recovery {
  readonly startedAtMs: number;
  /** Its number, from 0. */
  readonly place: number;
  readonly permille: number;
  readonly tier: RecoveryTier;
  /** What may be given out in this interval, and what was. */
  readonly allow: Amounts;
  readonly given: Record<string, number>;
  /** The same by growth of what lives, kept apart: early logs know of grants alone (INV-21). */
  readonly grown: Record<string, number>;
  readonly nextAtMs: number;
}

/** Whether a node can be in a crisis: team and swarms have levels (semantics §8). */
export function hasStanding({ tier }: Pick<Node, 'tier'>): boolean {
  return tier === 'team' || tier === 'swarm';
}

/** How a node stands; of one that never was in a crisis nothing is kept. */
export function standingOf(node: Node): Standing {
  node.standing ??= {
    level: 0,
    calmSinceMs: null,
    crisis: 'normal',
    recovery: null,
    recoverAfter: null,
    exhaustedAt: new Map(),
  };
  return node.standing;
}

export function levelOf({ standing }: Node): number {
  return standing?.level ?? 0;
}

export function crisisOf({ standing }: Node): CrisisState {
  return standing?.crisis ?? 'normal';
}

/** The state of a crisis after an event, or undefined where the machine forbids it. */
export function crisisAfter(team: Team, node: Node, kind: CrisisKind): CrisisState | undefined {
  return team.crises[crisisOf(node)][kind];
}

/** A recorded event moves the crisis of a node. What is not legal was not to be recorded. */
export function moveCrisis(team: Team, node: Node, kind: CrisisKind): void {
  const next = crisisAfter(team, node, kind);
  assert(next !== undefined, `INV: ${kind} is not legal for ${node.path} while ${crisisOf(node)}`);
  standingOf(node).crisis = next;
}

/** What a level is to a crisis. */
export function kindOfLevel(level: number): 'calm' | 'degrade' | 'escalate' {
  if (level === 0) return 'calm';
  return level < 3 ? 'degrade' : 'escalate';
}

/** A stop has begun on a node. */
export function stopBegun(team: Team, node: Node): void {
  if (!hasStanding(node)) return;
  moveCrisis(team, node, 'stop');
  endRecovery(node);
}

/** A stop has been lifted; after the last of them the node fares as its level says. */
export function stopEnded(team: Team, node: Node): void {
  if (!hasStanding(node) || (node.stops?.size ?? 0) > 0) return;
  // Logs of before the crisis machine know of stops alone, which it follows from the first.
  moveCrisis(team, node, 'lift');
  moveCrisis(team, node, kindOfLevel(levelOf(node)));
}

/** A slow start is over, or no slow start any more. */
export function endRecovery(node: Node): void {
  if (node.standing === undefined) return;
  node.standing.recovery = null;
  node.standing.recoverAfter = null;
}
