import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { NodePath, ResourceName } from './names.ts';

/** A resource's name, `*` for any run of characters: `tool.*`, `slot.gpu`. */
export const ResourcePattern = z
  .string()
  .regex(/^[a-z0-9_.*-]{1,64}$/, 'must be a name of a resource, with * for any part of it');

/**
 * What a circuit breaker counts.
 * - failure: an agent reports that what it was granted did not work.
 * - unresolved: somebody waited for a capacity in vain. Waiting for a rate, or for a quota that is
 *   used up, is no sign of anything broken and is never counted.
 */
const Counted = z.enum(['failure', 'unresolved']);
export type BreakerCounted = z.infer<typeof Counted>;

/** What becomes of requests for a resource while its breaker is open. */
const Mode = z.union([
  z.enum(['deny', 'queue']),
  /** The item is asked of this other resource. */
  z.strictObject({ fallback: ResourceName }),
]);
export type BreakerMode = z.infer<typeof Mode>;

/**
 * When the supply of a resource is taken away, and how it comes back (I-10). Each node that a rule
 * names has one breaker for each resource that matches; of several rules for a node the first decides.
 */
export const BreakerRule = z
  .strictObject({
    /** The node that has the breaker, for itself and all beneath it; absent: the team. */
    path: NodePath.optional(),
    resource: ResourcePattern,
    /** So many within `windowMs` open it. */
    failures: z.int().min(1).max(LIMITS.breakerFailuresMax),
    windowMs: z.int().min(1).max(LIMITS.breakerMsMax),
    counts: z.array(Counted).min(1).default(['failure']),
    /** How long it stays open before the resource is tried again, ms. */
    openMs: z.int().min(1).max(LIMITS.breakerMsMax),
    /** Each opening in a row lasts twice as long as the one before, up to this; absent: `openMs`. */
    openMsMax: z.int().min(1).max(LIMITS.breakerMsMax).optional(),
    /** Allocations that must go well, one after the other or at once, before it closes. */
    probes: z.int().min(1).max(LIMITS.breakerProbesMax).default(1),
    mode: Mode.default('deny'),
  })
  .refine(({ openMs, openMsMax }) => openMsMax === undefined || openMsMax >= openMs, {
    message: 'must not be below openMs',
    path: ['openMsMax'],
  });
export type BreakerRule = z.infer<typeof BreakerRule>;

export const BreakerRules = z.array(BreakerRule).max(LIMITS.breakerRulesMax);
