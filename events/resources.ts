import { z } from 'zod';
import { ResourceName } from './names.ts';

/**
 * How a resource behaves.
 * - consumable: held, then spent; what is spent does not come back within its window.
 * - capacity: held while the allocation lives, comes back at its end; the peak is recorded.
 */
export const ResourceClass = z.enum(['consumable', 'capacity']);
export type ResourceClass = z.infer<typeof ResourceClass>;

/** What the registry knows of a resource. Amounts are safe integers of this unit. */
export interface ResourceType {
  readonly class: ResourceClass;
  readonly unit: string;
}

/** Resources that every team has. 1 credit = 1 USD = 1,000,000 microcredits. */
export const BUILT_IN_RESOURCES: Readonly<Record<string, ResourceType>> = {
  credits: { class: 'consumable', unit: 'microcredits' },
  tool_calls: { class: 'consumable', unit: 'calls' },
  compute_ms: { class: 'consumable', unit: 'ms' },
  memory: { class: 'capacity', unit: 'bytes' },
  concurrency: { class: 'capacity', unit: 'slots' },
};

/** Families by prefix: `tool.NAME` is a quota of calls, `slot.NAME` a capacity (1 = exclusive). */
const FAMILIES: readonly (readonly [string, ResourceType])[] = [
  ['tool.', { class: 'consumable', unit: 'calls' }],
  ['slot.', { class: 'capacity', unit: 'slots' }],
];

/** The type of a resource, or undefined when the registry does not know it. */
export function resourceTypeOf(resource: string): ResourceType | undefined {
  // `constructor` is a name too, and every object has it.
  if (Object.hasOwn(BUILT_IN_RESOURCES, resource)) return BUILT_IN_RESOURCES[resource];
  for (const [prefix, type] of FAMILIES) if (resource.startsWith(prefix)) return type;
  return undefined;
}

/** A non-negative safe integer in the resource's unit. */
export const Amount = z.int().min(0);

/** Amounts by resource. */
export const Amounts = z.record(ResourceName, Amount);
export type Amounts = Readonly<Record<string, number>>;
