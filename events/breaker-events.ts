import { z } from 'zod';
import { cause, count, event, time } from './event-kit.ts';
import { NodePath, ResourceName } from './names.ts';

/** The circuit breaker of a resource on a node and all beneath it (I-10). */
export const BREAKER_EVENTS = [
  /** No more of it is granted until it is tried again. */
  event('BreakerOpened', {
    ...cause,
    path: NodePath,
    resource: ResourceName,
    /** Too much went wrong in the time of its rule, a probe failed, or an operator said so. */
    why: z.enum(['failures', 'probe', 'operator']),
    /** Counted in the time of its rule: reported failures, and conflicts that came to nothing. */
    failures: count.optional(),
    unresolved: count.optional(),
    /** Half-open then; absent: until an operator closes it. */
    untilMs: time.optional(),
    reason: z.string().optional(),
  }),
  /** It is tried again by probes. */
  event('BreakerHalfOpened', { path: NodePath, resource: ResourceName }),
  event('BreakerClosed', {
    ...cause,
    path: NodePath,
    resource: ResourceName,
    why: z.enum(['probe', 'operator']),
  }),
] as const;
