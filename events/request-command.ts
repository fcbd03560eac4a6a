import { z } from 'zod';
import { common, itemsMessage, ttlMs } from './command-kit.ts';
import { LIMITS } from './limits.ts';
import { CommandId, NodePath, ResourceName } from './names.ts';
import { AnyOf, poolTaken, withoutPools } from './pools.ts';
import { PriorityInput } from './priority.ts';
import { Amount } from './resources.ts';
import { Strategy } from './strategy.ts';

/** One resource of a bundle. Without `min` the item is indivisible; without `amount` policy bounds it. */
const Item = z
  .strictObject({ amount: Amount.optional(), min: Amount.optional() })
  .refine((item) => (item.min ?? 0) <= (item.amount ?? Number.MAX_SAFE_INTEGER), {
    message: 'min is above amount',
  });

const asked = {
  path: NodePath,
  items: z.record(ResourceName, Item).default({}),
  /** Beside the items, or alone: one pool of each group, chosen when it is decided. */
  anyOf: AnyOf.optional(),
  priority: PriorityInput.optional(),
  /** 0..100, what is at stake; breaks ties of priority and slack. */
  businessImpact: z.int().min(0).max(100).optional(),
  /** Useless when not granted and done within this time. */
  deadlineMs: z.int().max(LIMITS.deadlineMsMax).optional(),
  /** How long the work takes; default the lease. */
  expectedMs: z.int().min(0).max(LIMITS.deadlineMsMax).optional(),
  ttlMs: ttlMs.optional(),
  /** How long it may wait in a queue; 0 or absent: not at all. */
  maxWaitMs: z.int().min(0).max(LIMITS.waitMsMax).optional(),
  /** Time it would need to yield, should it be preempted. */
  graceMs: z.int().min(0).max(LIMITS.graceMsMax).optional(),
  strategy: Strategy.optional(),
  /** Whether more urgent work may take it; true unless said otherwise. */
  preemptible: z.boolean().optional(),
  /** The advance reservation from which every resource that it covers is drawn. */
  reservationId: CommandId.optional(),
  /** A partial grant keeps a claim for the rest in the queue, for `maxWaitMs` at most. */
  topUpLater: z.boolean().optional(),
};
/** A request names something, and not too much of it; an item is no pool of a group. */
function isBundle(ask: { items: Record<string, unknown>; anyOf?: AnyOf | undefined }): boolean {
  const count = Object.keys(withoutPools(ask)).length + (ask.anyOf?.length ?? 0);
  return count > 0 && count <= LIMITS.itemsMax;
}

/**
 * What a request asks for, as it is recorded: nothing that changes between two tries of it but the
 * pools that were chosen, which are among its items.
 */
export const Ask = z
  .strictObject({
    ...asked,
    /** The allocation that is to grow by it: then it is a claim that the writer keeps. */
    topsUp: CommandId.optional(),
    /** Resources whose breakers were open, and what was asked for in their place. */
    instead: z.record(ResourceName, ResourceName).optional(),
  })
  .refine(isBundle, { ...itemsMessage, path: ['items'] });
/** The request of an agent for a bundle of resources on one node. */
export type ResourceAllocationRequest = z.infer<typeof Ask>;

/** The command that asks for it. */
export const Request = z
  .strictObject({
    op: z.literal('request'),
    ...common,
    ...asked,
    /** Only say what would happen; records nothing and uses up no id. */
    dryRun: z.boolean().optional(),
  })
  .refine(isBundle, { ...itemsMessage, path: ['items'] })
  .refine(({ items, anyOf = [] }) => anyOf.every((group) => !poolTaken({ items }, group)), {
    message: 'names what is asked as an item too',
    path: ['anyOf'],
  })
  .refine(({ anyOf, reservationId }) => anyOf === undefined || reservationId === undefined, {
    message: 'goes without reservationId: name the pool that is reserved as an item',
    path: ['anyOf'],
  });
