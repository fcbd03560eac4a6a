import { z } from 'zod';

/** How far a stop in force has come. */
export const StopView = z.object({
  stop: z.string(),
  /** Base priorities below this are stopped; null: all. */
  below: z.number().nullable(),
  ackInMs: z.number(),
  /** Allocations that it concerned at first, that still live, that were fenced. */
  allocations: z.number(),
  remaining: z.number(),
  fenced: z.number(),
  /** Agents whose these were, those that acknowledged, the first of the others by name. */
  agents: z.number(),
  acknowledged: z.number(),
  unacknowledged: z.array(z.string()),
  /** Nothing that it concerned lives or waits any more. */
  complete: z.boolean(),
});
export type StopView = z.infer<typeof StopView>;
