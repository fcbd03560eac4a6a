import type { BursarEvent } from '../events/events.ts';

/** A place in a shard's log: the message's sequence and the event's index in its block. */
export interface Position {
  readonly seq: number;
  readonly index: number;
}

/** An event where it stands. */
export interface Recorded {
  readonly event: BursarEvent;
  readonly at: Position;
}

/**
 * A view of the log: a start and a fold. The fold changes the state in place, because a copy per
 * event costs more than the event; it takes nothing but its arguments, so the same log always gives
 * the same state. Everything that it must find is looked up before anything is changed.
 */
export interface Projection<State> {
  /** Names its folder of checkpoints. */
  readonly name: string;
  /** Version of the state's shape and meaning: a checkpoint of another one is thrown away. */
  readonly version: number;
  initial(): State;
  /** Throws UnfitEventError for an event that contradicts what was recorded before. */
  evolve(state: State, event: BursarEvent, at: Position): void;
}

/** An event that contradicts the ones before it: some are missing, or the log is not ours. */
export class UnfitEventError extends Error {
  override readonly name = 'UnfitEventError';
  readonly code = 'unfit_event';
  readonly retryable = false;

  constructor(event: BursarEvent, reason: string) {
    super(
      `${event.type} of team ${event.team} does not fit: ${reason}; run \`bursar audit verify\``,
    );
  }
}

/** Negative: `a` stands before `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.seq === b.seq ? a.index - b.index : a.seq - b.seq;
}
