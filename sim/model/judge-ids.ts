import type { BursarEvent } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Bench } from './bench.ts';
import { idOf } from './fold.ts';

/** INV-7 and S §6.3: an id is decided once while it is remembered. */
export function judgeId({ state, event, find }: Bench): void {
  const id = idOf(event);
  if (id === undefined || isSequel(event, state.waiting.has(id) || state.approvals.has(id))) return;
  const before = state.ids.get(id);
  if (before === undefined) return;
  const ageMs = event.atMs - before.event.atMs;
  if (ageMs >= LIMITS.idRetentionMs && !state.live.has(id)) return;
  find('INV-7', `the id ${id} was decided ${ageMs} ms before, as ${before.event.type}`, id);
}

/** A further step of a request that had waited, or of a grant that nobody claimed. */
function isSequel(event: BursarEvent, isWaiting: boolean): boolean {
  switch (event.type) {
    case 'AllocationGranted':
    case 'PreemptionRequested':
    case 'RequestDenied':
      return isWaiting;
    case 'RequestQueued':
      return isWaiting || event.after !== undefined;
    default:
      return false;
  }
}
