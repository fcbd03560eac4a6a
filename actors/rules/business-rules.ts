import type { Amounts } from '../../events/resources.ts';
import type { BusinessRule } from '../../events/rules.ts';
import type { Team } from '../team.ts';
import { concernsCaller } from './concerns.ts';

/** A rule that an ask meets: what it is called, what it looks at and what is asked of that. */
export interface RuleMet {
  readonly effect: BusinessRule['effect'];
  readonly name: string;
  readonly path: string;
  readonly resource: string;
  readonly requested: number;
  readonly above: number;
}

/**
 * The business rule that an ask meets, or undefined. The strictest counts, so that a rule further
 * down never loosens one above it: any `deny`, else the first `approve`.
 * @param asked bounded amounts of all classes
 */
export function ruleMet(team: Team, agent: string, path: string, asked: Amounts) {
  let met: RuleMet | undefined;
  if (team.policy.rules.length === 0) return met;
  for (const [index, rule] of team.policy.rules.entries()) {
    const requested = asked[rule.resource] ?? 0;
    if (requested <= rule.above || !concernsCaller(team, agent, path, rule)) continue;
    if (met !== undefined && rule.effect === 'approve') continue;
    const { effect, resource, above } = rule;
    const name = rule.name ?? `rule-${index + 1}`;
    met = { effect, name, path: rule.path, resource, requested, above };
    if (effect === 'deny') break;
  }
  return met;
}
