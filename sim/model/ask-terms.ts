import type { ResourceAllocationRequest } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Policy } from '../../events/policy.ts';

/** What an ask wants of each resource, and the least that helps it. */
export interface Terms {
  readonly want: Record<string, number>;
  readonly least: Record<string, number>;
  /** Resources without a bound of the ask or of policy: to be denied `unbounded`. */
  readonly unbounded: string[];
}

/** S §5: an item without an amount is bounded by policy; `min` defaults to the amount. */
export function termsOf(ask: ResourceAllocationRequest, policy: Policy): Terms {
  const terms: Terms = { want: {}, least: {}, unbounded: [] };
  for (const [resource, item] of Object.entries(ask.items)) {
    const want = item.amount ?? policy.bounds[resource];
    if (want === undefined) {
      terms.unbounded.push(resource);
      continue;
    }
    terms.want[resource] = want;
    terms.least[resource] = Math.min(item.min ?? want, want);
  }
  return terms;
}

export function deadlineOf(atMs: number, deadlineMs: number | undefined): number | null {
  return deadlineMs === undefined ? null : atMs + deadlineMs;
}

/** How long the work takes: as told, else its lease if one was named; the default tells nothing. */
export function expectedMs(ask: ResourceAllocationRequest): number {
  return ask.expectedMs ?? ask.ttlMs ?? 0;
}

/** Last moment at which a grant still helps; infinite without a deadline. */
export function latestStartMs(ask: ResourceAllocationRequest, deadlineAtMs: number | null): number {
  return deadlineAtMs === null ? Number.POSITIVE_INFINITY : deadlineAtMs - expectedMs(ask);
}

export function leaseMs(ask: ResourceAllocationRequest): number {
  return ask.ttlMs ?? LIMITS.ttlMsDefault;
}

/** Base priority of an ask. */
export function priorityOf(ask: ResourceAllocationRequest): number {
  return ask.priority ?? 100;
}
