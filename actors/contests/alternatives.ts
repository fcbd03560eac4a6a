import type { Alternative } from '../../events/answers.ts';
import type { DecisionEvent } from '../../events/decision-event.ts';
import type { DenialReason } from '../../events/reasons.ts';
import { fits } from '../accounts/admission.ts';
import { boundedAmounts } from '../accounts/bounded-amounts.ts';
import { PRIORITY_DEFAULT } from '../allocations/decide-request.ts';
import { above, isAny } from '../allocations/end.ts';
import { partOf } from '../allocations/partial.ts';
import { locate } from '../nodes/locate.ts';
import { ratesFit } from '../rates/rates.ts';
import { slowStartFits } from '../recovery/slow-start.ts';
import { planDraw } from '../reserves/draw.ts';
import type { Team } from '../team.ts';
import { type Candidate, type Contest, candidateFor, detect, rankOf } from './contention.ts';
import { costOf, planPreemption } from './preemption.ts';
import { canNeverFit } from './resolver.ts';
import { BY_BACKFILL, BY_RECLAIM } from './strategy.ts';

/**
 * All that could have been done about a request when it was decided, what each would have cost,
 * and which one it was. `team` must not have taken the decision in yet: the audit replays up to it,
 * a dry run has nothing to take in. Empty where there was nothing to weigh: the request met nobody,
 * or something barred it, or it comes out of the queue.
 */
export function alternativesTo(team: Team, decision: DecisionEvent): Alternative[] {
  const contest = contestOf(team, decision);
  if (contest === undefined) return [];
  const { candidate } = contest;
  const kind = kindOf(decision, candidate);
  const is = (one: Alternative['kind']) => ({ kind: one, chosen: one === kind });
  if (canNeverFit(candidate)) {
    const because = 'not even an empty tree has room for it';
    const never = (['grant', 'part', 'preempt', 'wait'] as const).map((one) => ({
      ...is(one),
      possible: false,
      because,
    }));
    return [...never, { ...is('deny'), possible: true }];
  }
  return [
    { ...is('grant'), ...grantNow(team, contest, decision.rule) },
    { ...is('part'), ...partNow(contest) },
    { ...is('preempt'), ...evict(team, contest, decision.rule === BY_RECLAIM) },
    { ...is('wait'), ...waiting(contest) },
    { ...is('deny'), possible: true, missing: candidate.wanted },
  ];
}

/** The contest that a request met, as it stood before its decision. */
function contestOf(team: Team, decision: DecisionEvent): Contest | undefined {
  const { id, by: agent, digest, ask, atMs } = decision;
  if (!isOnArrival(decision)) return undefined;
  const place = locate(team, ask.path);
  const wanted = boundedAmounts(team, ask);
  if (typeof place === 'string' || wanted === undefined) return undefined;
  const priority = 'priority' in decision ? decision.priority : (ask.priority ?? PRIORITY_DEFAULT);
  return detect(
    team,
    candidateFor(team, { id, agent, digest, ask, priority }, place, wanted, atMs),
  );
}

/** Rows of the decision table that look at the room, and what is decided by it beside them. */
const BY_ROOM = new RegExp(`^(?:[4-8]-|never-fits$|${BY_BACKFILL}$)`);

/**
 * Whether a request was decided as it came in, and by the room there was: whom a level, a breaker, a
 * rule of the policy or a reservation decides about has nothing else to choose from.
 */
function isOnArrival(decision: DecisionEvent): boolean {
  // A rule of the policy is named by whoever wrote it.
  const isNamedByPolicy = decision.type === 'RequestDenied' && BY_POLICY.has(decision.reason);
  if (isNamedByPolicy || !BY_ROOM.test(decision.rule)) return false;
  if (decision.type === 'AllocationGranted') return decision.via === 'request';
  if (decision.type === 'RequestDenied') return !decision.waited;
  return decision.type !== 'RequestQueued' || decision.after === undefined;
}

const BY_POLICY: ReadonlySet<DenialReason> = new Set(['rule_denied', 'tool_not_allowed']);

/** What a level has cut off of an ask makes no part of what is granted of the rest. */
function kindOf(decision: DecisionEvent, { wanted }: Candidate): Alternative['kind'] {
  switch (decision.type) {
    case 'AllocationGranted':
      return above(wanted, decision.items) === undefined ? 'grant' : 'part';
    case 'PreemptionRequested':
      return 'preempt';
    case 'RequestQueued':
      return 'wait';
    case 'RequestDenied':
      return 'deny';
    default:
      return decision satisfies never;
  }
}

type Option = Omit<Alternative, 'kind' | 'chosen'>;

const no = (because: string): Option => ({ possible: false, because });
const OTHERS_FIRST = 'others are served before it';

function grantNow(team: Team, { candidate, isBehind }: Contest, rule: string): Option {
  const { place, wanted, rates, atMs } = candidate;
  const reserve = planDraw(team, candidate, rankOf(candidate, team));
  if (reserve !== undefined) return { possible: true, granted: wanted };
  if (!ratesFit(place.anchor, rates, atMs)) return no('its rates have no room yet');
  if (!slowStartFits(candidate)) return no('the slow start has not come so far');
  if (!fits(place.anchor, wanted)) return no('there is not enough room');
  const passes = rule === BY_RECLAIM || rule === BY_BACKFILL;
  return isBehind && !passes ? no(OTHERS_FIRST) : { possible: true, granted: wanted };
}

function partNow({ candidate, isBehind }: Contest): Option {
  const { place, wanted, least, rates, atMs } = candidate;
  if (!ratesFit(place.anchor, rates, atMs)) return no('its rates have no room yet');
  if (!slowStartFits(candidate)) return no('the slow start has not come so far');
  if (above(wanted, least) === undefined) return no('it takes all or nothing');
  const part = partOf(place.anchor, wanted, least);
  if (part === undefined) return no('not even the least that is of use fits');
  if (isBehind) return no(OTHERS_FIRST);
  const missing = above(wanted, part);
  return { possible: true, granted: part, ...(missing === undefined ? {} : { missing }) };
}

function evict(team: Team, contest: Contest, isReclaim: boolean): Option {
  if (contest.isBehindQueued && !isReclaim) return no(OTHERS_FIRST);
  const plan = planPreemption(team, contest, isReclaim);
  if (plan === undefined) return no('nobody who may be evicted holds enough');
  const { lostWorkMs, sunk } = costOf(plan, contest.candidate.atMs);
  return {
    possible: true,
    victims: plan.victims.map(({ allocation }) => allocation.id),
    graceMs: plan.graceMs,
    lostWorkMs,
    ...(isAny(sunk) ? { sunk } : {}),
  };
}

function waiting(contest: Contest): Option {
  const position = contest.aheadCount + 1;
  const wait = { position, expectedWaitMs: contest.expectedWaitMs };
  if ((contest.candidate.ask.maxWaitMs ?? 0) > 0) return { possible: true, ...wait };
  return { ...no('its caller does not wait'), ...wait };
}
