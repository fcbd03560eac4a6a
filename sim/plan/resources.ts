/** What a resource is to a person who reads coverage: by what it is for, not by its class. */
export type ResourceKind = 'consumable' | 'tool' | 'capacity' | 'slot';

/** The resources that plans speak of, by kind. */
export const RESOURCES: Readonly<Record<ResourceKind, readonly string[]>> = {
  consumable: ['credits', 'compute_ms'],
  tool: ['tool_calls', 'tool.search', 'rate.search', 'model_tokens_per_minute'],
  capacity: ['memory', 'concurrency'],
  slot: ['slot.gpu', 'slot.db'],
};

/** Whether a resource is a limit per time. */
export function isRate(resource: string): boolean {
  return resource.startsWith('rate.') || resource.endsWith('_per_minute');
}

/** The kind of a resource of the registry; undefined where it is in none. */
export function kindOfResource(resource: string): ResourceKind | undefined {
  if (resource === 'tool_calls' || resource.startsWith('tool.') || isRate(resource)) return 'tool';
  if (resource.startsWith('slot.') || resource.startsWith('pool.')) return 'slot';
  if (resource === 'memory' || resource === 'concurrency') return 'capacity';
  return resource === 'credits' || resource === 'compute_ms' ? 'consumable' : undefined;
}
