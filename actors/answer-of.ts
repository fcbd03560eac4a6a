import type { Answer, AnswerOf } from '../events/answers.ts';
import type { BursarEvent, EventOf } from '../events/events.ts';
import { refuse } from '../events/refusals.ts';
import { deniedAnswer, insteadOf } from './answer-of-denial.ts';

/**
 * The answer that a recorded event is to its command: a pure function of the event, so that a
 * repeat gets it word for word. Only the remaining lease is of now.
 * @param expiresAtMs when the lease ends as it stands now, if the allocation lives
 */
export function answerOf(
  event: BursarEvent,
  nowMs: number,
  expiresAtMs: number | undefined,
): Answer | undefined {
  switch (event.type) {
    case 'AllocationGranted':
      return grantedAnswer(event, Math.max(0, (expiresAtMs ?? nowMs) - nowMs));
    case 'RequestDenied':
      return deniedAnswer(event);
    case 'RequestQueued':
      return {
        outcome: 'queued',
        id: event.id,
        account: event.account,
        position: event.position,
        expectedWaitMs: event.expectedWaitMs,
        ...(event.waitBoundMs === undefined ? {} : { waitBoundMs: event.waitBoundMs }),
        timeoutInMs: Math.max(0, event.untilMs - nowMs),
        rule: event.rule,
        ...withFactors(event),
        ...insteadOf(event),
      };
    case 'ApprovalRequested': {
      const { id, resource, requested, above, rule } = event;
      const timeoutInMs = Math.max(0, event.untilMs - nowMs);
      const told = { id, resource, requested, above, timeoutInMs, rule, ...withFactors(event) };
      return { outcome: 'pendingApproval', ...told };
    }
    case 'PreemptionRequested':
      return {
        outcome: 'preempting',
        id: event.id,
        victims: event.victims,
        right: event.right,
        graceMs: event.graceEndsAtMs - event.atMs,
        rule: event.rule,
        ...withFactors(event),
      };
    default:
      return useAnswer(event, nowMs, expiresAtMs);
  }
}

/** Answers to commands about allocations. */
function useAnswer(
  event: BursarEvent,
  nowMs: number,
  expiresAtMs: number | undefined,
): Answer | undefined {
  switch (event.type) {
    case 'ApprovalGiven':
      return { outcome: 'approved', request: event.request, ...withId(event) };
    case 'ApprovalDeclined':
      return { outcome: 'declined', request: event.request, ...withId(event) };
    case 'RequestCancelled':
      return { outcome: 'cancelled', request: event.request, ...withId(event) };
    case 'AllocationEnded':
      return endedAnswer(event);
    case 'LateSettled':
      return {
        outcome: 'settled',
        allocation: event.allocation,
        booked: event.booked,
        ...(event.returned === undefined ? {} : { returned: event.returned }),
        estimated: event.estimated ?? false,
        late: true,
        ...withId(event),
      };
    case 'LeaseRenewed':
      return {
        outcome: 'renewed',
        allocation: event.allocation,
        expiresInMs: Math.max(0, (expiresAtMs ?? nowMs) - nowMs),
        ...withId(event),
      };
    case 'AllocationResized':
      return {
        outcome: 'resized',
        allocation: event.allocation,
        items: event.items,
        ...withId(event),
      };
    case 'UsageReported':
      return {
        outcome: 'reported',
        allocation: event.allocation,
        used: event.used,
        overrun: event.overrun ?? false,
        ...withId(event),
      };
    case 'UsageQuarantined':
      return refuse(
        'implausible_amount',
        `${JSON.stringify(event.amounts)} is above ${JSON.stringify(event.limit)}, the most that one settle may book`,
        event.id === undefined ? {} : { id: event.id },
      );
    case 'SettleMissed':
      return refuse(
        'unknown_allocation',
        `there was no allocation ${event.allocation} when ${event.id} was to settle it`,
        { id: event.id },
      );
    case 'Charged':
      return { outcome: 'charged', path: event.path, amounts: event.amounts, ...withId(event) };
    case 'Adjusted':
      return {
        outcome: 'adjusted',
        allocation: event.allocation,
        more: event.more,
        less: event.less,
        ...withId(event),
      };
    default:
      return treeAnswer(event, nowMs);
  }
}

