import type { Command } from '../../events/commands.ts';
import type { RefusalCode } from '../../events/refusal-code.ts';

export type Op = Command['op'];

/** What can come of a command: outcomes as `outcomeOf` names them, and codes of refusals. */
interface Row {
  readonly outcomes: readonly string[];
  readonly refusals: readonly RefusalCode[];
}

/**
 * Each command with what can come of it, besides what can come of all (below). Where an outcome has
 * kinds that are decided in different ways, each is one: `settled late`.
 */
export const ANSWERS: Readonly<Record<Op, Row>> = {
  request: {
    outcomes: [
      'granted',
      'partial',
      'queued',
      'preempting',
      'would_grant',
      'would_queue',
      'would_preempt',
      'denied insufficient_credits',
      'denied insufficient_time',
      'denied insufficient_memory',
      'denied concurrency_limit_reached',
      'denied tool_limit_reached',
      'denied exclusive_access_required',
      'denied frozen',
      'denied stopped',
      'denied closing',
      'denied unknown_node',
      'denied node_closed',
      'denied unbounded',
      'denied never_fits',
      'denied deadline_unreachable',
      'denied queued_ahead',
      'denied tool_not_allowed',
      'denied pool_not_allowed',
      'denied rule_denied',
      'denied breaker_open',
      'pendingApproval',
      'would_need_approval',
    ],
    refusals: [
      'deadline_past',
      'rate_counted_at_grant',
      'unknown_resource',
      'amount_out_of_range',
      'impossible_ttl',
      'not_available',
      'log_nearly_full',
    ],
  },
  settle: {
    outcomes: ['settled', 'settled late', 'settled estimated', 'settled overrun'],
    refusals: [
      'unknown_allocation',
      'unknown_resource',
      'amount_out_of_range',
      'implausible_amount',
      'node_closed',
    ],
  },
  release: { outcomes: ['released', 'ended'], refusals: ['unknown_allocation'] },
  renew: {
    outcomes: ['renewed'],
    refusals: ['unknown_allocation', 'allocation_ended', 'impossible_ttl'],
  },
  resize: {
    outcomes: ['resized'],
    refusals: [
      'degraded',
      'unknown_allocation',
      'allocation_ended',
      'unknown_resource',
      'node_frozen',
      'node_stopped',
      'degraded',
      'node_closing',
      'does_not_fit',
      'breaker_open',
      'rate_counted_at_grant',
      'amount_out_of_range',
      'log_nearly_full',
    ],
  },
  report: {
    outcomes: ['reported', 'reported overrun'],
    refusals: [
      'unknown_allocation',
      'allocation_ended',
      'unknown_resource',
      'implausible_amount',
      'amount_out_of_range',
    ],
  },
  charge: {
    outcomes: ['charged'],
    refusals: ['unknown_node', 'unknown_resource', 'amount_out_of_range'],
  },
  adjust: {
    outcomes: ['adjusted'],
    refusals: [
      'allocation_live',
      'unknown_allocation',
      'unknown_resource',
      'amount_out_of_range',
      'node_closed',
    ],
  },
  approve: { outcomes: ['approved'], refusals: ['unknown_request'] },
  decline: { outcomes: ['declined'], refusals: ['unknown_request'] },
  cancel: { outcomes: ['cancelled', 'already_granted'], refusals: ['unknown_request'] },
  open: {
    outcomes: ['opened'],
    refusals: [
      'reserve_not_possible',
      'degraded',
      'rate_not_exact',
      'node_exists',
      'node_closed',
      'parent_missing',
      'node_frozen',
      'degraded',
      'node_closing',
      'unknown_resource',
      'guarantee_does_not_fit',
      'overcommit_refused',
      'amount_out_of_range',
      'log_nearly_full',
    ],
  },
  close: { outcomes: ['closing', 'closed'], refusals: ['unknown_node', 'node_closing'] },
  setLimits: {
    outcomes: ['limits_set'],
    refusals: [
      'reserve_not_possible',
      'rate_not_exact',
      'window_not_possible',
      'unknown_node',
      'unknown_resource',
      'node_frozen',
      'node_closing',
      'guarantee_does_not_fit',
      'overcommit_refused',
      'amount_out_of_range',
    ],
  },
  topUp: {
    outcomes: ['topped_up'],
    refusals: ['unknown_node', 'unknown_resource', 'overcommit_refused', 'amount_out_of_range'],
  },
  voidGrant: { outcomes: ['grant_voided'], refusals: ['unknown_node', 'unknown_grant'] },
  resetWindow: { outcomes: ['window_reset'], refusals: ['unknown_node', 'no_window'] },
  transfer: {
    outcomes: ['transferred'],
    refusals: [
      'unknown_node',
      'unknown_resource',
      'node_frozen',
      'node_closing',
      'does_not_fit',
      'guarantee_does_not_fit',
      'overcommit_refused',
      'amount_out_of_range',
    ],
  },
  reserve: {
    outcomes: ['reserved'],
    refusals: [
      'unknown_node',
      'unknown_resource',
      'node_frozen',
      'node_closing',
      'node_stopped',
      'does_not_fit',
      'amount_out_of_range',
      'deadline_past',
      'log_nearly_full',
    ],
  },
  distribute: {
    outcomes: ['distributed', 'would_distribute'],
    refusals: [
      'unknown_node',
      'unknown_resource',
      'node_frozen',
      'node_closing',
      'does_not_fit',
      'guarantee_does_not_fit',
      'overcommit_refused',
      'window_not_possible',
      'allocation_live',
    ],
  },
  cancelReservation: { outcomes: ['reservation_ended'], refusals: ['unknown_reservation'] },
  setPolicy: {
    outcomes: ['policy_set', 'would_set_policy'],
    refusals: ['reserve_not_possible', 'version_conflict', 'log_nearly_full'],
  },
  enrol: { outcomes: ['enrolled'], refusals: ['log_nearly_full'] },
  dismiss: { outcomes: ['dismissed'], refusals: ['unknown_id'] },
  freeze: { outcomes: ['frozen'], refusals: ['unknown_node'] },
  unfreeze: {
    outcomes: ['unfrozen', 'unfrozen still'],
    refusals: ['unknown_node', 'unknown_freeze'],
  },
  stop: { outcomes: ['stopped'], refusals: ['unknown_node'] },
  acknowledgeStop: { outcomes: ['acknowledged'], refusals: ['unknown_stop', 'lease_over'] },
  recover: { outcomes: ['recovered'], refusals: ['unknown_stop'] },
  openBreaker: {
    outcomes: ['breaker_opened'],
    refusals: ['unknown_node', 'unknown_resource'],
  },
  closeBreaker: { outcomes: ['breaker_closed'], refusals: ['unknown_breaker'] },
  balance: { outcomes: ['balance'], refusals: ['unknown_node'] },
  status: {
    outcomes: [
      'granted',
      'partial',
      'queued',
      'preempting',
      'denied',
      'ended',
      'allocation',
      'settled',
      'frozen',
      'stopped',
    ],
    refusals: ['unknown_id'],
  },
  explain: { outcomes: ['explained'], refusals: ['unknown_id'] },
  queue: { outcomes: ['queue'], refusals: [] },
  policy: { outcomes: ['policy'], refusals: [] },
  emergencies: { outcomes: ['emergencies'], refusals: [] },
};

