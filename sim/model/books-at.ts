import { fold } from './fold.ts';
import type { Recorded } from './history.ts';
import { balanceOf, type ModelBalance } from './model-balance.ts';
import { newState } from './state.ts';

/** What the model holds of a team after some events, to be compared with others' books. */
export interface BooksAt {
  /** Paths of all open nodes. */
  readonly paths: readonly string[];
  readonly liveIds: readonly string[];
  readonly waitingIds: readonly string[];
  /** A node as `balance` has to show it; undefined where it is not open. */
  balance(path: string): ModelBalance | undefined;
}

/** The books after all of some events of one team, from nothing. */
export function booksAt(team: string, events: readonly Recorded[]): BooksAt {
  const state = newState(team);
  for (const one of events) fold(state, one);
  return {
    paths: [...state.nodes.keys()],
    liveIds: [...state.live.keys()].sort(),
    waitingIds: [...state.waiting.keys()].sort(),
    balance: (path) => balanceOf(state, path),
  };
}
