import type { BursarEvent } from '../../events/events.ts';
import { stamp } from '../context.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { isLifted } from './evolve-level.ts';
import { crisisAfter, kindOfLevel, levelOf } from './standing.ts';
import { targetLevel } from './target-level.ts';

/**
 * The change of a level that follows at once: down to what is called for; up where an operator has
 * lifted a stop, or levels are no more. Empty where nothing follows.
 */
export function changeLevel(team: Team, path: string, atMs: number): BursarEvent[] {
  const node = team.nodes.get(path);
  if (node === undefined) return [];
  const from = levelOf(node);
  const { level: to, cause, resource } = targetLevel(team, node);
  if (to > from) {
    return change(team, node, to, atMs, { cause, ...(resource === undefined ? {} : { resource }) });
  }
  if (from === 0) return [];
  if (team.policy.degradation === null) return change(team, node, 0, atMs, { cause: 'policy' });
  return isLifted(team, node, to) ? change(team, node, to, atMs, { cause: 'recovery' }) : [];
}

/** A level rises by one when nothing has held it for so long. */
export function levelDue(team: Team, path: string, atMs: number): BursarEvent[] {
  const node = team.nodes.get(path);
  const rules = team.policy.degradation;
  const sinceMs = node?.standing?.calmSinceMs ?? null;
  if (node === undefined || rules === null || sinceMs === null) return [];
  if (sinceMs + rules.dwellMs > atMs) return [];
  return change(team, node, levelOf(node) - 1, atMs, { cause: 'recovery' });
}

type Why = {
  readonly cause: 'threshold' | 'alert' | 'stop' | 'recovery' | 'policy';
  readonly resource?: string;
};

function change(team: Team, node: Node, to: number, atMs: number, why: Why): BursarEvent[] {
  if (crisisAfter(team, node, kindOfLevel(to)) === undefined) return [];
  const from = levelOf(node);
  return [{ ...stamp('DegradationChanged', team, atMs), path: node.path, from, to, ...why }];
}
