import type { Host } from '../host/host.ts';
import type { SendOptions } from './entry.ts';
import { AbortedError, BursarError, ClosedError } from './errors.ts';
import {
  isPending,
  type PendingAnswer,
  type RequestCommand,
  type RequestOutcome,
  type Waiting,
} from './waiting.ts';

/** How what was asked for is given back when the caller has changed its mind. */
export interface Undoing {
  readonly cancel: (request: string) => Promise<{ readonly outcome: string }>;
  readonly release: (allocation: string) => Promise<unknown>;
  readonly onWarning: (warning: BursarError) => void;
}

/** Sends requests and sees them to their outcome, or takes them back when the caller gives up. */
export class Requests {
  readonly #host: Host;
  readonly #waiting: Waiting;
  readonly #undoing: Undoing;

  constructor(host: Host, waiting: Waiting, undoing: Undoing) {
    this.#host = host;
    this.#waiting = waiting;
    this.#undoing = undoing;
  }

  /** @throws AbortedError promptly; what was asked for is taken back meanwhile */
  async outcomeOf(
    command: RequestCommand,
    options: SendOptions,
    signal: AbortSignal | undefined,
  ): Promise<RequestOutcome> {
    if (signal?.aborted) throw new AbortedError(signal.reason);
    const sentAtMs = this.#host.steadyMs();
    const first = this.#waiting.ask(command, options);
    if (signal !== undefined) return this.#abortable(command, first, sentAtMs, signal);
    const answer = await first;
    if (!isPending(answer)) return answer;
    return this.#waiting.outcome(command, answer, sentAtMs, undefined);
  }

  async #abortable(
    command: RequestCommand,
    first: Promise<RequestOutcome | PendingAnswer>,
    sentAtMs: number,
    signal: AbortSignal,
  ): Promise<RequestOutcome> {
    let giveUp = () => {};
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => reject(new AbortedError(signal.reason));
    });
    signal.addEventListener('abort', giveUp);
    try {
      return await Promise.race([this.#outcomeOrUndo(command, first, sentAtMs, signal), aborted]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #outcomeOrUndo(
    command: RequestCommand,
    first: Promise<RequestOutcome | PendingAnswer>,
    sentAtMs: number,
    signal: AbortSignal,
  ): Promise<RequestOutcome> {
    const answer = await first;
    try {
      const outcome = isPending(answer)
        ? await this.#waiting.outcome(command, answer, sentAtMs, signal)
        : answer;
      if (!signal.aborted) return outcome;
      if (outcome.outcome !== 'denied') this.#undo(this.#undoing.release(command.id));
    } catch (error) {
      if (!(error instanceof AbortedError)) throw error;
      this.#undo(this.#cancelOrRelease(command.id));
    }
    throw new AbortedError(signal.reason);
  }

  async #cancelOrRelease(request: string): Promise<void> {
    const { outcome } = await this.#undoing.cancel(request);
    if (outcome === 'already_granted') await this.#undoing.release(request);
  }

  /** Nobody waits for it: its failure is a warning. */
  #undo(undoing: Promise<unknown>): void {
    undoing.catch((error: unknown) => {
      if (!(error instanceof BursarError) || error instanceof ClosedError) return;
      if (error.code !== 'unknown_request') this.#undoing.onWarning(error);
    });
  }
}
