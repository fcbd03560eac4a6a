import type { EventOf } from '../events/events.ts';
import { amountText } from './amount-text.ts';

/** What a parent divided over whom, by which method, and what each has now. */
export function divisionText({ path, sets, divisions }: EventOf<'Distributed'>): string {
  const each = divisions.map(({ resource, total, kept, method, rule, shares }) => {
    const parts = shares.map(({ child, is }) => `${child} ${amountText(resource, is)}`);
    const held = kept === 0 ? '' : `, ${amountText(resource, kept)} held back`;
    return (
      `${amountText(resource, total)} of ${path} as ${sets}s, by ${method} ` +
      `(rule ${rule}): ${parts.join(', ')}${held}`
    );
  });
  return each.join('; ');
}
