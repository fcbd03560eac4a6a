import { strict as assert } from 'node:assert';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { addDue } from '../accounts/climb.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { refreshHeld } from './held-back.ts';
import {
  endRecovery,
  hasStanding,
  kindOfLevel,
  levelOf,
  moveCrisis,
  standingOf,
} from './standing.ts';
import { targetLevel } from './target-level.ts';

/** A level has changed: who waits beneath is looked at anew. */
export function degradationChanged(team: Team, event: EventOf<'DegradationChanged'>): void {
  const node = nodeOf(team, event.path);
  const standing = standingOf(node);
  assert(standing.level === event.from, `${event.path} stands at level ${event.from}`);
  standing.level = event.to;
  standing.calmSinceMs = null;
  // As it rises it recovers on, from whatever level.
  const isRecovering = standing.recovery !== null && event.to < event.from;
  moveCrisis(team, node, isRecovering ? 'calm' : kindOfLevel(event.to));
  // Worse than before is no time to recover.
  if (event.to > event.from && event.to > 2) endRecovery(node);
  followLevel(team, node, event.atMs);
  refreshHeld(team, event.path);
  team.agenda.sweeps.add(event.path);
}

/** After an event that may have begun or ended an alarm: whether another level is called for. */
export function followLevels(team: Team, event: BursarEvent): void {
  switch (event.type) {
    case 'ThresholdCrossed':
    case 'ThresholdRearmed':
    case 'AlertRaised':
    case 'AlertCleared':
    case 'Stopped':
    case 'StopLifted':
    case 'LimitsSet':
    case 'ToppedUp':
    case 'GrantsCounted':
      return followLevel(team, nodeOf(team, event.path), event.atMs);
    case 'Transferred':
      followLevel(team, nodeOf(team, event.from), event.atMs);
      return followLevel(team, nodeOf(team, event.to), event.atMs);
    case 'PolicySet':
      refreshHeld(team, team.name);
      return followAll(team, event.atMs);
    case 'WindowOpened':
      if (team.policy.degradation === null) return;
      return followAll(team, event.atMs);
    default:
      return;
  }
}

function followAll(team: Team, atMs: number): void {
  for (const node of team.nodes.values()) followLevel(team, node, atMs);
}

/** Puts a node on the agenda that is to fall; notes since when one is to rise, and until when. */
function followLevel(team: Team, node: Node, atMs: number): void {
  if (!hasStanding(node)) return;
  const level = levelOf(node);
  const target = targetLevel(team, node).level;
  if (level === 0 && target === 0) return;
  const rules = team.policy.degradation;
  if (target > level || rules === null || isLifted(team, node, target)) {
    team.agenda.levels.add(node.path);
  }
  const standing = standingOf(node);
  if (target >= level) standing.calmSinceMs = null;
  else {
    standing.calmSinceMs ??= atMs;
    if (rules !== null) addDue(team, standing.calmSinceMs + rules.dwellMs, 'level', node.path);
  }
}

/** What an operator has ended does not dwell: only a stop leads to level 4 where no alarm does. */
export function isLifted({ policy: { degradation } }: Team, node: Node, target: number): boolean {
  if (levelOf(node) !== 4 || target === 4 || degradation === null) return false;
  return Object.values(degradation.from).every((level) => level < 4);
}
