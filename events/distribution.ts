import { z } from 'zod';
import { common, isSized, itemsMessage } from './command-kit.ts';
import { LIMITS } from './limits.ts';
import { NodeName, NodePath, ResourceName } from './names.ts';
import { PriorityInput } from './priority.ts';
import { Amount, Amounts } from './resources.ts';
import { WeightMilli } from './weight.ts';

/**
 * How a parent divides what it has over its children (capabilities ).
 * - proportional: in proportion to the need that each child is given
 * - priority: the highest priority first, each up to its need; equals in proportion to need
 * - fair: weighted max-min, nobody above its need where one is given
 * - demand: in proportion to what each has used, holds and waits for in the current window
 * - goal: by the weight of its goal times what of it is left to do
 * - predictive: in proportion to estimates with a margin
 * - previous: back to what each had before the last division or rebalancing
 * - auto: one of those above, chosen by what is known and recorded with its factors
 */
export const DistributionMethod = z.enum([
  'proportional',
  'priority',
  'fair',
  'demand',
  'goal',
  'predictive',
  'previous',
  'auto',
]);
export type DistributionMethod = z.infer<typeof DistributionMethod>;

/** What a division sets of each child: its ceiling, or what is set aside for it. */
export const DistributionSets = z.enum(['limit', 'guarantee']);
export type DistributionSets = z.infer<typeof DistributionSets>;

/** A goal that a child works at: how much it matters, and how much of it is done. */
const Goal = z.strictObject({
  weightMilli: WeightMilli.default(LIMITS.weightMilliDefault),
  progressPermille: z.int().min(0).max(1_000).default(0),
});

/**
 * What is known of one child. Amounts are in all, with what it has used and holds already, so that
 * the same distribution given twice comes to the same.
 */
export const ShareTerms = z.strictObject({
  /** Default: the weight of its node. */
  weightMilli: WeightMilli.optional(),
  /** Default normal. */
  priority: PriorityInput.optional(),
  goal: Goal.optional(),
  /** What it needs, taken at its word. Default: its demand. */
  need: Amounts.optional(),
  /** What somebody guesses that it will need: a margin of a fifth is added. */
  estimate: Amounts.optional(),
  /** Its share is not below, nor above. */
  min: Amounts.optional(),
  max: Amounts.optional(),
});
export type ShareTerms = z.infer<typeof ShareTerms>;

/** Divides what a node has over its children, all of them or none. */
export const Distribute = z.strictObject({
  op: z.literal('distribute'),
  ...common,
  path: NodePath,
  /** By resource what to divide: an amount, the sum of the new shares, or all that there is. */
  amounts: z
    .record(ResourceName, z.union([Amount, z.literal('all')]))
    .refine(isSized, itemsMessage),
  method: DistributionMethod.default('auto'),
  /** Those who take part, by name. Absent: all children that are open and were opened by command. */
  children: z
    .record(NodeName, ShareTerms)
    .refine(
      (children) => {
        const count = Object.keys(children).length;
        return count > 0 && count <= LIMITS.sharesMax;
      },
      { message: `must name 1 to ${LIMITS.sharesMax} children` },
    )
    .optional(),
  sets: DistributionSets.default('limit'),
  /** Of what is divided, how much the parent holds back, thousandths. */
  keepPermille: z.int().min(0).max(1_000).default(0),
  /** Only say what would come of it; records nothing and uses no id. */
  dryRun: z.boolean().optional(),
});
