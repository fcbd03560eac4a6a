import type { Host } from './host.ts';

/** A pause made of a timer of the same host; ends early, without an error, when `signal` is aborted. */
export function pauseBy(after: Host['after'], ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = () => {
      callOff();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const callOff = after(ms, end);
    signal?.addEventListener('abort', end);
  });
}
