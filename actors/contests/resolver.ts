import { EVENT_VERSION } from '../../events/event-kit.ts';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { DenialReason } from '../../events/reasons.ts';
import type { Amounts } from '../../events/resources.ts';
import { neverFits, roomFor } from '../accounts/admission.ts';
import { isAny } from '../allocations/end.ts';
import { partOf } from '../allocations/partial.ts';
import { isProbe } from '../breakers/barring.ts';
import { type Context, nameAt, stamp } from '../context.ts';
import { joinQueue } from '../queue/join-queue.ts';
import { withClaim } from '../queue/top-up-later.ts';
import { isRate, NO_RATES, ratesFit, ratesReadyAtMs } from '../rates/rates.ts';
import { slowStartFits, slowStartReadyAtMs } from '../recovery/slow-start.ts';
import { planDraw } from '../reserves/draw.ts';
import type { Team } from '../team.ts';
import {
  type Candidate,
  type Contest,
  contentionDetected,
  openContest,
  rankOf,
} from './contention.ts';
import { costOf, planPreemption, rightOf } from './preemption.ts';
import { BY_RECLAIM, BY_RESERVE, type Choice, selectStrategy } from './strategy.ts';

/**
 * Turns one contest into decisions: detected, a strategy selected by the table, executed. The
 * resolution approach (who is served) and the allocation method (how much) are two steps: the
 * strategy says whether to preempt, share, wait or deny; partial.ts says how much.
 */
export function resolve(team: Team, contest: Contest, ctx: Context): BursarEvent[] {
  const { candidate, account } = contest;
  const open = openContest(team, account);
  const contestId = open?.id ?? nameAt(team, 'c', ctx.at);
  const choice = selectStrategy(team, contest);
  const events: BursarEvent[] = [];
  if (open === undefined) events.push(contentionDetected(team, contest, contestId));
  if (open?.strategy !== choice.strategy) {
    events.push({ ...stamp('StrategySelected', team, ctx.atMs), contest: contestId, ...choice });
  }
  const decided = execute(team, contest, contestId, choice);
  const decision =
    decided.type === 'AllocationGranted'
      ? withClaim(team, decided, candidate, nameAt(team, 't', ctx.at, events.length))
      : decided;
  events.push(decision);
  const staysOpen = decision.type === 'RequestQueued' || decision.type === 'PreemptionRequested';
  // Whom a level keeps out of the line contests nothing.
  const isEmpty = (contest.queue?.size ?? 0) === 0;
  if (!staysOpen && isEmpty) {
    const outcome =
      decision.type === 'RequestDenied' ? 'denied' : decision.partial ? 'partial' : 'granted';
    events.push({ ...stamp('ContestEnded', team, candidate.atMs), contest: contestId, outcome });
  }
  return events;
}

type Outcome = EventOf<
  'AllocationGranted' | 'RequestDenied' | 'RequestQueued' | 'PreemptionRequested'
>;

function execute(team: Team, contest: Contest, contestId: string, choice: Choice): Outcome {
  const { candidate } = contest;
  if (canNeverFit(candidate)) {
    return deny(team, contest, choice, 'never_fits');
  }
  switch (choice.strategy) {
    case 'preemption_allowed':
      return (
        (choice.rule === BY_RESERVE ? fromReserve(team, contest, choice) : undefined) ??
        takeOwn(team, contest, choice) ??
        preempt(team, contest, contestId, choice) ??
        shareOrWait(team, contest, choice)
      );
    case 'priority_based':
    case 'proportional_sharing':
      return shareOrWait(team, contest, choice);
    case 'queue_and_wait':
    case 'first_come_first_served':
      return waitOrDeny(team, contest, choice);
    default:
      return choice.strategy satisfies never;
  }
}

/** Whether not even an empty tree and all the time in the world would make room. */
export function canNeverFit({ place, least, rates, priority, atMs }: Candidate): boolean {
  const isKept = priority < ExecutionPriority.critical;
  return (
    neverFits(place.anchor, least, isKept) || ratesReadyAtMs(place.anchor, rates, atMs) === Infinity
  );
}

/** Grants what the emergency reserve covers. */
function fromReserve(team: Team, { candidate }: Contest, { factors }: Choice): Outcome | undefined {
  const reserve = planDraw(team, candidate, rankOf(candidate, team));
  if (reserve === undefined) return undefined;
  const why = { rule: BY_RESERVE, factors };
  return { ...grantOf(team, candidate, candidate.wanted, 'request', why), reserve };
}

/** Grants what is its own and free: who waits for more than that does not stand before it. */
function takeOwn(team: Team, contest: Contest, choice: Choice): Outcome | undefined {
  const { candidate, short } = contest;
  if (choice.rule !== BY_RECLAIM || short.length > 0) return undefined;
  return grantOf(team, candidate, candidate.wanted, 'request', choice);
}

/** Evicts for the whole ask, where that is enough and nobody who waits stands before it. */
function preempt(
  team: Team,
  contest: Contest,
  contestId: string,
  choice: Choice,
): EventOf<'PreemptionRequested'> | undefined {
  const { candidate } = contest;
  const isReclaim = choice.rule === BY_RECLAIM;
  const isHeldUp = contest.isBehindQueued && !isReclaim;
  const plan = isHeldUp ? undefined : planPreemption(team, contest, isReclaim);
  if (plan === undefined) return undefined;
  const { graceMs } = plan;
  const victims = plan.victims.map(({ allocation }) => allocation.id);
  const { lostWorkMs, sunk } = costOf(plan, candidate.atMs);
  return {
    ...stamp('PreemptionRequested', team, candidate.atMs),
    ...causeOf(candidate),
    contest: contestId,
    account: contest.account,
    priority: candidate.priority,
    right: rightOf(plan),
    victims,
    reasons: plan.victims.map(({ reason }) => reason),
    lostWorkMs,
    ...(isAny(sunk) ? { sunk } : {}),
    graceEndsAtMs: candidate.atMs + graceMs,
    untilMs: candidate.atMs + Math.max(graceMs, candidate.ask.maxWaitMs ?? 0),
    earmarked: roomNow(candidate),
    rule: choice.rule,
    factors: { ...choice.factors, preemptionVictims: victims.length, graceMs },
  };
}

