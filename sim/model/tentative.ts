import { add } from './books.ts';
import type { Live, State, Waiting } from './state.ts';
import { use } from './uses.ts';

/** Answers a question as if a waiting request had given back what it collected. */
export function withoutEarmark<Result>(
  state: State,
  waiting: Waiting | undefined,
  question: () => Result,
): Result {
  if (waiting === undefined) return question();
  add(state.nodes, waiting.earmarkPath, 'earmarked', waiting.earmarked, -1);
  try {
    return question();
  } finally {
    add(state.nodes, waiting.earmarkPath, 'earmarked', waiting.earmarked);
  }
}

/** Answers a question as if some allocations had ended with what they have reported. */
export function withoutHolders<Result>(
  state: State,
  holders: readonly Live[],
  question: () => Result,
): Result {
  for (const live of holders) {
    add(state.nodes, live.path, 'held', live.items, -1);
    use(state.nodes, live.path, live.reported, undefined);
  }
  try {
    return question();
  } finally {
    for (const live of holders) {
      add(state.nodes, live.path, 'held', live.items);
      use(state.nodes, live.path, live.reported, undefined, -1);
    }
  }
}
