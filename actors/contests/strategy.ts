import type { Factors } from '../../events/events.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { Strategy } from '../../events/strategy.ts';
import { fits } from '../accounts/admission.ts';
import { configuredStrategy } from '../accounts/configured.ts';
import { planDraw } from '../reserves/draw.ts';
import type { Team } from '../team.ts';
import { type Contest, rankOf } from './contention.ts';
import { factorsOf, isDivisible } from './factors.ts';

/** A strategy, the row of the decision table that chose it, and what the row looked at. */
export interface Choice {
  readonly strategy: Strategy;
  readonly rule: string;
  readonly factors: Factors;
}

/** The row by which only what is lent is taken back, whatever the priorities. */
export const BY_RECLAIM = '5-reclaim';
/** The row by which an emergency, and under need what is critical, draws from the reserve. */
export const BY_RESERVE = '5-reserve';
/** What is granted past others whom that does not delay; no row of the table. */
export const BY_BACKFILL = 'backfill';

/**
 * The decision table of semantics §7; the first matching row wins. Row 2 (stop) is decided before
 * contention. The contest of a request that waits already is not decided here: its turn comes by
 * the order of its queue (serve.ts).
 *
 * | row | when | strategy |
 * |---|---|---|
 * | 4-configured | policy names one for scope and resource, and it is legal (else factor `passedOver`) | that |
 * | 4-caller | the caller asks for one: for its own ask alone, its rank is as before | that |
 * | 5-reserve | who may draw from the reserve of its swarm is covered by it | draw |
 * | 5-emergency, 5-critical-urgent | emergency, or critical that cannot wait | preempt |
 * | 5-reclaim | it asks for what is its own by a guarantee, and others use | take that back |
 * | 6-exclusive | one holder at a time | priority with aging |
 * | 7-equal | all of one rank, and it could be served in full | in order of arrival |
 * | 7-equal-divisible | … not in full, but in part | proportional |
 * | 7-round-robin | … a tool: the queue takes turns by run | wait |
 * | 7-wait | … else | wait |
 * | 8-mixed | ranks differ, or a deadline is at risk | priority, what is left in proportion |
 *
 * Whose deadline is at risk waits all the same where it may: a lease is the latest end of its work,
 * most end earlier, and the queue denies it as soon as it cannot be met any more.
 */
export function selectStrategy(team: Team, contest: Contest): Choice {
  const { candidate, account } = contest;
  const { ask, priority, place, wanted } = candidate;
  const configured = configuredStrategy(team, ask.path, account.resource);
  const isFollowed = configured !== undefined && isLegal(configured, contest);
  const known = factorsOf(team, contest);
  const isPassedOver = configured !== undefined && !isFollowed;
  const factors: Factors = isPassedOver ? { ...known, passedOver: configured } : known;
  const choose = (rule: string, strategy: Strategy): Choice => ({ strategy, rule, factors });
  if (isFollowed) return choose('4-configured', configured);
  const asked = ask.strategy;
  if (asked !== undefined && isLegal(asked, contest)) return choose('4-caller', asked);
  if (planDraw(team, candidate, rankOf(candidate, team)) !== undefined) {
    return choose(BY_RESERVE, 'preemption_allowed');
  }
  if (priority >= ExecutionPriority.emergency) return choose('5-emergency', 'preemption_allowed');
  const isAtRisk = isUrgent(factors);
  if (priority >= ExecutionPriority.critical && isAtRisk) {
    return choose('5-critical-urgent', 'preemption_allowed');
  }
  if (contest.isOwn) return choose(BY_RECLAIM, 'preemption_allowed');
  if (contest.conflict === 'exclusive_access_required') {
    return choose('6-exclusive', 'priority_based');
  }
  const highest = factors['highestWaiting'];
  if (isAtRisk || (typeof highest === 'number' && highest !== priority)) {
    return choose('8-mixed', 'priority_based');
  }
  if (fits(place.anchor, wanted)) return choose('7-equal', 'first_come_first_served');
  if (isDivisible(contest)) return choose('7-equal-divisible', 'proportional_sharing');
  return contest.conflict === 'tool_limit_reached'
    ? choose('7-round-robin', 'queue_and_wait')
    : choose('7-wait', 'queue_and_wait');
}

/** Whether its deadline leaves less time than room is expected to take. */
function isUrgent(factors: Factors): boolean {
  const { slackMs, expectedWaitMs } = factors as Record<string, number | null>;
  return slackMs != null && slackMs < (expectedWaitMs ?? Infinity);
}

/** A strategy must suit the resource: an exclusive one is never shared in proportion. */
function isLegal(strategy: Strategy, contest: Contest): boolean {
  if (strategy !== 'proportional_sharing') return true;
  return contest.conflict !== 'exclusive_access_required' && isDivisible(contest);
}
