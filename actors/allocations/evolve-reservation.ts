import { strict as assert } from 'node:assert';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import { bookedClimb } from '../accounts/account.ts';
import { addDue, climb } from '../accounts/climb.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import type { Allocation, Team } from '../team.ts';
import type { Reservation } from './reservation.ts';

/** Sets a reservation's amounts aside until its end. */
export function reserved(team: Team, event: EventOf<'Reserved'>): void {
  const { reservation: id, items, startsAtMs, endsAtMs } = event;
  assert(!team.reservations.has(id), `${id} is reserved once`);
  const node = nodeOf(team, event.path);
  const made: Reservation = {
    id,
    node,
    by: event.by ?? 'bursar',
    items,
    left: items,
    startsAtMs,
    endsAtMs,
    holders: new Set(),
    end: addDue(team, endsAtMs, 'reservation', id),
  };
  team.reservations.set(id, made);
  node.reservations ??= new Set();
  node.reservations.add(made);
  climb(team, node, 'reserved', event, climbsOf(items, 1));
}

/** What was not drawn is free again; what was drawn is its holders' own until they end. */
export function reservationEnded(team: Team, event: EventOf<'ReservationEnded'>): void {
  const over = reservationOf(team, event.reservation);
  team.timers.remove(over.end);
  team.reservations.delete(over.id);
  over.node.reservations?.delete(over);
  if (over.node.reservations?.size === 0) over.node.reservations = undefined;
  for (const holder of over.holders) {
    holder.reservation = null;
    holder.drawn = {};
  }
  climb(team, over.node, 'unreserved', event, climbsOf(over.left, -1));
  team.agenda.closings.add(over.node.path);
}

/** Takes what is drawn out of a reservation; the grant holds it from here on. */
export function drawFrom(team: Team, event: EventOf<'AllocationGranted'>): Reservation | null {
  if (event.reservation === undefined) return null;
  const from = reservationOf(team, event.reservation);
  const drawn = event.drawn ?? {};
  from.left = plus(from.left, drawn, -1);
  climb(team, from.node, 'unreserved', event, climbsOf(drawn, -1));
  return from;
}

/** Gives a reservation back what one of its holders does not need any more. */
export function replenish(
  team: Team,
  allocation: Allocation,
  event: BursarEvent,
  amounts: Amounts,
): void {
  const { reservation } = allocation;
  assert(reservation !== null, `${allocation.id} has drawn from a reservation`);
  reservation.left = plus(reservation.left, amounts, 1);
  allocation.drawn = plus(allocation.drawn, amounts, -1);
  climb(team, reservation.node, 'replenished', event, climbsOf(amounts, 1));
}

/** The reservation that an event names; it must not be over. */
function reservationOf(team: Team, id: string): Reservation {
  const found = team.reservations.get(id);
  assert(found !== undefined, `the reservation ${id} is not over`);
  return found;
}

function climbsOf(amounts: Amounts, sign: 1 | -1) {
  return Object.entries(amounts).map(([resource, amount]) => bookedClimb(resource, sign * amount));
}

function plus(base: Amounts, more: Amounts, sign: 1 | -1): Amounts {
  const sum: Record<string, number> = { ...base };
  for (const resource in more) {
    sum[resource] = (sum[resource] ?? 0) + sign * (more[resource] as number);
  }
  return sum;
}
