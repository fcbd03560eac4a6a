import type { BursarEvent, EventOf } from './events.ts';

/** An event by which a request was decided. */
export type DecisionEvent = EventOf<
  'AllocationGranted' | 'RequestDenied' | 'RequestQueued' | 'PreemptionRequested'
>;

/** Whether an event decides a request. */
export function isDecision(event: BursarEvent): event is DecisionEvent {
  return (
    event.type === 'AllocationGranted' ||
    event.type === 'RequestDenied' ||
    event.type === 'RequestQueued' ||
    event.type === 'PreemptionRequested'
  );
}