/** Grants the part that fits, where nobody waits before it. */
function shareOrWait(team: Team, contest: Contest, choice: Choice): Outcome {
  const { candidate, isBehind } = contest;
  const { place, wanted, least, rates, atMs } = candidate;
  const isOpen = !isBehind && ratesFit(place.anchor, rates, atMs) && slowStartFits(candidate);
  const part = isOpen ? partOf(place.anchor, wanted, least) : undefined;
  if (part === undefined) return waitOrDeny(team, contest, choice);
  return grantOf(team, candidate, part, 'request', choice);
}

/** Whoever may draw from the reserve does so before it waits or goes away, by any strategy. */
function waitOrDeny(team: Team, contest: Contest, choice: Choice): Outcome {
  const { candidate } = contest;
  const drawn = fromReserve(team, contest, choice);
  if (drawn !== undefined) return drawn;
  if ((candidate.ask.maxWaitMs ?? 0) === 0) return deny(team, contest, choice);
  if (team.waiting.size >= LIMITS.queueDepthMax) return deny(team, contest, choice, 'queue_full');
  const { rule, factors } = choice;
  const { account, aheadCount, expectedWaitMs } = contest;
  return joinQueue(team, candidate, account, { expectedWaitMs, rule, factors, aheadCount });
}

function deny(
  team: Team,
  contest: Contest,
  choice: Choice,
  reason?: DenialReason,
): EventOf<'RequestDenied'> {
  const { candidate, short, account, node } = contest;
  const outer = short.find((one) => one.path === account.path && one.resource === account.resource);
  const held = node.accounts.get(account.resource)?.heldTree ?? 0;
  const couldFit = outer === undefined || outer.needed <= outer.available + held;
  const isOfRate = outer !== undefined && isRate(node, account);
  const nextAtMs = slowStartReadyAtMs(candidate);
  const retryAfterMs =
    nextAtMs !== undefined
      ? Math.max(0, nextAtMs - candidate.atMs)
      : couldFit || isOfRate
        ? contest.expectedWaitMs
        : null;
  const isNever = reason === 'never_fits';
  const event: EventOf<'RequestDenied'> = {
    type: 'RequestDenied',
    v: EVENT_VERSION,
    team: team.name,
    atMs: candidate.atMs,
    id: candidate.id,
    by: candidate.agent,
    ask: candidate.ask,
    reason: reason ?? denialReason(contest, outer !== undefined, nextAtMs !== undefined),
    retryOn: isNever
      ? 'top_up'
      : isOfRate || nextAtMs !== undefined
        ? 'time'
        : couldFit
          ? 'release'
          : 'top_up',
    rule: isNever ? 'never-fits' : choice.rule,
    factors: choice.factors,
  };
  if (candidate.digest !== undefined) event.digest = candidate.digest;
  if (short.length > 0) event.short = [...short];
  if (retryAfterMs !== null && !isNever) event.retryAfterMs = retryAfterMs;
  return event;
}

/** Why a contest is lost: a slow start, others before it, or no room. */
function denialReason({ conflict }: Contest, isShort: boolean, isSlowed: boolean): DenialReason {
  if (isSlowed) return 'recovering';
  return isShort ? conflict : 'queued_ahead';
}

/** What of the ask is free now on the whole path: set aside for the beneficiary at once. */
function roomNow({ place, wanted }: Candidate): Amounts {
  const room: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(wanted)) {
    const free = roomFor(place.anchor, resource, amount);
    if (free > 0) room[resource] = free;
  }
  return room;
}

/** The fields by which a decision names its request. */
function causeOf(candidate: Candidate) {
  const { id, agent, digest, ask } = candidate;
  return { id, by: agent, ...(digest === undefined ? {} : { digest }), ask };
}

/** The grant of a candidate. */
export function grantOf(
  team: Team,
  candidate: Candidate,
  items: Amounts,
  via: EventOf<'AllocationGranted'>['via'],
  why: { readonly rule: string; readonly factors?: Choice['factors'] },
): EventOf<'AllocationGranted'> {
  const { id, agent, digest, ask, atMs, uncapped, rates, place, priority, poolUse } = candidate;
  const event: EventOf<'AllocationGranted'> = {
    type: 'AllocationGranted',
    v: EVENT_VERSION,
    team: team.name,
    atMs,
    id,
    by: agent,
    ask,
    items,
    priority,
    expiresAtMs: Math.min(atMs + (ask.ttlMs ?? LIMITS.ttlMsDefault), place.anchor.deadlineAtMs),
    via,
    rule: why.rule,
  };
  if (digest !== undefined) event.digest = digest;
  if (rates !== NO_RATES) event.rates = rates;
  if (place.opened.length > 0) event.opened = [...place.opened];
  const factors = poolUse === undefined ? why.factors : { ...why.factors, ...poolUse };
  if (factors !== undefined) event.factors = factors;
  for (const resource in uncapped) {
    if ((items[resource] ?? 0) < (uncapped[resource] as number)) event.partial = true;
  }
  if (team.breakers.size > 0 && isProbe(team, ask)) event.probe = true;
  return event;
}
