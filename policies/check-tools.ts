import type { Policy } from '../events/policy.ts';
import type { ToolRule } from '../events/rules.ts';
import type { Note } from './check-meaning.ts';
import { coversConcern } from './check-rules.ts';
import { closestTo } from './did-you-mean.ts';

/** Tool rules that do nothing, patterns that nothing reaches or that match no tool named here. */
export function checkTools(policy: Policy, note: Note): void {
  const known = toolsIn(policy);
  for (const [i, rule] of policy.tools.entries()) {
    const { allow, deny } = rule;
    if ((allow?.length ?? 0) + (deny?.length ?? 0) === 0 && allow === undefined) {
      note('warning', ['tools', i], 'neither allows nor denies a tool', 'Add allow or deny.');
    }
    const earlier = policy.tools.slice(0, i).filter((one) => decidesAll(one, rule));
    if (earlier.length > 0) {
      const message = 'is never reached: a rule before it on the same node decides for every tool';
      note('warning', ['tools', i], message, 'Move it before that one.');
    }
    for (const [at, pattern] of (allow ?? []).entries()) {
      const by = deny?.find((one) => covers(one, pattern));
      if (by === undefined) continue;
      const message = `'${pattern}' is never allowed: '${by}' of the same rule denies it first`;
      note('error', ['tools', i, 'allow', at], message, 'Take one of the two out.');
    }
    for (const list of ['allow', 'deny'] as const) {
      checkPatterns(rule[list] ?? [], known, (at, message, advice) =>
        note('warning', ['tools', i, list, at], message, advice),
      );
    }
  }
}

function checkPatterns(
  patterns: readonly string[],
  known: readonly string[],
  note: (at: number, message: string, advice: string) => void,
): void {
  if (known.length === 0) return;
  for (const [at, pattern] of patterns.entries()) {
    if (pattern === '*' || known.some((tool) => covers(pattern, tool))) continue;
    const meant = closestTo(pattern, known);
    const all = `Tools that this policy knows: ${known.join(', ')}.`;
    note(
      at,
      `'${pattern}' matches no tool that this policy names`,
      meant === undefined ? all : `Did you mean ${meant}? ${all}`,
    );
  }
}

/** On one node the first rule that names a tool decides; one that names every tool ends the list. */
function decidesAll(rule: ToolRule, later: ToolRule): boolean {
  if (rule.path !== later.path || !coversConcern(rule, later)) return false;
  return [...(rule.deny ?? []), ...(rule.allow ?? [])].includes('*');
}

/** Tools for which the policy adds or names a resource; the names of others are not known. */
function toolsIn({ resources }: Policy): string[] {
  const tools = Object.keys(resources).flatMap((name) => {
    const prefix = ['rate.tool.', 'tool.', 'slot.'].find((one) => name.startsWith(one));
    return prefix === undefined ? [] : [name.slice(prefix.length)];
  });
  return [...new Set(tools)].sort();
}

/** Whether a pattern matches all that another does, as far as single names and stars go. */
function covers(pattern: string, other: string): boolean {
  if (pattern === '*' || pattern === other) return true;
  const escaped = pattern.split('*').map((part) => part.replaceAll(/[.]/g, '\\.'));
  return new RegExp(`^${escaped.join('[a-z0-9_.*-]*')}$`).test(other);
}
