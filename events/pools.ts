import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { NodePath, ResourceName } from './names.ts';
import { Amount } from './resources.ts';

/**
 * The capacities that several nodes share (semantics §3, R-23): `pool.NAME`, or any other capacity
 * that policy names here. A pool is the account of the outermost node that limits it, and there is
 * no second kind of account: it lives by the books, queues and leases of every capacity.
 */
export const PoolRules = z
  .record(
    ResourceName,
    z.strictObject({
      /** How much of the load it takes beside other pools of its size, thousandths. */
      weightMilli: z.int().min(1).max(LIMITS.weightMilliMax).default(LIMITS.weightMilliDefault),
      /** Who may use it: these nodes and what lies beneath them; absent, whoever its limit covers. */
      nodes: z.array(NodePath).min(1).max(LIMITS.poolNodesMax).optional(),
    }),
  )
  .refine((rules) => Object.keys(rules).length <= LIMITS.accountsPerCommandMax, {
    message: `must name at most ${LIMITS.accountsPerCommandMax} pools`,
  });
export type PoolRules = z.infer<typeof PoolRules>;

/** So much of one of some pools, whichever has the least to do. */
const PoolGroup = z
  .strictObject({
    pools: z.array(ResourceName).min(1).max(LIMITS.poolsPerGroupMax),
    amount: Amount,
    /** The least that is of use; without it the amount is indivisible. */
    min: Amount.optional(),
  })
  .refine((group) => (group.min ?? 0) <= group.amount, { message: 'min is above amount' });
export type PoolGroup = z.infer<typeof PoolGroup>;

/** Groups of pools; of each group one pool is taken. */
export const AnyOf = z
  .array(PoolGroup)
  .min(1)
  .max(LIMITS.poolGroupsMax)
  .refine(
    (groups) => {
      const names = groups.flatMap(({ pools }) => pools);
      return new Set(names).size === names.length;
    },
    { message: 'names a pool twice' },
  );
export type AnyOf = z.infer<typeof AnyOf>;

/** What an ask says of amounts: items by resource, and groups of which one pool each is taken. */
interface PooledItems<Item> {
  readonly items: Readonly<Record<string, Item>>;
  readonly anyOf?: readonly PoolGroup[] | undefined;
}

/** The items of a recorded ask as its caller sent them: without the pools that were taken. */
export function withoutPools<Item>({ items, anyOf }: PooledItems<Item>): Record<string, Item> {
  const sent = { ...items };
  for (const { pools } of anyOf ?? []) for (const pool of pools) delete sent[pool];
  return sent;
}

/** The pool of a group that a recorded ask has taken; undefined where none was looked for yet. */
export function poolTaken<Item>(
  { items }: PooledItems<Item>,
  { pools }: PoolGroup,
): string | undefined {
  return pools.find((pool) => items[pool] !== undefined);
}
