import type { Refusal } from './answers.ts';
import type { RefusalCode } from './refusal-code.ts';

interface RefusalKind {
  readonly class: Refusal['class'];
  readonly severity: Refusal['severity'];
  readonly retryable: boolean;
  readonly advice: string;
}

const input = (advice: string): RefusalKind => ({
  class: 'input',
  severity: 'error',
  retryable: false,
  advice,
});
const state = (advice: string, retryable = false): RefusalKind => ({
  class: 'state',
  severity: 'warning',
  retryable,
  advice,
});
const system = (advice: string, retryable = true): RefusalKind => ({
  class: 'system',
  severity: 'critical',
  retryable,
  advice,
});

/** Each refusal with its class, severity, whether a repeat can succeed, and what to do. */
export const REFUSALS: Readonly<Record<RefusalCode, RefusalKind>> = {
  malformed: input('Correct the named field; the schema is events/commands.ts.'),
  oversize: input('Send fewer commands in a batch; 64 KiB is the limit of a message.'),
  unknown_op: input('Use one of the ops of events/commands.ts.'),
  unknown_version: input('Send v: 1, or use a newer bursar on the server.'),
  not_available: input('This version does not do this yet; leave the op or field out.'),
  wrong_team: input('The team of the subject and of the path must be the same.'),
  wrong_shard: system('The broker maps teams to another number of shards than the writer.', false),
  not_permitted: {
    class: 'authority',
    severity: 'error',
    retryable: false,
    advice: 'Ask an operator to enrol the agent with this role and path prefix.',
  },
  unknown_node: state('Open the node first, or ask on a node that is open.'),
  unknown_allocation: state('Check the id; it may have ended beyond the retention time.'),
  unknown_request: state('Check the id; nothing of that name is waiting.'),
  unknown_id: state('Check the id; beyond the retention time the audit log still knows it.'),
  unknown_freeze: state('Name a freeze that is in force; balance lists them.'),
  unknown_stop: state('Name a stop that is in force; balance lists them.'),
  unknown_breaker: state('Name a breaker that is open; balance lists them.'),
  breaker_open: state(
    'The resource is not served while its breaker is open; try again later.',
    true,
  ),
  unknown_grant: state('Name a grant that is not over; balance lists them.'),
  too_many_grants: state('Void grants, or give them an end; 64 of an account may be in force.'),
  no_window: state('Define a window by setLimits first; {"every":"manual"} ends only by hand.'),
  window_not_possible: input('A window is of a consumable without a guarantee, in an IANA zone.'),
  unknown_reservation: state('Check the id and the path; balance lists what is reserved there.'),
  unknown_resource: input('Use a resource of the registry, such as credits or tool.NAME.'),
  resource_in_use: state('A resource keeps its class while it is used; choose another name.'),
  exclusive_resource: input('An exclusive resource has the limit 1; leave the limit out.'),
  reserve_not_possible: input(
    'A reserve needs a limit, and a resource that several may hold; set the limit, or change reserves.',
  ),
  rate_not_exact: input("Use a smaller limit or time, or by: 'bucket'."),
  rate_counted_at_grant: input(
    'A rate is counted in full at the grant: leave min out, and ask anew for more.',
  ),
  node_exists: state('The node is open already; use setLimits to change it.'),
  node_closed: state('A closed name is not used again; choose another.'),
  node_closing: state('The subtree is closing; ask elsewhere.'),
  node_frozen: state('Wait for the unfreeze, or ask an operator for it.', true),
  degraded: state(
    'The level of degradation in force does not admit it; ask again when it has risen.',
    true,
  ),
  node_stopped: state('Work of this priority is stopped; wait for the recovery.', true),
  parent_missing: state('Open the parent first.'),
  guarantee_does_not_fit: state('The parent has not that much left to set aside.', true),
  overcommit_refused: state("The children's limits would exceed the parent's; policy refuses."),
  version_conflict: state(
    'Somebody has set another policy since: look at the differences, then name its version.',
  ),
  does_not_fit: state('There is no room on the path for the growth; ask for less.', true),
  id_conflict: input('Use a new id for new content; the first use of this one stands.'),
  outcome_unknown: state('Ask the audit log for the id before you charge anew.'),
  amount_out_of_range: input('Sums must stay below 2^53; use smaller amounts.'),
  impossible_ttl: input('Give a lease between 10 ms and 24 h.'),
  deadline_past: input('Give a deadline that lies ahead, as a duration from now.'),
  implausible_amount: {
    class: 'state',
    severity: 'critical',
    retryable: false,
    advice: 'Nothing was booked and the run is frozen; an operator books it by charge.',
  },
  lease_over: state('The stop or preemption has run out its time; settle instead.'),
  allocation_ended: state('Settle still books late use; nothing else changes an ended allocation.'),
  allocation_live: state('Settle or release the allocation; adjust is for ended ones.'),
  overloaded: {
    class: 'capacity',
    severity: 'warning',
    retryable: true,
    advice: 'Send less, or again after retryAfterMs.',
  },
  log_nearly_full: system('Settles still commit; an operator must add space or roll the log.'),
  not_owner: system('Another process owns the shard; send again.'),
  unavailable: system('The log cannot be reached; send again with the same id.'),
  internal: system('The team is frozen for inspection; see the log of the writer.', false),
};

/** A message may name what was sent, which can be 64 KiB long. */
const MESSAGE_LENGTH_MAX = 1_000;

/** A refusal of a kind, with what is wrong in this case. */
export function refuse(
  code: RefusalCode,
  message: string,
  extra: { readonly retryAfterMs?: number; readonly field?: string; readonly id?: string } = {},
): Refusal {
  const { class: errorClass, severity, retryable, advice } = REFUSALS[code];
  return {
    outcome: 'refused',
    code,
    message: whole(
      message.length <= MESSAGE_LENGTH_MAX ? message : `${message.slice(0, MESSAGE_LENGTH_MAX)}…`,
    ),
    advice,
    class: errorClass,
    severity,
    retryable,
    ...extra,
  };
}

/** Half a surrogate pair, sent or left by the cut, is no text: no encoder gives it back as it was. */
function whole(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
