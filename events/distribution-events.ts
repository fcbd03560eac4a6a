import { z } from 'zod';
import { DistributionSets } from './distribution.ts';
import { Division } from './division.ts';
import { cause, event } from './event-kit.ts';
import { NodePath } from './names.ts';

/** Budgets that a parent divides over its children, all of them or none. */
export const DISTRIBUTION_EVENTS = [
  event('Distributed', {
    ...cause,
    path: NodePath,
    sets: DistributionSets,
    /** Nobody asked for it: what is not used has gone to those who want it (policy `rebalance`). */
    why: z.literal('rebalance').optional(),
    divisions: z.array(Division),
  }),
] as const;