export const OPS_IN_ORDER = Object.keys(ANSWERS) as Op[];

const READS: ReadonlySet<Op> = new Set([
  'balance',
  'status',
  'explain',
  'queue',
  'policy',
  'emergencies',
]);
/** Commands that name a node by its path. */
const ON_NODES: readonly Op[] = [
  'request',
  'charge',
  'open',
  'close',
  'setLimits',
  'topUp',
  'distribute',
  'reserve',
  'setPolicy',
  'freeze',
  'unfreeze',
  'stop',
  'acknowledgeStop',
  'recover',
  'openBreaker',
  'closeBreaker',
  'balance',
  'queue',
  'policy',
];

/** What can come of any command, of any that changes something, of any that names a node. */
export function commonOutcomes(op: Op): string[] {
  const whoever: RefusalCode[] = ['malformed', 'unknown_version', 'not_permitted'];
  const whenever: RefusalCode[] = ['not_owner', 'unavailable'];
  const changing: RefusalCode[] = ['id_conflict', 'outcome_unknown', 'overloaded'];
  const isChange = !READS.has(op);
  return [
    ...[...whoever, ...whenever].map(refused),
    ...(isChange ? [...changing.map(refused), 'replayed'] : []),
    ...(ON_NODES.includes(op) || op === 'enrol' ? [refused('wrong_team')] : []),
  ];
}

export function refused(code: RefusalCode): string {
  return `refused ${code}`;
}

/** Commands by what they are about, to be crossed with faults. */
export const FAMILIES: Readonly<Record<string, readonly Op[]>> = {
  asking: ['request', 'cancel'],
  ending: ['settle', 'release'],
  keeping: ['renew', 'resize', 'report'],
  booking: ['charge', 'adjust'],
  building: ['open', 'close', 'setLimits', 'topUp', 'transfer', 'distribute'],
  reserving: ['reserve', 'cancelReservation'],
  ruling: ['setPolicy', 'enrol', 'dismiss'],
  alarming: ['freeze', 'unfreeze', 'stop', 'acknowledgeStop', 'recover'],
  breaking: ['openBreaker', 'closeBreaker'],
  reading: ['balance', 'status', 'explain', 'queue', 'policy', 'emergencies'],
};

export function familyOf(op: Op): string {
  const found = Object.entries(FAMILIES).find(([, ops]) => ops.includes(op));
  return found?.[0] ?? 'none';
}
