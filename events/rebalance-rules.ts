import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { NodePath } from './names.ts';
import { ToolPatterns } from './rules.ts';

/**
 * Moves what was divided over children (`distribute`) from those who do not use it to those who want
 * it, again and again. Null: what was divided stays as it is.
 */
export const RebalanceRules = z
  .strictObject({
    /** Divisions of this node and of those beneath it; absent: of the whole team. */
    path: NodePath.optional(),
    /** Names of resources, `*` for any part of one. */
    resources: ToolPatterns.min(1).default(['*']),
    /** `demand`: in proportion to it; `fair`: weighted max-min, nobody above its demand at first. */
    method: z.enum(['demand', 'fair']).default('demand'),
    /** Nothing moves unless more than this part of the whole would, thousandths: no to and fro. */
    deadZonePermille: z.int().min(0).max(1_000).default(100),
    /** How long after a division it is looked at, and how often then. */
    everyMs: z.int().min(LIMITS.rebalanceMsMin).max(LIMITS.deadlineMsMax).default(60_000),
  })
  .nullable()
  .default(null);
export type RebalanceRules = NonNullable<z.infer<typeof RebalanceRules>>;
