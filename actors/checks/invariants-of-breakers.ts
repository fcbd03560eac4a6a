import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { Allocation, Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';

/**
 * INV-22: nothing is granted of a resource beneath its open breaker, and beneath a half-open one
 * only as a probe that is called so. O(breakers × resources), nothing where none is kept.
 */
export function checkBreakers(team: Team, event: EventOf<'AllocationGranted'>, at: Position): void {
  if (team.breakers.size === 0) return;
  const { path, items } = event.ask;
  for (const resource in items) {
    const phase = phaseOver(team, path, resource);
    if (phase === 'closed' || (phase === 'halfOpen' && event.probe === true)) continue;
    const found = `granted while ${phase}`;
    bars(event, at, path, resource, found);
  }
}

/** INV-22: what is held grows by nothing whose breaker is not closed. */
export function checkBreakersOfGrowth(
  team: Team,
  event: EventOf<'AllocationResized'>,
  { node, items }: Allocation,
  at: Position,
): void {
  if (team.breakers.size === 0) return;
  for (const resource in event.items) {
    if ((event.items[resource] as number) <= (items[resource] ?? 0)) continue;
    const phase = phaseOver(team, node.path, resource);
    if (phase !== 'closed') bars(event, at, node.path, resource, `grown while ${phase}`);
  }
}

/** The phase of the breakers over a path: open if any is, half-open if any is. */
function phaseOver(team: Team, path: string, resource: string) {
  let worst: 'closed' | 'halfOpen' | 'open' = 'closed';
  for (const breaker of team.breakers.values()) {
    if (breaker.resource !== resource || !isWithin(path, breaker.path)) continue;
    if (breaker.phase === 'open') return breaker.phase;
    if (breaker.phase === 'halfOpen') worst = breaker.phase;
  }
  return worst;
}

function bars(
  event: BursarEvent,
  at: Position,
  path: string,
  resource: string,
  found: string,
): never {
  const place = {
    invariant: 'INV-22',
    path,
    resource,
    what: 'what a breaker lets through',
  } as const;
  return breached(event, at, { ...place, expected: 'nothing but its probes', found });
}
