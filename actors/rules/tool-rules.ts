import { parentPathOf } from '../../events/names.ts';
import type { Team } from '../team.ts';
import { concernsCaller } from './concerns.ts';
import { matchesPattern } from './pattern.ts';

/** Families of resources that are a tool's, longest prefix first: calls, their rate, its place. */
const FAMILIES = ['rate.tool.', 'tool.', 'slot.'] as const;

/** A tool that the policy does not allow, and which of its rules says so. */
export interface ToolBarrier {
  readonly path: string;
  readonly tool: string;
  readonly rule: string;
  /** The pattern that denies it; null where a list of allowed tools leaves it out. */
  readonly pattern: string | null;
}

/** The tool of which a resource is the quota, the rate or the place; undefined where it is none. */
function toolOf(resource: string): string | undefined {
  for (const prefix of FAMILIES) {
    if (resource.startsWith(prefix)) return resource.slice(prefix.length);
  }
  return undefined;
}

/**
 * The rule of the policy that keeps an agent from a tool that it asks for on a path; undefined where
 * all may be used. Each node of the path is asked by itself and all have to allow it, so that no rule
 * beneath loosens one above (T-06). On one node the first rule in the order of the policy that names
 * the tool decides, in a rule `deny` before `allow`; where none names it, a list of allowed tools
 * leaves it out.
 */
export function toolBarrier(
  team: Team,
  agent: string,
  path: string,
  resources: Iterable<string>,
): ToolBarrier | undefined {
  const { tools: rules } = team.policy;
  if (rules.length === 0) return undefined;
  for (const resource of resources) {
    const tool = toolOf(resource);
    if (tool === undefined) continue;
    for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
      const barrier = barrierAt(team, agent, path, at, tool);
      if (barrier !== undefined) return barrier;
    }
  }
  return undefined;
}

/** What the rules of one node say of a tool. */
function barrierAt(
  team: Team,
  agent: string,
  path: string,
  at: string,
  tool: string,
): ToolBarrier | undefined {
  let leftOutBy: string | undefined;
  for (const [index, rule] of team.policy.tools.entries()) {
    if (rule.path !== at || !concernsCaller(team, agent, path, rule)) continue;
    const name = rule.name ?? `tools-${index + 1}`;
    const pattern = matching(rule.deny, tool);
    if (pattern !== undefined) return { path: at, tool, rule: name, pattern };
    if (matching(rule.allow, tool) !== undefined) return undefined;
    if (rule.allow !== undefined) leftOutBy ??= name;
  }
  return leftOutBy === undefined ? undefined : { path: at, tool, rule: leftOutBy, pattern: null };
}

/** The first tool among some resources that patterns name; undefined where none does. */
export function matchingTool(
  patterns: readonly string[],
  resources: Iterable<string>,
): string | undefined {
  if (patterns.length === 0) return undefined;
  for (const resource of resources) {
    const tool = toolOf(resource);
    if (tool !== undefined && matching(patterns, tool) !== undefined) return tool;
  }
  return undefined;
}

/** Whether a name matches one of some patterns. */
export function fitsAny(patterns: readonly string[], name: string): boolean {
  return matching(patterns, name) !== undefined;
}

/** The first pattern that a tool's name matches. */
function matching(patterns: readonly string[] | undefined, tool: string): string | undefined {
  return patterns?.find((pattern) => matchesPattern(tool, pattern));
}
