import type { AnswerOf } from './answers.ts';
import type { DenialReason } from './reasons.ts';

/** Who has to act on a denial, how bad it is, and how to recover from it. */
interface DenialKind {
  readonly class: AnswerOf<'denied'>['class'];
  readonly severity: AnswerOf<'denied'>['severity'];
  readonly advice: string;
}

const capacity = (advice: string): DenialKind => ({
  class: 'capacity',
  severity: 'warning',
  advice,
});
const state = (advice: string): DenialKind => ({ class: 'state', severity: 'warning', advice });
const input = (advice: string): DenialKind => ({ class: 'input', severity: 'error', advice });
const authority = (advice: string): DenialKind => ({
  class: 'authority',
  severity: 'warning',
  advice,
});

/** Each reason of a denial with its class, severity and recovery hint. Refusals: refusals.ts. */
export const DENIALS: Readonly<Record<DenialReason, DenialKind>> = {
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
  recovering: state('Its slow start has not come so far; send maxWaitMs, or ask again later.'),
  closing: state('The subtree is closing; ask elsewhere.'),
  unknown_node: input('Open the node first.'),
  unknown_resource: input('Use a resource of the registry, such as credits or tool.NAME.'),
  node_closed: input('A closed name is not used again; ask on another node.'),
  unbounded: input('Name an amount for each item, or have policy `bounds` set one.'),
  never_fits: input('It exceeds the limit itself: ask for less, or have the limit raised.'),
  deadline_unreachable: input(
    'It would end too late even if granted now: give it more time, or ask for less of it.',
  ),
  wait_timeout: capacity('Wait longer, ask for less, or raise the priority.'),
  queue_full: capacity('Too many wait; slow down.'),
  queued_ahead: capacity('Others wait for it; send maxWaitMs to join the queue.'),
  amount_out_of_range: input('Sums must stay below 2^53; use smaller amounts.'),
  tool_not_allowed: authority('Use another tool, or have the rule changed that is named.'),
  pool_not_allowed: authority('Ask for a pool of your own node, or have it shared with that.'),
  rule_denied: authority('Ask for no more than the rule allows, or have it changed.'),
  approval_declined: authority('An approver said no; ask them before you ask again.'),
  approval_expired: state('No approver answered in time; tell one before you ask again.'),
  reservation_ahead: state('Ask again when the reservation begins.'),
  reservation_short: capacity('Ask for less, or wait until what was drawn from it comes back.'),
  breaker_open: state('Do without the resource for now, or ask again when it is tried.'),
  deadlock: state('Work on with what is held: all who hold the rest wait for more as well.'),
};

/** What to do about one denial. */
export function adviceOnDenial({
  reason,
  short,
  retryAfterMs,
}: {
  readonly reason: DenialReason;
  readonly short?: readonly unknown[] | undefined;
  readonly retryAfterMs?: number | undefined;
}): string {
  const isOver = reason === 'reservation_short' && short === undefined;
  const advice = isOver ? RESERVATION_OVER : DENIALS[reason].advice;
  return retryAfterMs === undefined ? advice : `${advice} Try in ${retryAfterMs} ms.`;
}

const RESERVATION_OVER = 'The reservation is over: ask without reservationId.';
