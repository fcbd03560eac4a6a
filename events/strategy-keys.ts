import { NodePath, ResourceName } from './names.ts';
import { type Registry, resourceTypeOf } from './resources.ts';
import type { Strategy } from './strategy.ts';

/** `credits`, `*`, `acme/lab|credits`, `acme/lab|*`. */
export function isStrategyKey(key: string): boolean {
  const bar = key.indexOf('|');
  if (bar !== -1 && !NodePath.safeParse(key.slice(0, bar)).success) return false;
  const resource = strategyResource(key);
  return resource === '*' || ResourceName.safeParse(resource).success;
}

/** The resource that a key names; `*` for all. */
export function strategyResource(key: string): string {
  return key.slice(key.indexOf('|') + 1);
}

/**
 * Whether a strategy can never be followed for the resource that its key names: what one holder has
 * alone and what is counted in full at the grant are not shared in proportion. Of `*` it is not
 * known: there the decision passes over it where it is not legal, and says so.
 */
export function isIllegalStrategy(key: string, strategy: Strategy, added: Registry): boolean {
  if (strategy !== 'proportional_sharing') return false;
  const type = resourceTypeOf(strategyResource(key), added);
  return type !== undefined && (type.exclusive === true || type.class === 'rate');
}
