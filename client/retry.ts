import type { Answer, Refusal } from '../events/answers.ts';

const BACKOFF_MS_MIN = 25;
/** A take-over takes less than this; and a client sends few messages. */
const BACKOFF_MS_MAX = 500;
/** The wait for an answer doubles with each try up to this factor, to be gentle with a slow one. */
const TRY_FACTOR_MAX = 4;

/**
 * Pause before the next try, ms: doubles with each try; its upper half is random, so that callers
 * who failed together do not come back together.
 */
export function backoffMs(tries: number, random: number): number {
  const full = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(tries, 16));
  return full / 2 + (full / 2) * random;
}

/** How long a try waits for its answer, ms. `tries`: those before it. */
export function tryMs(tryTimeoutMs: number, tries: number): number {
  return tryTimeoutMs * Math.min(TRY_FACTOR_MAX, 2 ** tries);
}

/**
 * Whether the client itself tries again: the governor could not look at the command. Refusals of a
 * state that only others can change (frozen, no room) go to the caller, retryable or not.
 */
export function isTriedAgain(answer: Answer): answer is Refusal {
  if (answer.outcome !== 'refused') return false;
  const { code } = answer;
  return code === 'not_owner' || code === 'unavailable' || code === 'overloaded';
}
