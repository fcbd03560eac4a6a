import { z } from 'zod';

/** A circuit breaker as `balance` shows it; one that is closed and counts nothing is not shown. */
export const BreakerView = z.object({
  path: z.string(),
  resource: z.string(),
  state: z.enum(['closed', 'open', 'half-open']),
  /** Counted in the time of its rule; closed ones alone. */
  failures: z.number(),
  unresolved: z.number(),
  /** What became of requests meanwhile: denied, queued, or served with another resource. */
  mode: z.string(),
  /** Until it is tried again; null: until an operator closes it, or it is not open. */
  retryInMs: z.number().nullable(),
  /** Allocations that try it now. */
  probes: z.array(z.string()),
});
export type BreakerView = z.infer<typeof BreakerView>;

/** What an operator who opens one is told: until it is tried again, null where no end was set. */
export const openedBreaker = {
  path: z.string(),
  resource: z.string(),
  retryInMs: z.number().nullable(),
};
