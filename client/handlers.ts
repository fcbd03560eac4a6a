import { BursarError } from './errors.ts';

/** A handler of the caller has thrown; what it was told is not lost for the others. */
export class HandlerError extends BursarError {
  constructor(cause: unknown) {
    super(
      { code: 'handler_failed', retryable: false, advice: 'Let the handler catch its errors.' },
      'A handler of a notice or emergency has thrown.',
      cause,
    );
  }
}

/** Calls a handler of the caller; its failure is a warning, and nobody else's trouble. */
export function callSafely(call: () => unknown, onWarning: (warning: BursarError) => void): void {
  try {
    const ended = call();
    if (ended instanceof Promise) ended.catch((cause) => onWarning(new HandlerError(cause)));
  } catch (cause) {
    onWarning(new HandlerError(cause));
  }
}
