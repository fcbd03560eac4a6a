import type { EventOf } from '../../events/events.ts';
import { hasLadder } from '../emergencies/ladder.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { hasStanding } from './standing.ts';

/** The level that is called for, and by what. */
export interface TargetLevel {
  readonly level: number;
  readonly cause: Extract<EventOf<'DegradationChanged'>['cause'], 'threshold' | 'alert' | 'stop'>;
  readonly resource?: string;
}

/** A stop of everything. */
const STOPPED = 4;
const NONE: TargetLevel = { level: 0, cause: 'threshold' };

/**
 * The level to which the alarms of a team or swarm lead: those of its own accounts that were told
 * and still hold, and a stop of all its work. O(accounts × rungs).
 */
export function targetLevel(team: Team, node: Node): TargetLevel {
  const rules = team.policy.degradation;
  if (rules === null || !hasStanding(node)) return NONE;
  for (const { below } of node.stops?.values() ?? []) {
    if (below === null) return { level: STOPPED, cause: 'stop' };
  }
  let worst = NONE;
  for (const [resource, { alerts, rung }] of node.accounts) {
    if (alerts !== null) {
      for (const place of [alerts.usage, alerts.balance]) {
        const kind = alerts.thresholds[place]?.kind;
        const level = kind === undefined ? 0 : rules.from[kind];
        if (level > worst.level) worst = { level, cause: 'alert', resource };
      }
    } else if (hasLadder(team, node, resource)) {
      for (const { kind } of team.policy.ladder.slice(0, rung)) {
        const level = rules.from[kind];
        if (level > worst.level) worst = { level, cause: 'threshold', resource };
      }
    }
  }
  return worst;
}
