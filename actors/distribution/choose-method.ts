import type { DistributionMethod, ShareTerms } from '../../events/distribution.ts';
import { exactSum } from '../../resolver/share-claim.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { demandOf } from './measured-demand.ts';
import type { Method } from './part-of.ts';

/** A method, and by which rule it was chosen. */
export interface Choice {
  readonly method: Method;
  readonly rule: string;
  readonly factors: Readonly<Record<string, number | boolean>>;
}

/**
 * Which method divides: the one that was asked for, or with `auto` the first of these that
 * is possible with what is known of the children.
 * 1. goals are named: by goals. 2. needs are named that cannot all be met, of different priority: by
 * priority. 3. estimates: predictive. 4. needs: proportional. 5. something was used, is held or
 * waited for: by demand. 6. nothing is known: fair.
 */
export function chooseMethod(
  team: Team,
  children: readonly Node[],
  termsOf: (child: Node) => ShareTerms,
  resource: string,
  total: number,
  asked: DistributionMethod,
): Choice {
  const terms = children.map(termsOf);
  const needs = terms.flatMap(({ need }) => need?.[resource] ?? []);
  const factors = {
    children: children.length,
    goals: terms.filter(({ goal }) => goal !== undefined).length,
    estimates: terms.filter(({ estimate }) => estimate?.[resource] !== undefined).length,
    needs: needs.length,
    needsFit: exactSum(needs) <= BigInt(total),
    priorities: new Set(terms.map(({ priority }) => priority)).size,
    hasDemand: children.some((child) => demandOf(team, child, resource) > 0),
  };
  if (asked !== 'auto') return { method: asked, rule: 'asked', factors };
  const [rule, method] = ruleOf(factors);
  return { method, rule, factors };
}

interface Known {
  readonly goals: number;
  readonly estimates: number;
  readonly needs: number;
  readonly needsFit: boolean;
  readonly priorities: number;
  readonly hasDemand: boolean;
}

function ruleOf(known: Known): readonly [rule: string, method: Method] {
  if (known.goals > 0) return ['1-goals', 'goal'];
  const isScarce = known.needs > 0 && !known.needsFit;
  if (isScarce && known.priorities > 1) return ['2-scarce-by-priority', 'priority'];
  if (known.estimates > 0) return ['3-estimates', 'predictive'];
  if (known.needs > 0) return ['4-needs', 'proportional'];
  return known.hasDemand ? ['5-demand', 'demand'] : ['6-nothing-known', 'fair'];
}
