import type { BursarEvent, Earlier, EventOf } from '../../events/events.ts';
import type { Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';

/**
 * What must be true before an event that has to do with time. INV-10: a window ends by itself at
 * its end and not before, and what was used earlier was not used later. INV-15: a threshold of an
 * account's own is told once and cleared once. O(1), for earlier use O(its parts).
 */
export function checkWindows(team: Team, event: BursarEvent, at: Position): void {
  switch (event.type) {
    case 'WindowOpened':
      return endsInTime(team, event, at);
    case 'AlertRaised':
    case 'AlertCleared':
      return isTold(team, event, at);
    case 'AllocationEnded':
    case 'Charged':
      return wasUsed(event, event.earlier, at);
    case 'LateSettled':
    case 'Adjusted':
      wasUsed(event, event.earlier, at);
      return wasUsed(event, event.earlierReturned, at);
    default:
      return;
  }
}

function endsInTime(team: Team, event: EventOf<'WindowOpened'>, at: Position): void {
  const { path, resource, span, atMs } = event;
  const window = team.nodes.get(path)?.accounts.get(resource)?.window;
  const fail = (what: string, expected: string | number, found: number | null): never =>
    breached(event, at, { invariant: 'INV-10', path, resource, what, expected, found });
  if (window == null) return fail('the window that ends', 'there', null);
  const { startsAtMs, endsAtMs } = span;
  const earliestMs = event.by === undefined ? (window.endsAtMs ?? Infinity) : atMs;
  const isInTime = startsAtMs >= earliestMs && startsAtMs <= atMs;
  if (!isInTime) fail('the start of the next window', `${earliestMs} to ${atMs}`, startsAtMs);
  const isAhead = endsAtMs === null || endsAtMs > startsAtMs;
  if (!isAhead) fail('the end of the next window', `after ${startsAtMs}`, endsAtMs);
}

function isTold(team: Team, event: EventOf<'AlertRaised' | 'AlertCleared'>, at: Position): void {
  const { path, resource, place } = event;
  const alerts = team.nodes.get(path)?.accounts.get(resource)?.alerts;
  const isRaised = event.type === 'AlertRaised';
  const of = isRaised ? (event.threshold.balance === undefined ? 'usage' : 'balance') : event.of;
  const told = alerts?.[of] ?? -1;
  if (alerts != null && isRaised === (told !== place) && place < alerts.thresholds.length) return;
  const what = `the threshold of the ${of} that was told before`;
  const expected = isRaised ? `another than ${place}` : place;
  breached(event, at, { invariant: 'INV-15', path, resource, what, expected, found: told });
}

function wasUsed(
  event: EventOf<'AllocationEnded' | 'Charged' | 'LateSettled' | 'Adjusted'>,
  earlier: Earlier | undefined,
  at: Position,
): void {
  if (earlier === undefined) return;
  for (const { usedAtMs } of earlier) {
    if (usedAtMs <= event.atMs) continue;
    const path = 'path' in event ? event.path : event.team;
    const place = { invariant: 'INV-10', path, what: 'when something was used' } as const;
    breached(event, at, { ...place, expected: `${event.atMs} at most`, found: usedAtMs });
  }
}
