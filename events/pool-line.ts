import { z } from 'zod';

/** Who holds some of a pool. */
const PoolHolder = z.object({
  id: z.string(),
  path: z.string(),
  agent: z.string(),
  held: z.number(),
  /** What is left of its lease, ms. */
  expiresInMs: z.number(),
});

/** A pool as a node that may use it sees it. Amounts in the unit of the pool. */
export const PoolLine = z.object({
  resource: z.string(),
  unit: z.string(),
  /** The node that limits it for all who share it. */
  owner: z.string(),
  capacity: z.number(),
  weightMilli: z.number(),
  /** Held, reserved or set aside, by anybody. */
  used: z.number(),
  /** Use by weight, thousandths of the capacity: of several the lowest is taken; null: no capacity. */
  weightedUsePermille: z.number().nullable(),
  /** Room for this node over its whole path. */
  available: z.number(),
  /** Whether policy shares it with this node. */
  isShared: z.boolean(),
  /** Who would take some and waits, for this or for another pool. */
  waitingCount: z.number(),
  /** Those on this node and beneath it, whose lease ends first; so many at most, of `holdersTotal`. */
  holders: z.array(PoolHolder),
  holdersTotal: z.number(),
});
export type PoolLine = z.infer<typeof PoolLine>;
