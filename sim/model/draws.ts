import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import { type Need, needs } from './books.ts';
import { isSameAmounts } from './content.ts';
import type { Live, Reserved, State } from './state.ts';

/** The reservation that an ask names, if it is not over. */
export function reservationOf(
  state: State,
  { reservationId }: ResourceAllocationRequest,
): Reserved | undefined {
  return state.reservations.get(reservationId ?? '');
}

/** S §7, row 3: what of some amounts a reservation covers, by the resources that it names. */
export function coveredBy({ items }: Reserved, amounts: Amounts): Record<string, number> {
  return Object.fromEntries(
    Object.entries(amounts).filter(([resource]) => items[resource] !== undefined),
  );
}

/** What an ask has to find room for: of what its reservation covers only beneath that. */
export function needsBeside(
  state: State,
  ask: ResourceAllocationRequest,
  amounts: Amounts,
): Need[] {
  const reservation = reservationOf(state, ask);
  return needs(state.nodes, ask.path, amounts).filter(
    ({ node, resource }) =>
      reservation?.items[resource] === undefined || !isWithin(reservation.path, node.path),
  );
}

/** What of amounts is not covered, and so is asked of those who wait too. */
export function besideReservation(
  state: State,
  ask: ResourceAllocationRequest,
  amounts: Amounts,
): Record<string, number> {
  const reservation = reservationOf(state, ask);
  return Object.fromEntries(
    Object.entries(amounts).filter(([resource]) => reservation?.items[resource] === undefined),
  );
}

/** S §7, row 3: drawn is what the reservation covers, in its place and time, and as far as it goes. */
export function judgeDraw({ state, event, find }: Bench<EventOf<'AllocationGranted'>>): void {
  const { ask, reservation: id, drawn = {}, items, atMs } = event;
  if (ask.reservationId !== id)
    find('S §7', `draws from ${id}, not ${ask.reservationId}`, event.id);
  if (id === undefined) {
    if (event.drawn !== undefined) find('S §7', 'draws from no reservation', event.id);
    return;
  }
  const from = state.reservations.get(id);
  if (from === undefined) return find('S §7', `the reservation ${id} is over`, event.id);
  if (!isWithin(ask.path, from.path)) find('S §7', `${id} is made for ${from.path}`, event.id);
  if (atMs < from.startsAtMs) find('INV-10', `${id} has not begun`, event.id);
  if (event.rule !== '3-reservation') find('S §7', `by rule ${event.rule}`, event.id);
  if (event.partial) find('S §7', 'a part is drawn', event.id);
  const covered = coveredBy(from, items);
  if (!isSameAmounts(covered, drawn)) find('S §7', 'draws other than is covered', event.id);
  for (const [resource, amount] of Object.entries(drawn)) {
    const left = from.left[resource] ?? 0;
    if (amount > left) find('INV-2', `${amount} ${resource} drawn, ${left} are left`, event.id);
  }
}

/** F-07: what a reservation has back of what is held, once `spent` of it is used up. */
export function backOf(
  { reservation, drawn, items }: Pick<Live, 'reservation' | 'drawn' | 'items'>,
  next: Amounts,
  spent: Amounts,
): Record<string, number> {
  if (reservation === null) return {};
  return Object.fromEntries(
    Object.entries(drawn).flatMap(([resource, amount]) => {
      const returned = (items[resource] ?? 0) - (next[resource] ?? 0) - (spent[resource] ?? 0);
      const back = Math.max(0, Math.min(amount, returned));
      return back === 0 ? [] : [[resource, back]];
    }),
  );
}
