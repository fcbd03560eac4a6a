import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { ResourceName } from './names.ts';

/** When holders of a capacity are asked to shrink, and what is taken where they do not. */
const ShedRule = z
  .strictObject({
    /** Use of a swarm's or run's limit from which on it is under pressure, thousandths. */
    onPermille: z.int().min(1).max(1000),
    /** What use is brought down to. */
    offPermille: z.int().min(0).max(999),
    /** How long holders have to shrink by themselves. */
    graceMs: z.int().min(LIMITS.shedGraceMsMin).max(LIMITS.graceMsMax).default(5_000),
    /** Allocations of which nothing was heard for so long are taken first. Null: none is idle. */
    idleMs: z.int().min(1).max(LIMITS.leaseMsMax).nullable().default(null),
  })
  .refine(({ onPermille, offPermille }) => offPermille < onPermille, {
    message: 'offPermille must be below onPermille',
  });
export type ShedRule = z.infer<typeof ShedRule>;

/** Load shedding by capacity resource, such as `memory`; none is shed that is not named. */
export const ShedRules = z.record(ResourceName, ShedRule);
export type ShedRules = z.infer<typeof ShedRules>;
