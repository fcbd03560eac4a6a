import type { ConflictType } from '../events/reasons.ts';
import { ALLOCATIONS, type Registry, resourceTypeOf } from '../events/resources.ts';

/**
 * What kind of contention there is for a resource, by its name in the registry.
 * @param limit of the account in question; a slot of which there is one is exclusive
 * @param added resources of the team's own
 */
export function conflictTypeOf(
  resource: string,
  limit: number | null | undefined,
  added: Registry = {},
): ConflictType {
  const type = resourceTypeOf(resource, added);
  if (type?.exclusive) return 'exclusive_access_required';
  if (type?.class === 'rate' && type.unit === 'calls') return 'tool_limit_reached';
  if (resource === 'credits') return 'insufficient_credits';
  if (resource === 'compute_ms') return 'insufficient_time';
  if (resource === 'memory') return 'insufficient_memory';
  if (resource === 'tool_calls' || resource.startsWith('tool.')) return 'tool_limit_reached';
  if (resource.startsWith('slot.')) {
    return limit === 1 ? 'exclusive_access_required' : 'concurrency_limit_reached';
  }
  if (resource.startsWith('pool.')) {
    return type?.unit === 'bytes' ? 'insufficient_memory' : 'concurrency_limit_reached';
  }
  const isCount = resource === 'concurrency' || resource === ALLOCATIONS;
  return isCount ? 'concurrency_limit_reached' : 'insufficient_resource';
}
