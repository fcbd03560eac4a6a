import { amountText } from '../../events/amount-text.ts';
import type { Refusal } from '../../events/answers.ts';
import { refuse } from '../../events/refusals.ts';
import type { Amounts } from '../../events/resources.ts';
import type { CallerCap } from '../../events/rules.ts';
import { usePermille } from '../accounts/account.ts';
import type { Asked } from '../allocations/decide-request.ts';
import { allocationsBeneath } from '../nodes/beneath.ts';
import type { Place } from '../nodes/locate.ts';
import type { Team } from '../team.ts';
import { priorityCapOf } from './authority.ts';
import { concernsCaller } from './concerns.ts';

/**
 * What an agent says of its own request is a claim (semantics §1): refuses what is above a cap of
 * its credential, of a node, or of the policy. Of several caps the strictest counts.
 * @param wanted bounded amounts; undefined where they are not known
 */
export function beyondCap(
  team: Team,
  asked: Asked,
  place: Place,
  wanted: Amounts | undefined,
): Refusal | undefined {
  const { id, agent, ask, priority } = asked;
  const cap = priorityCapOf(team, agent, place.anchor);
  if (priority > cap) {
    const message = `priority ${priority} is above the cap of ${cap} for ${agent} on ${ask.path}`;
    return refuse('not_permitted', message, { id });
  }
  return team.policy.caps.length === 0 ? undefined : beyondRule(team, asked, wanted);
}

/** Refuses what is above a cap of the policy. */
function beyondRule(
  team: Team,
  { id, agent, ask, priority }: Asked,
  wanted: Amounts | undefined,
): Refusal | undefined {
  const refused = (message: string) => refuse('not_permitted', message, { id });
  for (const [index, rule] of team.policy.caps.entries()) {
    if (!concernsCaller(team, agent, ask.path, rule)) continue;
    const by = `(${rule.name ?? `cap-${index + 1}`} of ${rule.path})`;
    const { priorityMax = Infinity, businessImpactMax = 100, strategies } = rule;
    if (priority > priorityMax)
      return refused(`priority ${priority} is above ${priorityMax} ${by}`);
    const { businessImpact = 0, strategy } = ask;
    if (businessImpact > businessImpactMax) {
      return refused(`business impact ${businessImpact} is above ${businessImpactMax} ${by}`);
    }
    if (strategy !== undefined && strategies !== undefined && !strategies.includes(strategy)) {
      return refused(`the strategy ${strategy} is not one to ask for ${by}`);
    }
    const firm = ask.preemptible === false ? firmShare(team, rule, wanted) : undefined;
    if (firm !== undefined) return refused(`${firm} ${by}`);
  }
  return undefined;
}

/**
 * Says where an ask that may not be preempted would take more than the share of a limit that may
 * be held so. Looks at live allocations beneath the node of the cap; only for such asks.
 */
function firmShare(
  team: Team,
  { path, nonPreemptibleMaxPermille: most }: CallerCap,
  wanted: Amounts = {},
): string | undefined {
  const node = team.nodes.get(path);
  if (most === undefined || node === undefined) return undefined;
  for (const resource in wanted) {
    const limit = node.accounts.get(resource)?.limit ?? null;
    if (limit === null) continue;
    let firm = wanted[resource] as number;
    for (const one of allocationsBeneath(node)) {
      if (one.ask.preemptible === false) firm += one.items[resource] ?? 0;
    }
    const permille = usePermille(firm, limit);
    if (
      permille > most ||
      (permille === most && BigInt(firm) * 1000n > BigInt(limit) * BigInt(most))
    ) {
      return `${firm} of ${amountText(limit, resource)} would be held by what may not be preempted, ${most} permille at most`;
    }
  }
  return undefined;
}
