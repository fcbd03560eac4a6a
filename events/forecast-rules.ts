import { z } from 'zod';
import { LIMITS } from './limits.ts';

/**
 * Warns before a consumable of team or swarm runs out, at the rate at which it was last spent
 * . Null: nothing is forecast.
 */
export const ForecastRules = z
  .strictObject({
    /** A warning is raised when what is left would last no longer than this. */
    horizonMs: z.int().min(1).max(LIMITS.deadlineMsMax).default(7_200_000),
    /** How far back spending counts for the rate. */
    windowMs: z.int().min(LIMITS.forecastPieces).max(LIMITS.rateWindowMsMax).default(3_600_000),
    /** Fewer bookings than this in the window say nothing. */
    leastSamples: z.int().min(2).max(1_000).default(5),
  })
  .nullable()
  .default(null);
export type ForecastRules = NonNullable<z.infer<typeof ForecastRules>>;
