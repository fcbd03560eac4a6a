import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import type { Node } from './node.ts';

/** How long the work of an ask takes: as it says, else as long as the lease that it names. */
export function expectedMsOf(ask: ResourceAllocationRequest): number {
  return ask.expectedMs ?? ask.ttlMs ?? 0;
}

/**
 * How long an ask may wait and still be done by its own deadline and by that of the node where it
 * lands; Infinity without one, negative: not at all.
 */
export function slackMsOf(
  ask: ResourceAllocationRequest,
  { deadlineAtMs }: Pick<Node, 'deadlineAtMs'>,
  atMs: number,
): number {
  return Math.min(ask.deadlineMs ?? Infinity, deadlineAtMs - atMs) - expectedMsOf(ask);
}
