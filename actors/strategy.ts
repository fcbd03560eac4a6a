import type { Factors } from '../events/events.ts';
import { ExecutionPriority } from '../events/priority.ts';
import type { Strategy } from '../events/strategy.ts';
import { usePermille } from './account.ts';
import type { Contest } from './contention.ts';
import { slackMsOf } from './deadline.ts';
import type { Team } from './team.ts';
import { effectivePriority } from './wait-queue.ts';

/** A strategy, the row of the decision table that chose it, and what the row looked at. */
export interface Choice {
  readonly strategy: Strategy;
  readonly rule: string;
  readonly factors: Factors;
}

/**
 * The decision table of semantics §7 as far as this version has it; the first matching row wins.
 * Rows 1 (breaker) and 3 (advance reservation) have no place yet, row 2 (stop) is decided before
 * contention.
 */
export function selectStrategy(team: Team, contest: Contest): Choice {
  const { candidate, account } = contest;
  const factors = factorsOf(team, contest);
  const choose = (rule: string, strategy: Strategy): Choice => ({ strategy, rule, factors });
  const configured = team.policy.strategies[account.resource] ?? team.policy.strategies['*'];
  if (configured !== undefined && isLegal(configured, contest)) {
    return choose('4-configured', configured);
  }
  const asked = candidate.ask.strategy;
  if (asked !== undefined && isLegal(asked, contest)) return choose('4-caller', asked);
  if (candidate.priority >= ExecutionPriority.emergency) {
    return choose('5-emergency', 'preemption_allowed');
  }
  if (candidate.priority >= ExecutionPriority.critical && isUrgent(factors)) {
    return choose('5-critical-urgent', 'preemption_allowed');
  }
  if (contest.conflict === 'exclusive_access_required') {
    return choose('6-exclusive', 'priority_based');
  }
  const highest = factors['highestWaiting'];
  if (typeof highest !== 'number' || highest === candidate.priority) {
    return isDivisible(contest)
      ? choose('7-equal-divisible', 'proportional_sharing')
      : choose('7-equal', 'first_come_first_served');
  }
  return choose('8-mixed', 'priority_based');
}

/** The seven factors (F-01 … F-07) as numbers that a person can check. */
function factorsOf(team: Team, contest: Contest): Factors {
  const { candidate, account, node } = contest;
  const { ask, atMs } = candidate;
  const books = node.accounts.get(account.resource);
  const head = contest.queue?.head;
  const slackMs = slackMsOf(ask, candidate.place.anchor, atMs);
  return {
    priority: candidate.priority,
    highestWaiting: head === undefined ? null : effectivePriority(head, atMs, team.policy.aging),
    slackMs: slackMs === Infinity ? null : slackMs,
    expectedWaitMs: contest.expectedWaitMs,
    scarcityPermille:
      books?.limit == null ? null : usePermille(Math.max(0, books.committed), books.limit),
    loadWaiting: contest.queue?.size ?? 0,
    loadLive: node.liveTree,
    aheadCount: contest.aheadCount,
    fairness: 'arrival',
    reservation: false,
    divisible: isDivisible(contest),
    maxWaitMs: ask.maxWaitMs ?? 0,
  };
}

function isUrgent(factors: Factors): boolean {
  const { slackMs, expectedWaitMs: waitMs } = factors as Record<string, number | null>;
  return slackMs != null && slackMs < (waitMs ?? Infinity);
}

function isDivisible({ candidate }: Contest): boolean {
  return Object.keys(candidate.wanted).some(
    (resource) => (candidate.least[resource] ?? 0) < (candidate.wanted[resource] ?? 0),
  );
}

/** A strategy must suit the resource: an exclusive one is never shared in proportion. */
function isLegal(strategy: Strategy, contest: Contest): boolean {
  if (strategy !== 'proportional_sharing') return true;
  return contest.conflict !== 'exclusive_access_required' && isDivisible(contest);
}
