import { z } from 'zod';
import { LevelRules } from './degradation-rules.ts';
import { RECOVERY_TIERS } from './recovery-rules.ts';

/** How a team or swarm fares. */
export const CrisisView = z.object({
  state: z.enum(['normal', 'degraded', 'emergency', 'stopped', 'recovering']),
  level: z.number(),
  /** What its level admits; absent at level 0. */
  admits: LevelRules.optional(),
  /** When it rises by a level if nothing holds it; null: something does, or it is at 0. */
  risesInMs: z.number().nullable(),
  /** Its slow start, while that is under way. */
  recovery: z
    .object({
      permille: z.number(),
      tier: z.enum(RECOVERY_TIERS),
      /** What may still be given out in this interval. */
      left: z.record(z.string(), z.number()),
      nextInMs: z.number(),
    })
    .optional(),
});
export type CrisisView = z.infer<typeof CrisisView>;
