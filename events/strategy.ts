import { z } from 'zod';

/** Strategies by which contention may be resolved. */
export const Strategy = z.enum([
  'first_come_first_served',
  'priority_based',
  'proportional_sharing',
  'preemption_allowed',
  'queue_and_wait',
]);
export type Strategy = z.infer<typeof Strategy>;
