import { priorityName } from '../events/priority.ts';
import { amountText, durationText, instantText } from './amount-text.ts';
import type { ExplainedDecision, Explanation } from './explain.ts';
import type { Situation } from './situation.ts';

/**
 * An explanation for people, several lines of plain text.
 * @param more what else is known of a decision, in lines
 */
export function explanationText(
  { id, team, decisions, story }: Explanation,
  more: (decision: ExplainedDecision) => readonly string[] = () => [],
): string {
  const lines = [`${id} of team ${team}`, ''];
  for (const line of story) {
    lines.push(`${instantText(line.atMs)}  ${line.at.seq}.${line.at.index}  ${line.text}`);
  }
  for (const decision of decisions) {
    lines.push('', ...decisionLines(decision), ...more(decision).map((line) => `  ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function decisionLines(decision: ExplainedDecision): string[] {
  const { at, outcome, rule, strategy, contest, factors, recovery, situation } = decision;
  const lines = [`Decision at ${at.seq}.${at.index}: ${outcome}, by rule ${rule}`];
  if (contest !== null) lines.push(`  contest ${contest}, strategy ${strategy ?? 'none yet'}`);
  const named = Object.entries(factors).map(([name, value]) => `${name} ${value}`);
  if (named.length > 0) lines.push(`  factors: ${named.join(', ')}`);
  if (recovery !== null) {
    lines.push(`  ${recovery.class}, ${recovery.severity}: ${recovery.advice}`);
  }
  lines.push(...situationLines(situation).map((line) => `  ${line}`));
  return lines;
}

function situationLines(situation: Situation): string[] {
  const lines = ['on the path before it:'];
  for (const tier of situation.tiers) {
    const limit =
      tier.limit === null ? 'no limit' : `limit ${amountText(tier.resource, tier.limit)}`;
    const room =
      tier.available === null ? '' : `, free ${amountText(tier.resource, tier.available)}`;
    const committed = amountText(tier.resource, tier.committed);
    const needed = amountText(tier.resource, tier.needed);
    const verdict = tier.fits ? 'fits' : 'SHORT';
    lines.push(
      `  ${tier.path}: ${limit}, committed ${committed}${room}; needed ${needed}: ${verdict}`,
    );
  }
  const { account } = situation;
  if (account === undefined) return lines;
  const of = `${account.resource} of ${account.path}`;
  lines.push(`held ${of}: ${situation.holdersCount} allocations`);
  for (const { id, agent, amount, priority, leaseLeftMs } of situation.holders) {
    const left = durationText(leaseLeftMs);
    const held = amountText(account.resource, amount);
    lines.push(`  ${id} (${agent}) ${held}, ${priorityName(priority)}, lease ends in ${left}`);
  }
  lines.push(`waited for ${of}: ${situation.waitingCount} requests`);
  for (const { id, agent, position, effectivePriority, waitedMs } of situation.waiting) {
    const waited = durationText(waitedMs);
    lines.push(
      `  ${position}. ${id} (${agent}) effective priority ${effectivePriority}, for ${waited}`,
    );
  }
  return lines;
}
