import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** How much of what is contended for or divided a node gets beside its siblings, thousandths. */
export const WeightMilli = z.int().min(1).max(LIMITS.weightMilliMax);
