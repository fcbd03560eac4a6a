import type { Answer, AnswerOf } from '../events/answers.ts';
import type { BursarEvent, EventOf } from '../events/events.ts';
import type { DenialReason } from '../events/reasons.ts';
import { refuse } from '../events/refusals.ts';

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

/** Answers to commands about nodes, policy, credentials and emergencies. */
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
  if (event.topUp !== undefined) answer.topUp = event.topUp;
  return answer;
}

function deniedAnswer(event: EventOf<'RequestDenied'>): Answer {
  const { id, reason, short, retryAfterMs, retryOn, waitedMs, rule } = event;
  const kind = DENIALS[reason];
  return {
    outcome: 'denied',
    id,
    reason,
    message: messageOf(event),
    advice: adviceOf(event),
    class: kind.class,
    severity: kind.severity,
    ...(short === undefined ? {} : { short }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(retryOn === undefined ? {} : { retryOn }),
    ...(waitedMs === undefined ? {} : { waitedMs }),
    rule,
    ...withFactors(event),
  };
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

interface DenialKind {
  readonly class: 'input' | 'authority' | 'capacity' | 'state';
  readonly severity: 'info' | 'warning' | 'error';
  readonly advice: string;
}
const capacity = (advice: string): DenialKind => ({
  class: 'capacity',
  severity: 'warning',
  advice,
});
const state = (advice: string): DenialKind => ({ class: 'state', severity: 'warning', advice });
const authority = (advice: string): DenialKind => ({
  class: 'authority',
  severity: 'warning',
  advice,
});

/** Each reason of a denial with its class, severity and recovery hint (I-05). */
const DENIALS: Readonly<Record<DenialReason, DenialKind>> = {
  insufficient_credits: capacity('Ask for less, wait for settles, or have the budget topped up.'),
  insufficient_time: capacity('Ask for less compute time, or have the budget topped up.'),
  insufficient_memory: capacity('Ask for less memory, or wait for a release.'),
  concurrency_limit_reached: capacity('Wait for a slot: send maxWaitMs, or ask again later.'),
  tool_limit_reached: capacity('The quota of calls is used up; have it raised.'),
  exclusive_access_required: capacity('Somebody holds it alone; send maxWaitMs to wait in line.'),
  insufficient_resource: capacity('Ask for less, or wait for a release.'),
  frozen: state('Wait for the unfreeze, or ask an operator.'),
  stopped: state('Work of this priority is stopped; wait for the recovery.'),
  degraded: state(
    'Its level of degradation does not admit it: wait for the recovery, or ask for what is admitted.',
  ),
  closing: state('The subtree is closing; ask elsewhere.'),
  unknown_node: { class: 'input', severity: 'error', advice: 'Open the node first.' },
  unknown_resource: { class: 'input', severity: 'error', advice: 'Use a registered resource.' },
  node_closed: { class: 'input', severity: 'error', advice: 'A closed name is not used again.' },
  unbounded: { class: 'input', severity: 'error', advice: 'Name an amount for each item.' },
  never_fits: {
    class: 'input',
    severity: 'error',
    advice: 'It exceeds the limit itself; ask less.',
  },
  deadline_unreachable: { class: 'input', severity: 'error', advice: 'Give it more time.' },
  wait_timeout: capacity('Wait longer, ask for less, or raise the priority.'),
  queue_full: capacity('Too many wait; slow down.'),
  queued_ahead: capacity('Others wait for it; send maxWaitMs to join the queue.'),
  amount_out_of_range: { class: 'input', severity: 'error', advice: 'Use smaller amounts.' },
  tool_not_allowed: authority('Use another tool, or have the rule changed that is named.'),
  pool_not_allowed: authority('Ask for a pool of your own node, or have it shared with that.'),
  rule_denied: authority('Ask for no more than the rule allows, or have it changed.'),
  approval_declined: authority('An approver said no; ask them before you ask again.'),
  approval_expired: state('No approver answered in time; tell one before you ask again.'),
  reservation_ahead: state('Ask again when the reservation begins.'),
  reservation_short: capacity('Ask for less, or wait until what was drawn from it comes back.'),
  deadlock: state('Work on with what is held: all who hold the rest wait for more as well.'),
};

function messageOf(event: EventOf<'RequestDenied'>): string {
  const short = event.short?.at(-1);
  const { factors } = event;
  if (event.reason === 'tool_not_allowed') {
    const { at, tool, pattern } = factors ?? {};
    const why = pattern === null ? 'is not on its list of tools' : `is denied there by ${pattern}`;
    return `${event.reason}: ${tool} ${why} (rule ${event.rule} of ${at})`;
  }
  if (event.reason === 'pool_not_allowed') {
    const { at, pool } = factors ?? {};
    const why =
      event.rule === 'pool-no-limit'
        ? `no tier of ${at} limits it: set its capacity with setLimits`
        : `policy shares it with other nodes than ${at}`;
    return `${event.reason}: ${pool} is no pool here; ${why}`;
  }
  if (event.reason === 'rule_denied') {
    const { at, resource, requested, above } = factors ?? {};
    return `${event.reason}: ${requested} ${resource} is above ${above} (rule ${event.rule} of ${at})`;
  }
  if (event.reason === 'degraded') return `${event.reason}: ${factors?.['bar']}`;
  if (short === undefined) return `${event.ask.path}: ${event.reason}`;
  return `${event.reason}: ${short.path} has ${short.available} ${short.resource}, ${short.needed} needed`;
}

function adviceOf(event: EventOf<'RequestDenied'>): string {
  const { advice } = DENIALS[event.reason];
  return event.retryAfterMs === undefined ? advice : `${advice} Try in ${event.retryAfterMs} ms.`;
}

function withFactors(event: { readonly factors?: EventOf<'RequestDenied'>['factors'] }): {
  factors?: NonNullable<EventOf<'RequestDenied'>['factors']>;
} {
  return event.factors === undefined ? {} : { factors: event.factors };
}

function withId(event: { readonly id?: string | undefined }): { id?: string } {
  return event.id === undefined ? {} : { id: event.id };
}
