import type { LiveAllocation, NodePreemption, PendingRequest } from './types.ts';

/**
 * Whether a policy lets a request take from a holder. Both sides count with what an operator added
 * to their priority. Equal ones are ordered by when they first asked, so that no two can take from
 * each other in turn; a request without a time counts as from 0.
 */
export function mayPreempt(
  policy: NodePreemption['withinNode'],
  request: Pick<PendingRequest, 'priority' | 'boost' | 'createdAtMs' | 'queuedAtMs'>,
  holder: Pick<LiveAllocation, 'priority' | 'boost' | 'grantedAtMs' | 'createdAtMs'>,
): boolean {
  const above = priorityOf(request) - priorityOf(holder);
  switch (policy) {
    case 'never':
      return false;
    case 'any':
      return true;
    case 'lower':
      return above > 0;
    case 'lowerOrNewerEqual':
      return above > 0 || (above === 0 && isOlder(request, holder));
  }
}

/** Priority with what an operator added. */
export function priorityOf({
  priority,
  boost = 0,
}: {
  readonly priority: number;
  readonly boost?: number;
}): number {
  return priority + boost;
}

function isOlder(
  request: Pick<PendingRequest, 'createdAtMs' | 'queuedAtMs'>,
  holder: Pick<LiveAllocation, 'grantedAtMs' | 'createdAtMs'>,
): boolean {
  const askedAtMs = request.queuedAtMs ?? request.createdAtMs ?? 0;
  return askedAtMs < (holder.createdAtMs ?? holder.grantedAtMs);
}
