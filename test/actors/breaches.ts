import { InvariantError, type InvariantId } from '../../actors/checks/invariant-error.ts';
import { evolve } from '../../actors/evolve.ts';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { assert } from '../harness/suite.ts';
import type { TeamRig } from './rig.ts';
import { RUN } from './world.ts';

/** What the watch says of some work; fails where it says nothing. */
export function breachOf(work: () => unknown): InvariantError {
  try {
    work();
  } catch (error) {
    if (error instanceof InvariantError) return error;
    throw error;
  }
  throw new Error('no invariant failed');
}

/** Exactly this invariant fails, on this path. */
export function fails(invariant: InvariantId, path: string, work: () => unknown): InvariantError {
  const error = breachOf(work);
  assert.equal([error.breach.invariant, error.breach.path], [invariant, path], error.message);
  return error;
}

/** Applies an event that no decider would have made. */
export function apply(rig: TeamRig, event: BursarEvent): void {
  evolve(rig.team, event, rig.recorder.next);
}

export const header = (rig: TeamRig) => ({ v: 1, team: 'acme', atMs: rig.nowMs }) as const;

export function grant(
  rig: TeamRig,
  credits: number,
  more: Partial<EventOf<'AllocationGranted'>> = {},
): EventOf<'AllocationGranted'> {
  return {
    ...header(rig),
    type: 'AllocationGranted',
    id: 'bad',
    by: 'ann',
    ask: { path: RUN, items: { credits: { amount: credits } } },
    items: { credits },
    priority: 100,
    expiresAtMs: rig.nowMs + 60_000,
    via: 'request',
    rule: 'fits',
    ...more,
  };
}

export function end(
  rig: TeamRig,
  as: EventOf<'AllocationEnded'>['as'],
  allocation = 'a',
): EventOf<'AllocationEnded'> {
  return { ...header(rig), type: 'AllocationEnded', allocation, as, booked: {} };
}
