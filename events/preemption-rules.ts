import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { NodePath } from './names.ts';

/** Whom an ask may evict in its own node, by base priority and the operator's boost. */
const WithinNode = z.enum(['never', 'lower', 'lowerOrNewerEqual', 'any']);
/** From whom an ask inside its guarantee takes back what branches above theirs hold. */
const Reclaim = z.enum(['never', 'lower', 'any']);
/** Whether an ask beyond its guarantee may evict less urgent work of other branches. */
const WhileBorrowing = z.strictObject({
  policy: z.enum(['never', 'lower']),
  /** Only holders up to this priority. */
  maxPriority: z.int().optional(),
});

/** Who may be evicted for whom, and what is owed to the evicted. */
export const PreemptionRules = z.strictObject({
  /**
   * How victims are found: `classic` by priority and by what a guarantee takes back, `fair` also
   * from branches with a larger weighted share.
   */
  by: z.enum(['classic', 'fair']).default('classic'),
  withinNode: WithinNode.default('lower'),
  reclaim: Reclaim.default('any'),
  /** Absent: less urgent work, unless `withinNode` is never. */
  whileBorrowing: WhileBorrowing.optional(),
  graceMsMax: z.int().min(0).max(LIMITS.graceMsMax).default(60_000),
  minRuntimeMs: z.int().min(0).default(0),
  /** A demand that was evicted so often is not evicted again. */
  evictionsMax: z.int().min(1).max(LIMITS.evictionsMax).default(3),
  /** Whether an evicted demand's deadline moves by the time it loses. */
  extendDeadline: z.boolean().default(false),
  /** Other rules for a node and what is beneath it, by path; nearest first, field by field. */
  nodes: z
    .record(
      NodePath,
      z.strictObject({
        withinNode: WithinNode.optional(),
        reclaim: Reclaim.optional(),
        whileBorrowing: WhileBorrowing.optional(),
        /** Added to the base priority of both sides; aging and the queue know nothing of it. */
        boost: z.int().min(-100_000).max(100_000).optional(),
      }),
    )
    .default({}),
});
