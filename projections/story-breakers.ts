import type { EventOf } from '../events/events.ts';
import { durationText } from './amount-text.ts';

type BreakerEvent = EventOf<'BreakerOpened' | 'BreakerHalfOpened' | 'BreakerClosed'>;

/** A sentence on what became of a circuit breaker. */
export function breakerText(event: BreakerEvent): string {
  const what = `The breaker of ${event.resource} on ${event.path}`;
  switch (event.type) {
    case 'BreakerOpened': {
      const { untilMs, atMs } = event;
      const until = untilMs === undefined ? '' : ` for ${durationText(untilMs - atMs)}`;
      return `${what} opened${until}: ${openedBecause(event)}.`;
    }
    case 'BreakerHalfOpened':
      return `${what} is half-open: a probe may try it.`;
    case 'BreakerClosed':
      return event.why === 'operator'
        ? `${what} was closed by ${event.by ?? 'bursar'}.`
        : `${what} closed: what tried it went well.`;
    default:
      return event satisfies never;
  }
}

/** Why a breaker opened, in words. */
export function openedBecause(event: EventOf<'BreakerOpened'>): string {
  const { why, failures = 0, unresolved = 0, reason, by } = event;
  switch (why) {
    case 'failures': {
      const vain = unresolved === 0 ? '' : ` and ${unresolved} that waited in vain`;
      return `${failures} reported failures${vain}`;
    }
    case 'probe':
      return 'a probe failed';
    case 'operator':
      return reason ?? `by ${by ?? 'bursar'}`;
    default:
      return why satisfies never;
  }
}
