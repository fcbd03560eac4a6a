import type { LevelRules } from '../../events/degradation-rules.ts';
import type { Priority } from '../../events/priority.ts';
import type { Place } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import { matchingTool } from '../rules/tool-rules.ts';
import type { Team } from '../team.ts';
import { levelOf } from './standing.ts';

/** Why a level does not admit a request, at which node; what becomes of it. */
export interface LevelBar {
  readonly path: string;
  readonly level: number;
  readonly refused: LevelRules['refused'];
  readonly why: 'priority' | 'new run' | 'tool';
  readonly admit: Priority | null;
  readonly tool?: string;
}

/** Nodes of a path that stand at a level, with what that admits; innermost first. */
export function* levelsOn(
  { policy: { degradation } }: Team,
  from: Node,
): Generator<{ readonly node: Node; readonly level: number; readonly rules: LevelRules }> {
  if (degradation === null) return;
  const { levels } = degradation;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const level = levelOf(node);
    const rules = level === 0 ? undefined : levels[Math.min(level, levels.length) - 1];
    if (rules !== undefined) yield { node, level, rules };
  }
}

/**
 * What a level in force has against a request; undefined where it is admitted. What one node of the
 * path denies is denied, whatever another would let wait. O(depth × items).
 */
export function levelBar(
  team: Team,
  { anchor, opened }: Place,
  priority: Priority,
  items: Readonly<Record<string, unknown>>,
): LevelBar | undefined {
  if (team.policy.degradation === null) return undefined;
  let held: LevelBar | undefined;
  for (const { node, level, rules } of levelsOn(team, anchor)) {
    const { admit, newRuns, toolsDenied, refused } = rules;
    const bar = { path: node.path, level, refused, admit };
    let found: LevelBar | undefined;
    const tool = matchingTool(toolsDenied, Object.keys(items));
    if (admit !== null && priority < admit) found = { ...bar, why: 'priority' };
    else if (!newRuns && opened.some(({ tier }) => tier === 'run'))
      found = { ...bar, why: 'new run' };
    else if (tool !== undefined) found = { ...bar, why: 'tool', tool };
    if (found?.refused === 'deny') return found;
    held ??= found;
  }
  return held;
}

/** What the levels in force do with whoever asks for a resource as a tool; undefined: nothing. */
export function toolRefused(
  team: Team,
  anchor: Node,
  resource: string,
): LevelRules['refused'] | undefined {
  let found: LevelRules['refused'] | undefined;
  for (const { rules } of levelsOn(team, anchor)) {
    if (matchingTool(rules.toolsDenied, [resource]) === undefined) continue;
    if (rules.refused === 'deny') return 'deny';
    found = 'queue';
  }
  return found;
}

/** Most of a divisible item that is granted on a path, thousandths; 1,000 where no level caps it. */
export function partCapPermille(team: Team, anchor: Node): number {
  let cap = 1_000;
  if (team.policy.degradation === null) return cap;
  for (const { rules } of levelsOn(team, anchor)) {
    cap = Math.min(cap, rules.partialPermilleMax ?? 1_000);
  }
  return cap;
}

/** What of an item may be granted under a cap: never less than the least that is of use, or one. */
export function cappedAmount(amount: number, least: number, permille: number): number {
  if (permille === 1_000 || least >= amount) return amount;
  return Math.max(least, 1, Number((BigInt(amount) * BigInt(permille)) / 1_000n));
}

/** What a bar says to a person. */
export function barText({ path, level, why, admit, tool }: LevelBar): string {
  const at = `${path} is at level ${level}`;
  if (why === 'tool') return `${at}, where nobody gets the tool ${tool}`;
  return why === 'new run'
    ? `${at}, where no run is opened`
    : `${at}, which admits priority ${admit} and above`;
}

/** Why no run may be opened beneath a node; undefined where one may. */
export function newRunBar(team: Team, parent: Node): string | undefined {
  for (const { node, level, rules } of levelsOn(team, parent)) {
    if (!rules.newRuns) return `${node.path} is at level ${level}, where no run is opened`;
  }
  return undefined;
}