/** Answers to commands about nodes, policy and credentials. */
function treeAnswer(event: BursarEvent, nowMs: number): Answer | undefined {
  switch (event.type) {
    case 'NodeOpened':
      return { outcome: 'opened', path: event.path, tier: event.tier, ...withId(event) };
    case 'NodeClosing':
      return closingAnswer(event);
    case 'LimitsSet': {
      const { path, reclaimed } = event;
      const taken = reclaimed === undefined ? {} : { reclaimed };
      return { outcome: 'limits_set', path, ...taken, ...withId(event) };
    }
    case 'Transferred': {
      const { from, to, amounts, guarantees } = event;
      return { outcome: 'transferred', from, to, amounts, guarantees, ...withId(event) };
    }
    case 'Distributed': {
      const { path, sets, divisions } = event;
      return { outcome: 'distributed', path, sets, divisions, ...withId(event) };
    }
    case 'Reserved': {
      const { reservation, path, items } = event;
      const startsInMs = Math.max(0, event.startsAtMs - nowMs);
      const endsInMs = Math.max(0, event.endsAtMs - nowMs);
      const answer = {
        outcome: 'reserved',
        reservation,
        path,
        items,
        startsInMs,
        endsInMs,
      } as const;
      return { ...answer, ...withId(event) };
    }
    case 'ReservationEnded': {
      const { reservation, as, returned } = event;
      return { outcome: 'reservation_ended', reservation, as, returned, ...withId(event) };
    }
    case 'ToppedUp':
      return {
        outcome: 'topped_up',
        path: event.path,
        amounts: event.amounts,
        ...(event.grant === undefined || event.id === undefined ? {} : { grant: event.id }),
        ...withId(event),
      };
    case 'GrantVoided':
      return { outcome: 'grant_voided', path: event.path, grant: event.grant, ...withId(event) };
    case 'WindowOpened': {
      const { path, resource, spent } = event;
      return { outcome: 'window_reset', path, resource, spent, ...withId(event) };
    }
    case 'PolicySet':
      return {
        outcome: 'policy_set',
        ...(event.version === undefined ? {} : { version: event.version }),
        ...withId(event),
      };
    case 'CredentialEnrolled': {
      const { agent, role, prefix } = event;
      return { outcome: 'enrolled', agent, role, prefix, ...withId(event) };
    }
    case 'CredentialDismissed':
      return { outcome: 'dismissed', agent: event.agent, ...withId(event) };
    default:
      return alarmAnswer(event, nowMs);
  }
}

/** Answers to commands that stop work and let it go on. */
function alarmAnswer(event: BursarEvent, nowMs: number): Answer | undefined {
  switch (event.type) {
    case 'Frozen':
      return { outcome: 'frozen', path: event.path, freeze: event.freeze, ...withId(event) };
    case 'Unfrozen': {
      const { path, freeze, stillFrozen = false } = event;
      return { outcome: 'unfrozen', path, freeze, stillFrozen, ...withId(event) };
    }
    case 'Stopped':
      return {
        outcome: 'stopped',
        path: event.path,
        stop: event.stop,
        allocations: event.allocationCount,
        agents: event.agentCount,
        ackInMs: Math.max(0, event.ackUntilMs - nowMs),
        ...withId(event),
      };
    case 'StopAcknowledged':
      return { outcome: 'acknowledged', stop: event.stop, ...withId(event) };
    case 'StopLifted':
      return { outcome: 'recovered', path: event.path, stop: event.stop, ...withId(event) };
    case 'BreakerOpened': {
      const { path, resource, untilMs } = event;
      const retryInMs = untilMs === undefined ? null : Math.max(0, untilMs - nowMs);
      return { outcome: 'breaker_opened', path, resource, retryInMs, ...withId(event) };
    }
    case 'BreakerClosed': {
      const { path, resource } = event;
      return { outcome: 'breaker_closed', path, resource, ...withId(event) };
    }
    default:
      return undefined;
  }
}

function grantedAnswer(event: EventOf<'AllocationGranted'>, expiresInMs: number): Answer {
  const answer: AnswerOf<'granted' | 'partial'> = {
    outcome: event.partial ? 'partial' : 'granted',
    id: event.id,
    path: event.ask.path,
    granted: event.rates === undefined ? event.items : { ...event.items, ...event.rates },
    expiresInMs,
    rule: event.rule,
  };
  if (event.factors !== undefined) answer.factors = event.factors;
  if (event.waitedMs !== undefined) answer.waitedMs = event.waitedMs;
  if (event.preempted !== undefined) answer.preempted = event.preempted;
  if (event.reserve !== undefined) answer.reserve = event.reserve;
  if (event.topUp !== undefined) answer.topUp = event.topUp;
  if (event.ask.instead !== undefined) answer.instead = event.ask.instead;
  if (event.probe !== undefined) answer.probe = event.probe;
  return answer;
}

function closingAnswer(event: EventOf<'NodeClosing'>): Answer {
  const { path, liveAllocations = 0 } = event;
  return liveAllocations === 0
    ? { outcome: 'closed', path, ...withId(event) }
    : { outcome: 'closing', path, liveAllocations, ...withId(event) };
}

function endedAnswer(event: EventOf<'AllocationEnded'>): Answer {
  if (event.as === 'released') {
    return {
      outcome: 'released',
      allocation: event.allocation,
      booked: event.booked,
      ...withId(event),
    };
  }
  if (event.as !== 'settled') {
    return { outcome: 'ended', allocation: event.allocation, as: event.as, booked: event.booked };
  }
  const answer: AnswerOf<'settled'> = {
    outcome: 'settled',
    allocation: event.allocation,
    booked: event.booked,
    estimated: event.estimated ?? false,
    late: false,
  };
  if (event.overrun !== undefined) answer.overrun = event.overrun;
  if (event.returned !== undefined) answer.returned = event.returned;
  if (event.id !== undefined) answer.id = event.id;
  return answer;
}

function withFactors(event: { readonly factors?: EventOf<'RequestDenied'>['factors'] }): {
  factors?: NonNullable<EventOf<'RequestDenied'>['factors']>;
} {
  return event.factors === undefined ? {} : { factors: event.factors };
}

function withId(event: { readonly id?: string | undefined }): { id?: string } {
  return event.id === undefined ? {} : { id: event.id };
}
