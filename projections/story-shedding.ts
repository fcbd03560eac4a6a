import type { EventOf } from '../events/events.ts';
import { amountText, durationText } from './amount-text.ts';

/** What load shedding asked for, and what came of it. */
export function sheddingText(event: EventOf<'ShrinkRequested' | 'SheddingEnded'>): string {
  const { path, resource, held } = event;
  const is = `${amountText(resource, held)} of ${resource}`;
  if (event.type === 'SheddingEnded') return `${path} holds ${is} after its holders had to shrink.`;
  const { limit, excess, from } = event;
  const names = from.map(({ allocation, by }) => `${allocation} by ${amountText(resource, by)}`);
  return (
    `${path} holds ${is} of ${amountText(resource, limit)}, ${amountText(resource, excess)} too much: ` +
    `within ${durationText(event.untilMs - event.atMs)} are to shrink ${names.join(', ')}.`
  );
}
