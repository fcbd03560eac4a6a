import type { BursarEvent } from '../../events/events.ts';
import { foldAllocation } from './fold-allocation.ts';
import { foldBreakers } from './fold-breakers.ts';
import { foldNode } from './fold-node.ts';
import { foldWaiting } from './fold-waiting.ts';
import { foldWindows } from './fold-windows.ts';
import { watch } from './forecasts.ts';
import type { Recorded } from './history.ts';
import { foldLevel } from './judge-level.ts';
import { foldRecovery } from './judge-recovery.ts';
import { growOut } from './slow-start.ts';
import type { State } from './state.ts';

/** Takes one durable event into the books. Never refuses: what is allowed, the judges say. */
export function fold(state: State, { event, at }: Recorded): void {
  watch(state, event);
  foldBreakers(state, event);
  if (event.type === 'AllocationResized') growOut(state, event);
  foldAllocation(state, event);
  foldWaiting(state, event);
  foldNode(state, event);
  foldWindows(state, event);
  foldLevel(state, event);
  foldRecovery(state, event);
  const id = idOf(event);
  if (id !== undefined) state.ids.set(id, { event, at });
  state.lastAtMs = Math.max(state.lastAtMs, event.atMs);
  state.count += 1;
  state.version += 1;
}

/** The id of the command that an event decided, or undefined for what follows from others. */
export function idOf(event: BursarEvent): string | undefined {
  return 'id' in event ? event.id : undefined;
}
