import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Amounts } from '../../events/resources.ts';
import { stamp } from '../context.ts';
import type { Node } from '../nodes/node.ts';
import { poolBarrier } from '../pools/pool.ts';
import { type RuleMet, ruleMet } from '../rules/business-rules.ts';
import { type ToolBarrier, toolBarrier } from '../rules/tool-rules.ts';
import type { Team } from '../team.ts';
import type { Asked } from './decide-request.ts';
import { denialOf } from './denial.ts';

/**
 * What the rules of the policy make of a request before its room is looked at: a denial where a
 * tool or a pool is not allowed or a rule forbids the amount, an approval to wait for; undefined
 * where nothing stands against it.
 * @param isApproved an approver has agreed: what needs approval has it, what is denied stays so
 */
export function ruledOut(
  team: Team,
  asked: Asked,
  anchor: Node,
  wanted: Amounts,
  atMs: number,
  isApproved: boolean,
): EventOf<'RequestDenied' | 'ApprovalRequested'> | undefined {
  const { id, agent, digest, ask, priority } = asked;
  const hasTools = team.policy.tools.length > 0;
  const barrier = hasTools ? toolBarrier(team, agent, ask.path, Object.keys(ask.items)) : undefined;
  if (barrier !== undefined) return toolDenial(team, asked, barrier, atMs);
  const pools = poolDenial(team, asked, anchor, atMs);
  if (pools !== undefined) return pools;
  const met = ruleMet(team, agent, ask.path, wanted);
  if (met === undefined) return undefined;
  if (met.effect === 'deny') {
    const denial = denialOf(team, asked, 'rule_denied', met.path, atMs);
    return { ...denial, rule: met.name, factors: factorsOf(met) };
  }
  if (isApproved) return undefined;
  if (team.approvals.size >= LIMITS.approvalsMax) {
    return denialOf(team, asked, 'queue_full', ask.path, atMs);
  }
  const { resource, requested, above } = met;
  return {
    ...stamp('ApprovalRequested', team, atMs),
    id,
    by: agent,
    ...(digest === undefined ? {} : { digest }),
    ask,
    priority,
    resource,
    requested,
    above,
    untilMs: atMs + team.policy.approvalMs,
    rule: met.name,
    factors: factorsOf(met),
  };
}

/** The denial of a request for a tool that may not be used; says by which rule. */
export function toolDenial(
  team: Team,
  asked: Omit<Asked, 'priority'>,
  { path, tool, rule, pattern }: ToolBarrier,
  atMs: number,
): EventOf<'RequestDenied'> {
  const denial = denialOf(team, asked, 'tool_not_allowed', path, atMs);
  return { ...denial, rule, factors: { at: path, tool, pattern } };
}

/** The denial of a request for a pool that is not for its node, or that nobody has set up. */
export function poolDenial(
  team: Team,
  asked: Omit<Asked, 'priority'>,
  anchor: Node,
  atMs: number,
): EventOf<'RequestDenied'> | undefined {
  const { path, items } = asked.ask;
  for (const pool in items) {
    const barrier = poolBarrier(team, anchor, path, pool);
    if (barrier === undefined) continue;
    const denial = denialOf(team, asked, 'pool_not_allowed', path, atMs);
    return { ...denial, rule: `pool-${barrier}`, factors: { at: path, pool } };
  }
  return undefined;
}

function factorsOf({ path, resource, requested, above, effect }: RuleMet) {
  return { at: path, resource, requested, above, effect };
}
