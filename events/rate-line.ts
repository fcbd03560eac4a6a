import { z } from 'zod';

/** A rate on one node. Amounts in the resource's unit. */
export const RateLine = z.object({
  resource: z.string(),
  unit: z.string(),
  /** Own limit over `ms`. */
  limit: z.number(),
  ms: z.number(),
  by: z.enum(['sliding', 'bucket']),
  /** The most that can be saved up in a bucket; of a sliding window the limit. */
  burst: z.number(),
  /** Counted here and beneath and not come back; of a bucket what it is short of full, rounded up. */
  counted: z.number(),
  /** What could be granted now here, and over the whole path. */
  available: z.number(),
  effectiveAvailable: z.number(),
  /** When 1 can be granted over the whole path if nobody else comes; 0 is now, null never. */
  retryAfterMs: z.number().nullable(),
});
export type RateLine = z.infer<typeof RateLine>;
