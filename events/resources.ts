import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { ResourceName } from './names.ts';

/** Resources that one policy adds. */
const RESOURCES_MAX = LIMITS.accountsPerCommandMax;

/**
 * How a resource behaves.
 * - consumable: held, then spent; what is spent does not come back within its window.
 * - capacity: held while the allocation lives, comes back at its end; the peak is recorded.
 * - rate: counted at the grant, comes back by time alone (RateMeter).
 */
export const ResourceClass = z.enum(['consumable', 'capacity', 'rate']);
export type ResourceClass = z.infer<typeof ResourceClass>;

/** What the registry knows of a resource. Amounts are safe integers of this unit. */
export interface ResourceType {
  readonly class: ResourceClass;
  readonly unit: string;
  /** A capacity that one allocation of the team has alone: its limit is 1. */
  readonly exclusive?: boolean | undefined;
}

/** Resources that a team's policy adds, by name. */
export const Registry = z
  .record(
    ResourceName,
    z
      .strictObject({
        class: ResourceClass,
        unit: z.string().regex(/^[A-Za-z][A-Za-z0-9_ /-]{0,23}$/, 'must be a word for the unit'),
        exclusive: z.boolean().optional(),
      })
      .refine((type) => !type.exclusive || type.class === 'capacity', {
        message: 'only a capacity can be exclusive',
      }),
  )
  .refine((added) => Object.keys(added).length <= RESOURCES_MAX, {
    message: `must name at most ${RESOURCES_MAX} resources`,
  })
  .refine(
    (added) =>
      Object.entries(added).every(([name, type]) => {
        const before = resourceTypeOf(name);
        return before === undefined || before.class === type.class;
      }),
    { message: 'must not change the class of a resource that every team has' },
  );
export type Registry = Readonly<Record<string, ResourceType>>;

/**
 * How a rate is metered on one node. A limit of 60 with `ms` 60,000:
 * - sliding: in any 60,000 ms at most 60 are granted (an exact sliding window).
 * - bucket: 60 flow in over 60,000 ms, evenly; at most `burst` (default the limit) can be saved up.
 */
export const RateMeter = z
  .strictObject({
    ms: z.int().min(1).max(LIMITS.rateWindowMsMax),
    by: z.enum(['sliding', 'bucket']),
    burst: z.int().min(1).optional(),
  })
  .refine((meter) => meter.by === 'bucket' || meter.burst === undefined, {
    message: 'burst is for a bucket',
  });
export type RateMeter = z.infer<typeof RateMeter>;

/** Whether two meters count alike, so that what one has counted holds for the other. */
export function isSameMeter(a: RateMeter, b: RateMeter): boolean {
  return a.ms === b.ms && a.by === b.by && a.burst === b.burst;
}

/**
 * Counts itself: a grant holds one wherever a tier of its path has a limit on it, and no request
 * names it. So a limit on it is the most allocations that may live beneath a node at once.
 */
export const ALLOCATIONS = 'allocations';

/** Resources that every team has. 1 credit = 1 USD = 1,000,000 microcredits. */
export const BUILT_IN_RESOURCES: Readonly<Record<string, ResourceType>> = {
  credits: { class: 'consumable', unit: 'microcredits' },
  tool_calls: { class: 'consumable', unit: 'calls' },
  compute_ms: { class: 'consumable', unit: 'ms' },
  memory: { class: 'capacity', unit: 'bytes' },
  concurrency: { class: 'capacity', unit: 'slots' },
  [ALLOCATIONS]: { class: 'capacity', unit: 'allocations' },
  tool_calls_per_minute: { class: 'rate', unit: 'calls' },
  model_tokens_per_minute: { class: 'rate', unit: 'tokens' },
};

/**
 * Families by prefix: `tool.NAME` is a quota of calls, `slot.NAME` a capacity (1 = exclusive),
 * `pool.NAME` a capacity that several nodes share, `rate.NAME` calls in a time, for a tool
 * `rate.tool.NAME`.
 */
const FAMILIES: readonly (readonly [string, ResourceType])[] = [
  ['tool.', { class: 'consumable', unit: 'calls' }],
  ['slot.', { class: 'capacity', unit: 'slots' }],
  ['pool.', { class: 'capacity', unit: 'slots' }],
  ['rate.', { class: 'rate', unit: 'calls' }],
];

/** The type of a resource, or undefined when neither every team nor the team's policy has it. */
export function resourceTypeOf(
  resource: string,
  added: Registry = NOTHING_ADDED,
): ResourceType | undefined {
  // `constructor` is a name too, and every object has it.
  if (Object.hasOwn(added, resource)) return added[resource];
  if (Object.hasOwn(BUILT_IN_RESOURCES, resource)) return BUILT_IN_RESOURCES[resource];
  for (const [prefix, type] of FAMILIES) if (resource.startsWith(prefix)) return type;
  return undefined;
}

const NOTHING_ADDED: Registry = {};

/** A non-negative safe integer in the resource's unit. */
export const Amount = z.int().min(0);

/** Amounts by resource. */
export const Amounts = z.record(ResourceName, Amount);
export type Amounts = Readonly<Record<string, number>>;
