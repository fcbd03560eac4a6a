import type { Bus } from '../bus/bus.ts';
import { BusClosed, MessageTooLarge, NoResponders, PermissionDenied } from '../bus/errors.ts';
import type { Answer } from '../events/answers.ts';
import { LIMITS } from '../events/limits.ts';
import { subjects } from '../events/subjects.ts';
import type { CallOff, Host } from '../host/host.ts';
import { Entry, type Outgoing, type SendOptions } from './entry.ts';
import {
  BadAnswerError,
  BusyError,
  ClosedError,
  ForbiddenError,
  InvalidCommandError,
  RefusedError,
  UnavailableError,
} from './errors.ts';
import { type Packed, packMessage } from './packing.ts';
import { readAnswers } from './replies.ts';
import { backoffMs, isTriedAgain, tryMs } from './retry.ts';

export interface OutboxOptions {
  readonly agent: string;
  readonly team: string;
  /** Default time until a command fails, ms. */
  readonly timeoutMs: number;
  /** Time that the first try waits for an answer, ms. */
  readonly tryTimeoutMs: number;
  /** Messages on their way at once. */
  readonly inFlightMax: number;
  /** Commands in one message. */
  readonly batchMax: number;
}

/** What an {@link Outbox} has done so far. */
export interface OutboxCounts {
  commands: number;
  messages: number;
  retries: number;
  badAnswers: number;
}

/** Commands that wait for their answers in one client. */
const PENDING_MAX = 100_000;
/** Precision of deadlines, ms. */
const SWEEP_MS = 50;

/**
 * Sends the commands of one client and brings each its final answer.
 *
 * Commands that come while messages are on their way gather and travel together; a lone one leaves
 * at once. What has no final answer (nobody there, connection away, no answer in time, an answer
 * that the owner is another one or busy) is sent again with the same id until its deadline. While
 * the connection is away nothing is sent, and everything goes out when it is back.
 */
export class Outbox {
  readonly counts: OutboxCounts = { commands: 0, messages: 0, retries: 0, badAnswers: 0 };
  readonly #host: Host;
  readonly #bus: Bus;
  readonly #options: OutboxOptions;
  readonly #pending = new Set<Entry>();
  readonly #queue: Entry[] = [];
  /** Groups that wait for their next try, each with what calls that off. */
  readonly #resting = new Map<readonly Entry[], CallOff>();
  readonly #flush = () => this.#sendWaiting();
  #inFlight = 0;
  #isScheduled = false;
  #endSweep: CallOff | undefined;
  #closed: ClosedError | undefined;
  #onIdle: (() => void) | undefined;

  constructor(host: Host, bus: Bus, options: OutboxOptions) {
    this.#host = host;
    this.#bus = bus;
    this.#options = options;
    bus.onStatus((status) => {
      if (status === 'connected') this.#wake();
      if (status === 'closed') this.close(new ClosedError());
    });
  }

  /**
   * @returns the final answer, which may be a refusal
   * @throws UnavailableError, InvalidCommandError, ForbiddenError, BusyError, ClosedError
   */
  send(command: Outgoing, options: SendOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw this.#closed;
      if (this.#pending.size >= PENDING_MAX) throw new BusyError(PENDING_MAX);
      const deadlineAtMs = this.#host.steadyMs() + (options.timeoutMs ?? this.#options.timeoutMs);
      const entry = new Entry(this.#pending, command, deadlineAtMs, options, resolve, reject);
      this.counts.commands += 1;
      this.#endSweep ??= this.#host.every(SWEEP_MS, () => this.#sweepExpired());
      this.#queue.push(entry);
      if (!this.#bus.isConnected()) entry.delay();
      this.#schedule();
    });
  }

  /** No command waits for an answer. */
  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  /** Resolves when no command waits for an answer, at the latest after `withinMs`. */
  async drain(withinMs: number): Promise<void> {
    if (this.#pending.size === 0) return;
    let callOff: CallOff | undefined;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      callOff = this.#host.after(withinMs, resolve);
    });
    callOff?.();
  }

  /** Fails everything that still waits. Nothing can be sent from then on. */
  close(reason: ClosedError): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const callOff of this.#resting.values()) callOff();
    this.#resting.clear();
    this.#queue.length = 0;
    for (const entry of this.#pending) entry.fail(reason);
    this.#stopSweeping();
  }

