import type { BursarEvent } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import { PROJECTION_LIMITS } from './limits.ts';
import type { Position, Projection } from './projection.ts';

/** Where in the log each id is spoken of. The events themselves stay in the log. */
export interface AuditTrail {
  /** Positions as numbers, in order; by team and id, the id that was met first at the front. */
  readonly places: Map<string, number[]>;
  /** Ids given up for newer ones; the log still knows them. */
  droppedIds: number;
}

/** For each id every event that concerns it. */
export const auditTrail: Projection<AuditTrail> = {
  name: 'audit-trail',
  version: 1,
  initial: () => ({ places: new Map(), droppedIds: 0 }),
  evolve(state, event, at) {
    for (const id of idsIn(event)) note(state, keyOf(event.team, id), at);
  },
};

/** The positions of all events that concern an id of a team, in order; empty if none is known. */
export function trailOf(state: AuditTrail, team: string, id: string): Position[] {
  return (state.places.get(keyOf(team, id)) ?? []).map(toPosition);
}

/**
 * Every id that an event speaks of: of the command, the request or allocation, a contest, freeze
 * or stop, of victims and of the allocation whose demand is put back.
 */
export function idsIn(event: BursarEvent): ReadonlySet<string> {
  const ids = new Set<string>();
  const record: Readonly<Record<string, unknown>> = event;
  for (const field of FIELDS) {
    const value = record[field];
    if (typeof value === 'string') ids.add(value);
    else if (Array.isArray(value)) for (const id of value) ids.add(String(id));
  }
  return ids;
}

const FIELDS = [
  'id',
  'allocation',
  'request',
  'contest',
  'freeze',
  'stop',
  'of',
  'victims',
  'preempted',
] as const;

function note(state: AuditTrail, key: string, at: Position): void {
  const known = state.places.get(key);
  if (known !== undefined) {
    known.push(toNumber(at));
    return;
  }
  state.places.set(key, [toNumber(at)]);
  if (state.places.size <= PROJECTION_LIMITS.trailIdsMax) return;
  for (const oldest of state.places.keys()) {
    state.places.delete(oldest);
    state.droppedIds += 1;
    return;
  }
}

/** A position is kept as one number: millions of them are. */
const INDEXES = LIMITS.blockEventsMax;

function toNumber({ seq, index }: Position): number {
  return seq * INDEXES + index;
}

function toPosition(place: number): Position {
  return { seq: Math.floor(place / INDEXES), index: place % INDEXES };
}

/** `/` is in no id. */
function keyOf(team: string, id: string): string {
  return `${team}/${id}`;
}
