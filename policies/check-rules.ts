import { isWithin } from '../events/names.ts';
import type { Policy } from '../events/policy.ts';
import { resourceTypeOf } from '../events/resources.ts';
import type { BusinessRule } from '../events/rules.ts';
import type { Note } from './check-meaning.ts';

/** Whom a rule concerns, as far as one can be inside another. */
interface Concern {
  readonly path: string;
  readonly agents?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** Whether everybody whom one rule concerns is concerned by the other too. */
export function coversConcern(wide: Concern, narrow: Concern): boolean {
  if (!isWithin(narrow.path, wide.path)) return false;
  if (wide.agents === undefined && wide.roles === undefined) return true;
  const isIn = (all: readonly string[] = [], some: readonly string[] = []) =>
    some.every((one) => all.includes(one));
  const isSome = narrow.agents !== undefined || narrow.roles !== undefined;
  return isSome && isIn(wide.agents, narrow.agents) && isIn(wide.roles, narrow.roles);
}

/** Business rules that nothing ever reaches: any `deny` counts, else the first `approve`. */
export function checkRules({ rules, resources, bounds }: Policy, note: Note): void {
  for (const [i, rule] of rules.entries()) {
    const by = rules.findIndex((other, at) => at !== i && hides(other, at, rule, i));
    if (by !== -1) {
      const other = rules[by] as BusinessRule;
      const message = `is never reached: rule ${other.name ?? by + 1} decides all that it concerns`;
      note('warning', ['rules', i], message, 'Take one of the two out, or narrow the other.');
    }
    if (rule.above >= 1 && resourceTypeOf(rule.resource, resources)?.exclusive) {
      const message = `is never reached: ${rule.resource} is exclusive, and nobody asks for more`;
      note('warning', ['rules', i, 'above'], message, 'Write 0 to concern every ask.');
    }
    const bound = bounds[rule.resource];
    if (rule.effect === 'deny' && bound !== undefined && bound > rule.above) {
      const message = `an ask without an amount gets ${bound} by \`bounds\`, and is denied by this`;
      note('warning', ['rules', i, 'above'], message, 'Lower the bound, or raise this.');
    }
  }
}

function hides(other: BusinessRule, at: number, rule: BusinessRule, i: number): boolean {
  if (other.resource !== rule.resource || !coversConcern(other, rule)) return false;
  if (other.above > rule.above) return false;
  // Of two alike, the later one is the one too many.
  const isFirst = other.above < rule.above || at < i;
  if (other.effect === 'deny') return rule.effect === 'approve' || isFirst;
  return rule.effect === 'approve' && at < i;
}

/** Caps that cap nothing. */
export function checkCaps({ caps }: Policy, note: Note): void {
  for (const [i, cap] of caps.entries()) {
    const { priorityMax, businessImpactMax, nonPreemptibleMaxPermille, strategies } = cap;
    const all = [priorityMax, businessImpactMax, nonPreemptibleMaxPermille, strategies];
    if (all.every((one) => one === undefined)) {
      const advice = 'Add priorityMax, businessImpactMax, nonPreemptibleMaxPermille or strategies.';
      note('warning', ['caps', i], 'caps nothing', advice);
    }
  }
}