  /**
   * Sends when everybody who can now has put their command in: the callers that the last reply woke
   * all run before the next tick.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#flush);
  }

  #sendWaiting(): void {
    this.#isScheduled = false;
    while (this.#inFlight < this.#options.inFlightMax && this.#bus.isConnected()) {
      const packed = packMessage(this.#queue, this.#options.batchMax, this.#host.steadyMs());
      if (packed === undefined) return;
      void this.#exchange(packed);
    }
  }

  async #exchange(packed: Packed): Promise<void> {
    const nowMs = this.#host.steadyMs();
    let triesMax = 0;
    for (const entry of packed.entries) {
      entry.firstSentAtMs ??= nowMs;
      entry.isUnderWay = true;
      triesMax = Math.max(triesMax, entry.tries);
      entry.tries += 1;
    }
    this.counts.messages += 1;
    this.#inFlight += 1;
    try {
      const { agent, team, tryTimeoutMs } = this.#options;
      const reply = await this.#bus.request(subjects.request(agent, team, packed.op), packed.data, {
        timeoutMs: tryMs(tryTimeoutMs, triesMax),
      });
      this.#onAnswers(packed.entries, readAnswers(reply, packed.entries.length, packed.isBatch));
    } catch (error) {
      this.#onFailure(packed.entries, error);
    } finally {
      this.#inFlight -= 1;
      if (this.#queue.length > 0) this.#schedule();
    }
  }

  #onAnswers(entries: readonly Entry[], answers: readonly (Answer | BadAnswerError)[]): void {
    const again: Entry[] = [];
    let pauseMs = 0;
    for (const [i, entry] of entries.entries()) {
      const answer = answers[i] as Answer | BadAnswerError;
      entry.isUnderWay = false;
      if (answer instanceof BadAnswerError || !isAnswerTo(entry.command, answer)) {
        this.counts.badAnswers += 1;
        entry.mayHaveHappened = true;
        entry.failure =
          answer instanceof BadAnswerError ? answer : new BadAnswerError('it is of another id');
        again.push(entry);
      } else if (isTriedAgain(answer)) {
        entry.failure = new RefusedError(answer);
        pauseMs = Math.max(pauseMs, answer.retryAfterMs ?? 0);
        again.push(entry);
      } else if (!entry.isDone) {
        entry.answer(answer);
      }
    }
    if (again.length > 0) this.#tryAgain(again, pauseMs);
    this.#tellIfIdle();
  }

  #onFailure(entries: readonly Entry[], error: unknown): void {
    if (this.#closed !== undefined) return;
    const mayHaveHappened = !(error instanceof NoResponders);
    for (const entry of entries) {
      entry.failure = error;
      entry.isUnderWay = false;
      entry.mayHaveHappened ||= mayHaveHappened;
    }
    const fatal = fatalErrorOf(error);
    if (fatal === undefined) {
      this.#tryAgain(entries, 0);
      return;
    }
    for (const entry of entries) if (!entry.isDone) entry.fail(fatal);
    this.#tellIfIdle();
  }

  #tryAgain(entries: readonly Entry[], pauseMsMin: number): void {
    if (this.#closed !== undefined) return;
    const waiting = entries.filter((entry) => !entry.isDone);
    const [first] = waiting;
    if (first === undefined) return;
    for (const entry of waiting) entry.delay();
    this.counts.retries += waiting.length;
    const pauseMs = Math.max(pauseMsMin, backoffMs(first.tries - 1, this.#host.random()));
    this.#resting.set(
      waiting,
      this.#host.after(pauseMs, () => this.#endRest(waiting)),
    );
  }

  #endRest(entries: readonly Entry[]): void {
    this.#resting.get(entries)?.();
    this.#resting.delete(entries);
    this.#queue.unshift(...entries);
    this.#schedule();
  }

  /** The connection is back: nothing is worth waiting for any more. */
  #wake(): void {
    for (const entries of [...this.#resting.keys()]) this.#endRest(entries);
    this.#schedule();
  }

  #sweepExpired(): void {
    if (this.#pending.size === 0) {
      this.#stopSweeping();
      return;
    }
    const nowMs = this.#host.steadyMs();
    for (const entry of this.#pending) {
      if (entry.deadlineAtMs <= nowMs) this.#expire(entry);
    }
    this.#tellIfIdle();
  }

  #stopSweeping(): void {
    this.#endSweep?.();
    this.#endSweep = undefined;
  }

  #expire(entry: Entry): void {
    const { failure, command } = entry;
    if (failure instanceof RefusedError && failure.code === 'overloaded') {
      entry.answer(failure.refusal);
      return;
    }
    const mayHaveHappened = entry.mayHaveHappened || entry.isUnderWay;
    entry.fail(new UnavailableError(command.op, command.id, mayHaveHappened, failure));
  }

  #tellIfIdle(): void {
    if (this.#pending.size > 0) return;
    this.#onIdle?.();
    this.#onIdle = undefined;
  }
}

/**
 * An answer that names another command's id belongs to that one; but what was settled before, under
 * another id, is answered with the answer of that time.
 */
function isAnswerTo(command: Outgoing, answer: Answer): boolean {
  const id = 'id' in answer ? answer.id : undefined;
  if (id === undefined || command.id === undefined || id === command.id) return true;
  return 'allocation' in answer && answer.allocation === command['allocation'];
}

/** The error that ends the matter, or undefined when trying again can help. */
function fatalErrorOf(error: unknown): Error | undefined {
  if (error instanceof PermissionDenied) return new ForbiddenError('these commands', error);
  if (error instanceof BusClosed) return new ClosedError(error);
  if (error instanceof MessageTooLarge) {
    return new InvalidCommandError('batch', 'the broker takes only smaller messages', error);
  }
  return undefined;
}

/** Limits within which an outbox works unless told otherwise. */
export const OUTBOX_DEFAULTS = {
  timeoutMs: 30_000,
  tryTimeoutMs: 2_000,
  inFlightMax: 2,
  batchMax: LIMITS.batchCommandsMax,
} as const;
