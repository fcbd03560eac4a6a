import type { EventOf } from '../../events/events.ts';
import { allocationsBeneath } from '../nodes/beneath.ts';
import type { Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';

/**
 * INV-9: beneath a stop that is complete nothing of the priorities that it stops lives or waits.
 * Looks at priorities themselves, not at what the stop has counted. O(allocations and waiting
 * requests beneath), once a stop.
 */
export function checkStandsStill(team: Team, event: EventOf<'StopCompleted'>, at: Position): void {
  const { path, stop } = event;
  const node = team.nodes.get(path);
  const below = node?.stops?.get(stop)?.below;
  const place = { invariant: 'INV-9', path, expected: 'nothing' } as const;
  if (node === undefined || below === undefined) {
    const what = `the stop ${stop} that is complete`;
    return breached(event, at, { ...place, what, expected: 'in force', found: 'none' });
  }
  for (const { id, priority } of allocationsBeneath(node)) {
    if (below !== null && priority >= below) continue;
    const what = `what lives though the stop ${stop} is complete`;
    return breached(event, at, { ...place, what, found: id });
  }
  for (const { id, priority } of team.waiters.beneath(path)) {
    if (below !== null && priority >= below) continue;
    const what = `what waits though the stop ${stop} is complete`;
    return breached(event, at, { ...place, what, found: id });
  }
}
