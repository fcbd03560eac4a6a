import { resourceTypeOf } from './resources.ts';

/**
 * An amount with its unit and of what it is: `8000000 microcredits`, `1024 bytes of memory`. Credits
 * are named in the unit in which they are counted: 8000000 credits would be a million times as many.
 * @param resource of a team's own registry too: then its name stands for the unit
 */
export function amountText(amount: number | bigint, resource: string): string {
  const unit = resourceTypeOf(resource)?.unit;
  if (unit === undefined || unit === resource) return `${amount} ${resource}`;
  return unit.endsWith(resource) ? `${amount} ${unit}` : `${amount} ${unit} of ${resource}`;
}
