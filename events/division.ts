import { z } from 'zod';
import { DistributionMethod } from './distribution.ts';
import { count, level } from './event-kit.ts';
import { NodeName, ResourceName } from './names.ts';

/** What one child has from a division. */
const Share = z.strictObject({
  child: NodeName,
  /** Its limit or guarantee before and after; null: it had none. */
  was: count.nullable(),
  is: count,
  /** What it could not fall below: what it has committed, is guaranteed or was given as `min`. */
  floor: count,
  /** What it was taken to need; null: as much as there is. */
  need: count.nullable(),
  /** In thousandths; of a goal, times what of it is left to do, in thousandths too. */
  weight: count,
  priority: level,
  min: count.optional(),
  max: count.optional(),
  /** The guarantee is new: all of it is lent while it is idle. */
  lend: z.null().optional(),
});
export type Share = Readonly<z.infer<typeof Share>>;

/** One resource as it was divided. */
export const Division = z.strictObject({
  resource: ResourceName,
  /** What was divided, and what of it was held back. */
  total: count,
  kept: count,
  method: DistributionMethod.exclude(['auto']),
  /** Why this method: `asked`, or the rule by which it was chosen. */
  rule: z.string(),
  factors: z.record(z.string(), z.union([z.number(), z.boolean()])),
  shares: z.array(Share),
});
export type Division = Readonly<z.infer<typeof Division>>;
