import { z } from 'zod';
import { count, event, time } from './event-kit.ts';
import { NodePath, ResourceName } from './names.ts';

/** When an account will be used up at the rate at which it is spent; latest null: perhaps never. */
export const RunsOut = z.object({
  exhaustsAtMs: z.number(),
  earliestAtMs: z.number(),
  latestAtMs: z.number().nullable(),
  ratePerHour: z.number(),
});

/** Whether what is left of an account lasts, at the rate at which it was last spent. */
export const FORECAST_EVENTS = [
  event('ExhaustionForecast', {
    path: NodePath,
    resource: ResourceName,
    /** When nothing would be left, and the ends of the interval; null: perhaps never. */
    exhaustsAtMs: time,
    earliestAtMs: time,
    latestAtMs: time.nullable(),
    /** Spent in an hour at this rate, in the resource's unit. */
    ratePerHour: count,
    /** What of the limit was not spent. */
    left: count,
    limit: count,
    /** Bookings from which the rate is known. */
    samples: count,
  }),
  /** It lasts clearly longer than the policy's horizon again, or nothing is known any more. */
  event('ForecastCleared', { path: NodePath, resource: ResourceName }),
] as const;
