import type { ResourceAllocationRequest } from '../events/commands.ts';

/** How long the work of an ask takes: as it says, else as long as the lease that it names. */
export function expectedMsOf(ask: ResourceAllocationRequest): number {
  return ask.expectedMs ?? ask.ttlMs ?? 0;
}

/** How long an ask may wait and still meet its deadline; Infinity without one, negative: not. */
export function slackMsOf(ask: ResourceAllocationRequest): number {
  return ask.deadlineMs === undefined ? Infinity : ask.deadlineMs - expectedMsOf(ask);
}
