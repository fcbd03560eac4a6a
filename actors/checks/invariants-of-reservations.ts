import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Reservation } from '../allocations/reservation.ts';
import type { Allocation, Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';
import { secondOf } from './second-books-events.ts';

/**
 * INV-2: what is drawn is a part of the grant and no more than its reservation has left, in the
 * subtree and the time for which it was made (INV-10). O(resources).
 */
export function checkDraw(team: Team, event: EventOf<'AllocationGranted'>, at: Position): void {
  const { reservation: id, drawn, items, ask } = event;
  if (id === undefined) return;
  const from = team.reservations.get(id);
  const tell = (invariant: 'INV-2' | 'INV-10', what: string, expected: Value, found: Value) =>
    breached(event, at, { invariant, path: ask.path, what, expected, found });
  if (from === undefined) return tell('INV-2', `the reservation ${id}`, 'in force', 'none');
  if (!isWithin(ask.path, from.node.path)) {
    tell('INV-2', `the place of the reservation ${id}`, `above ${ask.path}`, from.node.path);
  }
  if (event.atMs < from.startsAtMs) {
    tell('INV-10', `the start of ${id}`, `${event.atMs} at most`, from.startsAtMs);
  }
  for (const resource in drawn) {
    const amount = drawn[resource] as number;
    const most = Math.min(items[resource] ?? 0, from.left[resource] ?? 0);
    if (amount > most) tell('INV-2', `${resource} drawn from ${id}`, `${most} at most`, amount);
  }
}

/** INV-2: a reservation has back no more than was drawn from it. O(resources). */
export function checkBack(
  event: EventOf<'AllocationEnded' | 'AllocationResized'>,
  allocation: Allocation | undefined,
  at: Position,
): void {
  if (event.toReservation === undefined || allocation === undefined) return;
  for (const resource in event.toReservation) {
    const found = event.toReservation[resource] as number;
    const most = allocation.drawn[resource] ?? 0;
    if (found <= most && allocation.reservation !== null) continue;
    const what = `${resource} that the reservation of ${allocation.id} has back`;
    const { path } = allocation.node;
    breached(event, at, { invariant: 'INV-2', path, what, expected: `${most} at most`, found });
  }
}

/** INV-10: a reservation is over when its time is, unless somebody ends it or its node. */
export function checkReservationEnd(
  event: EventOf<'ReservationEnded'>,
  reservation: Reservation | undefined,
  at: Position,
): void {
  const path = reservation?.node.path ?? event.team;
  const what = `the end of the reservation ${event.reservation}`;
  if (reservation === undefined) {
    return breached(event, at, {
      invariant: 'INV-3',
      path,
      what,
      expected: 'once',
      found: 'again',
    });
  }
  if (event.as !== 'over' || event.atMs >= reservation.endsAtMs) return;
  const expected = `${reservation.endsAtMs} at least`;
  breached(event, at, { invariant: 'INV-10', path, what, expected, found: event.atMs });
}

/** Notes in the second books what a reservation has back, before the sums are carried up. */
export function noteBack(allocation: Allocation | undefined, back: Amounts | undefined): void {
  const to = allocation?.reservation?.node;
  if (to === undefined) return;
  for (const resource in back) secondOf(to, resource).booked += back[resource] as number;
}

type Value = string | number;
