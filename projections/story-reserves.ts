import type { EventOf } from '../events/events.ts';
import { amountsText, amountText, durationText } from './amount-text.ts';

/** What is set aside in advance, or for emergencies, and what becomes of it. */
export function reservesText(
  event: EventOf<'Reserved' | 'ReservationEnded' | 'ReserveChanged'>,
): string {
  switch (event.type) {
    case 'Reserved':
      return (
        `${event.by ?? 'Bursar'} reserved ${amountsText(event.items)} on ${event.path} ` +
        `(${event.reservation}) in ${durationText(event.startsAtMs - event.atMs)} ` +
        `for ${durationText(event.endsAtMs - event.startsAtMs)}.`
      );
    case 'ReservationEnded':
      return `The reservation ${event.reservation} is ${event.as}; ${amountsText(event.returned)} is free again.`;
    case 'ReserveChanged':
      return reserveText(event);
    default:
      return event satisfies never;
  }
}

function reserveText(event: EventOf<'ReserveChanged'>): string {
  const { path, resource, target, change, left } = event;
  const of = `${amountText(resource, left)} of ${amountText(resource, target)}`;
  if (change === 0)
    return `${path} is to keep ${amountText(resource, target)} of ${resource} for emergencies.`;
  const how = change > 0 ? 'set aside' : 'gave up';
  const amount = amountText(resource, Math.abs(change));
  return `${path} ${how} ${amount} of ${resource} for emergencies: ${of} is there.`;
}
