import type { Answer } from '../events/answers.ts';

/** A command as it is encoded: plain data. */
export interface Outgoing {
  readonly op: string;
  readonly id?: string | undefined;
  readonly [field: string]: unknown;
}

/** How one command is sent. */
export interface SendOptions {
  /** Time until it fails with UnavailableError, ms. */
  readonly timeoutMs?: number | undefined;
  /** When a repeat of an earlier command was first sent, by the steady clock. */
  readonly firstSentAtMs?: number | undefined;
  /** The id was chosen by the caller, so the same one may be under way already. */
  readonly isCallerId?: boolean | undefined;
  /** Called when it turns out that the answer will take longer than a message's way. */
  readonly onDelay?: (() => void) | undefined;
}

/** A command that waits for its final answer. */
export class Entry {
  readonly command: Outgoing;
  readonly isCallerId: boolean;
  readonly deadlineAtMs: number;
  /** By the steady clock; undefined until it is sent. */
  firstSentAtMs: number | undefined;
  tries = 0;
  /** A message with it is on its way. */
  isUnderWay = false;
  /** An earlier try may have been carried out without an answer having come. */
  mayHaveHappened: boolean;
  /** Why the last try had no final answer. */
  failure: unknown;
  isDone = false;
  readonly #pending: Set<Entry>;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  #onDelay: (() => void) | undefined;

  /** Joins `pending` until it has its answer. */
  constructor(
    pending: Set<Entry>,
    command: Outgoing,
    deadlineAtMs: number,
    options: SendOptions,
    resolve: (answer: Answer) => void,
    reject: (error: Error) => void,
  ) {
    this.#pending = pending;
    this.command = command;
    this.isCallerId = options.isCallerId === true;
    this.deadlineAtMs = deadlineAtMs;
    this.firstSentAtMs = options.firstSentAtMs;
    this.mayHaveHappened = options.firstSentAtMs !== undefined;
    this.#onDelay = options.onDelay;
    this.#resolve = resolve;
    this.#reject = reject;
    pending.add(this);
  }

  answer(answer: Answer): void {
    this.#end();
    this.#resolve(answer);
  }

  fail(error: Error): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.isDone = true;
    this.#pending.delete(this);
  }

  /** Says once that the answer is late. */
  delay(): void {
    this.#onDelay?.();
    this.#onDelay = undefined;
  }

  /** The command for this try; a repeat says how long ago it was first sent. */
  wireForm(nowMs: number): Outgoing {
    if (this.firstSentAtMs === undefined) return this.command;
    const firstSentMsAgo = Math.max(0, Math.round(nowMs - this.firstSentAtMs));
    return { ...this.command, firstSentMsAgo };
  }
}
