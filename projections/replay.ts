import type { StoredMessage } from '../events/ledger.ts';
import type { LogSweep, PoisonRecord } from './log-sweep.ts';
import { comparePositions, type Position, type Projection } from './projection.ts';

/**
 * Where a replay ends. A position: that event is the last one in. A time: the last one in is the
 * last that was decided at or before it, by the writer's clock.
 */
export type ReplayTarget = Position | { readonly atMs: number } | 'end';

/** A view of the log as it was. */
export interface ReplayedState<State> {
  readonly state: State;
  /** The last event in it; null when there was none. */
  readonly at: Position | null;
  /** Time of that event, ms since 1970; 0 without one. */
  readonly atMs: number;
  readonly eventCount: number;
  /** What was met on the way and kept aside. Not empty: the state may be wrong. */
  readonly poison: readonly PoisonRecord[];
}

/**
 * Folds a shard's messages, from the first one, up to a place or a time. The messages may come from
 * a ledger or from an export.
 */
export async function replayTo<State>(
  projection: Projection<State>,
  messages: AsyncIterable<StoredMessage>,
  sweep: LogSweep,
  target: ReplayTarget,
): Promise<ReplayedState<State>> {
  const state = projection.initial();
  const poison: PoisonRecord[] = [];
  let at: Position | null = null;
  let atMs = 0;
  let eventCount = 0;
  for await (const message of messages) {
    const swept = sweep.take(message);
    if (swept === undefined) continue;
    poison.push(...swept.poison);
    for (const { event, at: here } of swept.recorded) {
      if (isBeyond(target, here, event.atMs)) return { state, at, atMs, eventCount, poison };
      try {
        projection.evolve(state, event, here);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        poison.push({ ...here, kind: 'unfit_event', reason });
        continue;
      }
      at = here;
      atMs = event.atMs;
      eventCount += 1;
    }
  }
  return { state, at, atMs, eventCount, poison };
}

/** The writer's time never falls within a shard, so the first event beyond it ends the replay. */
function isBeyond(target: ReplayTarget, here: Position, eventAtMs: number): boolean {
  if (target === 'end') return false;
  return 'atMs' in target ? eventAtMs > target.atMs : comparePositions(here, target) > 0;
}
