import type { Bus } from '../bus/bus.ts';
import type { AnswerOf } from '../events/answers.ts';
import type { Notice } from '../events/notice.ts';
import type { Host } from '../host/host.ts';
import type { Outgoing, SendOptions } from './entry.ts';
import {
  AbortedError,
  CancelledError,
  LeaseLostError,
  RefusedError,
  UnavailableError,
} from './errors.ts';
import type { Notices } from './notices.ts';
import type { Accepted } from './refusals.ts';
import type { Sender } from './sender.ts';

/** How a request ends. A denial is an answer like the others. */
export type RequestOutcome = AnswerOf<'granted'> | AnswerOf<'partial'> | AnswerOf<'denied'>;
/** A request that has not ended yet. */
export type PendingAnswer =
  | AnswerOf<'queued'>
  | AnswerOf<'preempting'>
  | AnswerOf<'pendingApproval'>;

/** A request with the id under which it is known. */
export type RequestCommand = Outgoing & { readonly id: string };

const OUTCOMES = [
  'granted',
  'partial',
  'denied',
  'queued',
  'preempting',
  'pendingApproval',
] as const;

const POLL_MS_MIN = 500;
const POLL_MS_MAX = 5_000;
/** After the end of the queue time the outcome should be there within this, ms. */
const OUTCOME_SLACK_MS = 100;
/** How long past its own end a waiting request is asked for while nobody answers, ms. */
const SILENCE_MS_MAX = 60_000;

/**
 * Waits for the outcome of queued and preempting requests, and of those that wait for an approver: by their notice, which comes at most
 * once, and by asking `status` now and then. Asking also claims a grant that came out of the
 * queue; an unclaimed one would be taken back.
 */
export class Waiting {
  readonly #host: Host;
  readonly #bus: Bus;
  readonly #sender: Sender;
  readonly #notices: Notices;

  constructor(host: Host, bus: Bus, sender: Sender, notices: Notices) {
    this.#host = host;
    this.#bus = bus;
    this.#sender = sender;
    this.#notices = notices;
  }

  /** Sends the request; it may have to wait then. */
  async ask(
    command: RequestCommand,
    options: SendOptions,
  ): Promise<RequestOutcome | PendingAnswer> {
    const answer = await this.#sender.ask(command, [...OUTCOMES, 'cancelled'], options);
    if (answer.outcome === 'cancelled') throw new CancelledError(command.id);
    return answer;
  }

  /**
   * @param sentAtMs when the request was first sent, by the steady clock
   * @throws AbortedError: what becomes of the request then is the caller's business
   * @throws LeaseLostError when it was granted and over again before anybody heard of it
   * @throws CancelledError when somebody else took it back
   * @throws UnavailableError when nobody has answered for long after its queue time was over
   */
  async outcome(
    command: RequestCommand,
    first: PendingAnswer,
    sentAtMs: number,
    signal: AbortSignal | undefined,
  ): Promise<RequestOutcome> {
    let endsAtMs = this.#host.steadyMs() + timeLeftMs(first);
    for (let pollMs = POLL_MS_MIN; ; pollMs = Math.min(POLL_MS_MAX, pollMs * 1.5)) {
      const leftMs = Math.max(0, endsAtMs - this.#host.steadyMs()) + OUTCOME_SLACK_MS;
      const wake = await this.#wake(command.id, Math.min(pollMs, leftMs), signal);
      if (wake === 'aborted') throw new AbortedError(signal?.reason);
      try {
        const answer = denialIn(wake) ?? (await this.#present(command, sentAtMs));
        if (!isPending(answer)) return answer;
        endsAtMs = this.#host.steadyMs() + timeLeftMs(answer);
      } catch (error) {
        const isSilent = error instanceof UnavailableError;
        if (!isSilent || this.#host.steadyMs() > endsAtMs + SILENCE_MS_MAX) throw error;
      }
    }
  }

  /** Waits for a notice, the next time to ask, or the caller's change of mind. */
  #wake(
    id: string,
    pollMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Notice | 'poll' | 'aborted'> {
    if (signal?.aborted) return Promise.resolve('aborted');
    const recent = this.#notices.takeRecent(id);
    if (recent !== undefined) return Promise.resolve(recent);
    return new Promise((resolve) => {
      const end = (wake: Notice | 'poll' | 'aborted') => {
        callOff();
        signal?.removeEventListener('abort', onAbort);
        endNotices();
        endStatus();
        resolve(wake);
      };
      const onAbort = () => end('aborted');
      const jitter = 0.8 + 0.4 * this.#host.random();
      const callOff = this.#host.after(pollMs * jitter, () => end('poll'));
      signal?.addEventListener('abort', onAbort);
      const endNotices = this.#notices.await(id, end);
      const endStatus = this.#bus.onStatus((status) => {
        if (status === 'connected' || status === 'closed') end('poll');
      });
    });
  }

  /** What has become of the request. */
  async #present(
    command: RequestCommand,
    sentAtMs: number,
  ): Promise<RequestOutcome | PendingAnswer> {
    const state = await this.#stateOf(command.id);
    if (state !== undefined && isRequestAnswer(state)) return state;
    if (state?.outcome === 'ended') throw new LeaseLostError(command.id);
    if (state?.outcome === 'cancelled') throw new CancelledError(command.id);
    // It lives, or nothing is known: the repeat has the answer word for word, or says that too.
    return this.ask(command, { firstSentAtMs: sentAtMs });
  }

  async #stateOf(id: string): Promise<Accepted | undefined> {
    try {
      return await this.#sender.askAny({ op: 'status', of: id });
    } catch (error) {
      if (error instanceof RefusedError) return undefined;
      throw error;
    }
  }
}

export function isPending(answer: RequestOutcome | PendingAnswer): answer is PendingAnswer {
  return (
    answer.outcome === 'queued' ||
    answer.outcome === 'preempting' ||
    answer.outcome === 'pendingApproval'
  );
}

function isRequestAnswer(answer: Accepted): answer is RequestOutcome | PendingAnswer {
  return (OUTCOMES as readonly string[]).includes(answer.outcome);
}

function timeLeftMs(answer: PendingAnswer): number {
  return answer.outcome === 'preempting' ? answer.graceMs : answer.timeoutInMs;
}

/** A denial needs no further question; a grant has to be claimed. */
function denialIn(wake: Notice | 'poll' | 'aborted'): AnswerOf<'denied'> | undefined {
  if (typeof wake === 'string') return undefined;
  return wake.answer?.outcome === 'denied' && wake.answer.id === wake.id ? wake.answer : undefined;
}
