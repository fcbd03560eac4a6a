import type { CommandInput } from '../../events/commands.ts';
import type { TeamRig } from './rig.ts';
import { ask, givenLab, setLimits } from './world.ts';

export const wait = { maxWaitMs: 60_000 };

/** Ids in the order in which they were granted out of the queue. */
export const served = (rig: TeamRig) =>
  rig.eventsOf('AllocationGranted').flatMap(({ via, id }) => (via === 'request' ? [] : [id]));

/** A lab whose single slot `busy` holds. */
export function givenBusy(...more: readonly CommandInput[]): TeamRig {
  const rig = givenLab(setLimits('acme', { 'slot.gpu': 1 }), ...more);
  rig.when(ask('busy', { 'slot.gpu': 1 }), 'ann');
  return rig;
}

/** A request for that slot, which waits. */
export const gpu = (id: string, more: Parameters<typeof ask>[2] = {}) =>
  ask(id, { 'slot.gpu': 1 }, { ...wait, ...more });
