import { z } from 'zod';
import { LIMITS } from './limits.ts';

/**
 * How a team or swarm comes back after a stop was lifted, a freeze was ended by hand or a top-up
 * ended its exhaustion: in each interval only so much of the room is given out, at first to
 * what is asked on the swarm itself, then on runs too, then on steps.
 */
export const RecoveryRules = z.strictObject({
  /** Part of the room that is given out in the first interval, thousandths. */
  startPermille: z.int().min(1).max(1000).default(250),
  /** So much more in each further one. */
  stepPermille: z.int().min(1).max(1000).default(250),
  everyMs: z.int().min(1).max(LIMITS.dwellMsMax).default(10_000),
});
export type RecoveryRules = z.infer<typeof RecoveryRules>;

/** The tiers that a slow start lets in, one interval after the other. */
export const RECOVERY_TIERS = ['swarm', 'run', 'step'] as const;
export type RecoveryTier = (typeof RECOVERY_TIERS)[number];
