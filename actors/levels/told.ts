import type { AnswerOf } from '../../events/answers.ts';
import type { Command } from '../../events/commands.ts';
import { deepestOpen } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import { leftIn } from '../recovery/slow-start.ts';
import type { Team } from '../team.ts';
import { levelsOn } from './level-bar.ts';
import { crisisOf, hasStanding, levelOf } from './standing.ts';

/** What every answer on a path tells of the level in force there, beside what it answers. */
export interface LevelTold {
  readonly level?: number;
  readonly modelHint?: string;
}

const NOTHING: LevelTold = {};

/**
 * The level in force where a command works, the highest of team and swarm, with its hint; nothing
 * at level 0. Of the moment, as the lease that is left: no part of what is stored.
 */
export function levelTold(team: Team, command: Command): LevelTold {
  if (team.policy.degradation === null) return NOTHING;
  const path = pathOf(team, command);
  const from = path === undefined ? undefined : deepestOpen(team, path);
  return from === undefined ? NOTHING : levelToldAt(team, from);
}

/** The same for a node. */
export function levelToldAt(team: Team, from: Node): LevelTold {
  let told = NOTHING;
  for (const { level, rules } of levelsOn(team, from)) {
    if (level <= (told.level ?? 0)) continue;
    const { modelHint } = rules;
    told = { level, ...(modelHint === undefined ? {} : { modelHint }) };
  }
  return told;
}

function pathOf(team: Team, command: Command): string | undefined {
  if ('allocation' in command) {
    const { allocation } = command;
    return team.allocations.get(allocation)?.node.path ?? team.tombstones.get(allocation)?.path;
  }
  return 'path' in command ? command.path : undefined;
}

/** How a team or swarm fares, as `balance` shows it; undefined for runs and steps. */
export function crisisView(team: Team, node: Node, nowMs: number): AnswerOf<'balance'>['crisis'] {
  if (!hasStanding(node)) return undefined;
  const rules = team.policy.degradation;
  const level = levelOf(node);
  const [own] = levelsOn(team, node);
  const sinceMs = node.standing?.calmSinceMs ?? null;
  const isRising = rules !== null && sinceMs !== null;
  return {
    state: crisisOf(node),
    level,
    ...(own?.node === node ? { admits: own.rules } : {}),
    ...recoveryView(node, nowMs),
    risesInMs: isRising ? Math.max(0, sinceMs + rules.dwellMs - nowMs) : null,
  };
}

function recoveryView(
  { standing }: Node,
  nowMs: number,
): Pick<NonNullable<AnswerOf<'balance'>['crisis']>, 'recovery'> {
  const recovery = standing?.recovery ?? null;
  if (recovery === null) return {};
  const { permille, tier, allow, nextAtMs } = recovery;
  const left: Record<string, number> = {};
  for (const resource in allow) left[resource] = leftIn(recovery, resource);
  return { recovery: { permille, tier, left, nextInMs: Math.max(0, nextAtMs - nowMs) } };
}
