import { priorityOf } from './may-preempt.ts';
import type { PendingRequest } from './types.ts';

/** Who of one queue asks first: higher priority, longer in the queue, id. */
export function compareQueued(a: PendingRequest, b: PendingRequest): number {
  return priorityOf(b) - priorityOf(a) || compareAge(a, b);
}

/** Longer in the queue first, then by id. */
export function compareAge(a: PendingRequest, b: PendingRequest): number {
  return queuedAtOf(a) - queuedAtOf(b) || (a.id < b.id ? -1 : 1);
}

/** Requests without a time have been there always. */
function queuedAtOf({ queuedAtMs, createdAtMs = 0 }: PendingRequest): number {
  return queuedAtMs ?? createdAtMs;
}
