import { type BursarError, HandlerError } from './errors.ts';

/** Calls a handler of the caller; its failure is a warning, and nobody else's trouble. */
export function callSafely(call: () => unknown, onWarning: (warning: BursarError) => void): void {
  try {
    const ended = call();
    if (ended instanceof Promise) ended.catch((cause) => onWarning(new HandlerError(cause)));
  } catch (cause) {
    onWarning(new HandlerError(cause));
  }
}
