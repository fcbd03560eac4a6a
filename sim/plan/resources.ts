/** What a resource is to a person who reads coverage: finer than the two classes of the registry. */
export type ResourceKind = 'consumable' | 'tool' | 'capacity' | 'slot';

/** The resources that plans speak of, by kind. */
export const RESOURCES: Readonly<Record<ResourceKind, readonly string[]>> = {
  consumable: ['credits', 'compute_ms'],
  tool: ['tool_calls', 'tool.search'],
  capacity: ['memory', 'concurrency'],
  slot: ['slot.gpu', 'slot.db'],
};

/** The kind of a resource of the registry; undefined where it is in none. */
export function kindOfResource(resource: string): ResourceKind | undefined {
  if (resource === 'tool_calls' || resource.startsWith('tool.')) return 'tool';
  if (resource.startsWith('slot.')) return 'slot';
  if (resource === 'memory' || resource === 'concurrency') return 'capacity';
  return resource === 'credits' || resource === 'compute_ms' ? 'consumable' : undefined;
}
