import { z } from 'zod';

/** Kinds of contention. */
export const ConflictType = z.enum([
  'insufficient_credits',
  'insufficient_time',
  'insufficient_memory',
  'concurrency_limit_reached',
  'tool_limit_reached',
  'exclusive_access_required',
  'insufficient_resource',
]);
export type ConflictType = z.infer<typeof ConflictType>;

/** Why a request was denied. */
export const DenialReason = z.enum([
  ...ConflictType.options,
  'frozen',
  'stopped',
  'degraded',
  'recovering',
  'closing',
  'unknown_node',
  'unknown_resource',
  'node_closed',
  'unbounded',
  'never_fits',
  'deadline_unreachable',
  'wait_timeout',
  'queue_full',
  'queued_ahead',
  'amount_out_of_range',
  'tool_not_allowed',
  'pool_not_allowed',
  'rule_denied',
  'approval_declined',
  'approval_expired',
  'reservation_ahead',
  'reservation_short',
  'deadlock',
  'breaker_open',
]);
export type DenialReason = z.infer<typeof DenialReason>;

/** By which right a victim is taken (semantics §7). */
export const PreemptionRight = z.enum(['priority', 'reclaim', 'fair']);
/** The finer reason, as an operator reads it. */
export const PreemptionReason = z.enum([
  'within-node-priority',
  'priority-while-borrowing',
  'reclaim-nominal',
  'fair-share',
]);
