import type { EventOf } from '../events/events.ts';
import type { Threshold } from '../events/window.ts';
import { amountText, durationText, instantText } from './amount-text.ts';

type WindowEvent = EventOf<
  | 'GrantVoided'
  | 'WindowOpened'
  | 'GrantsCounted'
  | 'AlertRaised'
  | 'AlertCleared'
  | 'ExhaustionForecast'
  | 'ForecastCleared'
  | 'QueueAgeReached'
  | 'QueueAgeCleared'
>;

/** A sentence on what became of windows, grants and thresholds. */
export function windowText(event: WindowEvent): string {
  const { path } = event;
  switch (event.type) {
    case 'GrantVoided':
      return `${event.by ?? 'bursar'} took back what was left of the grant ${event.grant} of ${path}.`;
    case 'WindowOpened': {
      const { resource, span, spent, carried = 0 } = event;
      const by = event.by === undefined ? '' : `, reset by ${event.by}`;
      const until = span.endsAtMs === null ? '' : ` until ${instantText(span.endsAtMs)}`;
      const debt =
        carried === 0 ? '' : `; ${amountText(resource, carried)} of debt were carried over`;
      return `A new window of ${resource} of ${path} began${until}${by}; ${amountText(resource, spent)} were spent in the last${debt}.`;
    }
    case 'GrantsCounted': {
      const { resource, change } = event;
      if (change === 0)
        return `The debt that grants of ${resource} of ${path} must pay was counted anew.`;
      const amount = amountText(resource, Math.abs(change));
      return `Grants ${change < 0 ? 'took' : 'added'} ${amount} ${change < 0 ? 'from' : 'to'} the limit of ${path}.`;
    }
    case 'AlertRaised': {
      const { resource, usage, limit } = event;
      const bound = thresholdText(resource, event.threshold);
      const of = limit === null ? '' : ` of ${amountText(resource, limit)}`;
      return `${path} reached ${bound}: ${amountText(resource, usage)} used${of}.`;
    }
    case 'AlertCleared':
      return `A threshold of the ${event.of} of ${event.resource} of ${path} is armed again.`;
    case 'ExhaustionForecast': {
      const { resource, ratePerHour, left, exhaustsAtMs, atMs, samples } = event;
      const rate = `${amountText(resource, ratePerHour)} an hour (${samples} bookings)`;
      return `At ${rate} the ${amountText(resource, left)} left of ${path} last ${durationText(exhaustsAtMs - atMs)}.`;
    }
    case 'ForecastCleared':
      return `The ${event.resource} of ${path} last longer again than policy looks ahead.`;
    case 'QueueAgeReached': {
      const { resource, request, ageMs, waiting } = event;
      return `${request} has stood for ${durationText(ageMs)} in the queue for ${resource} of ${path}, the longest of ${waiting}.`;
    }
    case 'QueueAgeCleared':
      return `Nobody waits as long for ${event.resource} of ${path} any more.`;
    default:
      return event satisfies never;
  }
}

function thresholdText(resource: string, { usage, usagePercent, balance }: Threshold): string {
  if (usagePercent !== undefined) return `${usagePercent} % of its ${resource}`;
  if (usage !== undefined) return `a use of ${amountText(resource, usage)}`;
  return `a balance of ${amountText(resource, balance ?? 0)}`;
}
