import type { BursarEvent } from '../events/events.ts';
import type { Projection } from './projection.ts';

/**
 * Where allocations, waiting requests and open contests of a shard are. Many events name only
 * those; with this they find the node that they are about.
 */
export interface Places {
  /** By team and the id of a live allocation or a waiting request. */
  readonly ids: Map<string, string>;
  /** By team and the id of a contest. */
  readonly contests: Map<string, string>;
}

export const places: Projection<Places> = {
  name: 'places',
  version: 1,
  initial: () => ({ ids: new Map(), contests: new Map() }),
  evolve: note,
};

/**
 * The node that an event is about; the team where it is about no single one. To be asked before the
 * event is folded in: an end takes the place of its allocation with it.
 */
export function pathOf(places: Places, event: BursarEvent): string {
  if ('path' in event) return event.path;
  if ('ask' in event) return event.ask.path;
  if (event.type === 'ContentionDetected') return event.account.path;
  if ('prefix' in event) return event.prefix;
  if ('contest' in event) return places.contests.get(keyOf(event, event.contest)) ?? event.team;
  const about =
    'allocation' in event ? event.allocation : 'request' in event ? event.request : undefined;
  return (about === undefined ? undefined : places.ids.get(keyOf(event, about))) ?? event.team;
}

function note(places: Places, event: BursarEvent): void {
  switch (event.type) {
    case 'AllocationGranted':
    case 'RequestQueued':
    case 'PreemptionRequested':
      places.ids.set(keyOf(event, event.id), event.ask.path);
      return;
    case 'AllocationEnded':
      places.ids.delete(keyOf(event, event.allocation));
      return;
    case 'RequestDenied':
      places.ids.delete(keyOf(event, event.id));
      return;
    case 'RequestCancelled':
      places.ids.delete(keyOf(event, event.request));
      return;
    case 'ContentionDetected':
      places.contests.set(keyOf(event, event.contest), event.account.path);
      return;
    case 'ContestEnded':
      places.contests.delete(keyOf(event, event.contest));
      return;
    default:
      return;
  }
}

/** `/` is in no id. */
function keyOf(event: BursarEvent, id: string): string {
  return `${event.team}/${id}`;
}
