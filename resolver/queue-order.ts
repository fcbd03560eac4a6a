import { priorityOf } from './may-preempt.ts';
import { compareIds } from './ratio.ts';
import type { PendingRequest } from './types.ts';

/** Who of one queue asks first: higher priority, longer in the queue, id. */
export function compareQueued(a: PendingRequest, b: PendingRequest): number {
  return priorityOf(b) - priorityOf(a) || compareAge(a, b);
}

/** Longer in the queue first, then by id. */
export function compareAge(a: PendingRequest, b: PendingRequest): number {
  return queuedAtOf(a) - queuedAtOf(b) || compareIds(a.id, b.id);
}

/** When a request came into its queue; one without a time has been there always. */
export function queuedAtOf({ queuedAtMs, createdAtMs = 0 }: PendingRequest): number {
  return queuedAtMs ?? createdAtMs;
}
