import type { BursarEvent } from '../../events/events.ts';
import type { Bench } from './bench.ts';

/**
 * INV-2 and S §4: room goes below 0, or further below, by use and by a cut of the node's own limit
 * alone. Holds short accounts before and after an event against each other.
 */
export function judgeOverdraw(
  event: BursarEvent,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  find: Bench['find'],
): void {
  for (const [account, room] of after) {
    if (room >= (before.get(account) ?? 0) || mayOverdraw(event, account)) continue;
    find('INV-2', `${event.type} takes ${account} to ${room}`, account);
  }
}

function mayOverdraw(event: BursarEvent, account: string): boolean {
  switch (event.type) {
    case 'AllocationEnded':
    case 'LateSettled':
    case 'Charged':
    case 'Adjusted':
    // Guarantees are set aside anew in each window; what is left of a grant leaves at its end.
    case 'WindowOpened':
    case 'GrantsCounted':
      return true;
    case 'LimitsSet':
      return account.startsWith(`${event.path} `);
    default:
      return false;
  }
}
