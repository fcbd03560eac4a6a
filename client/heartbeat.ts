import type { CallOff, Host } from '../host/host.ts';
import { LeaseLostError, RefusedError } from './errors.ts';
import type { Sender } from './sender.ts';

/** Renewals in the time of one lease. */
const BEATS_PER_LEASE = 3;
const BEAT_MS_MIN = 2;

/**
 * Keeps the lease of one allocation alive: renews it when a third of it is over, and says when it
 * is lost, because it was refused or because nobody answered until its end.
 */
export class Heartbeat {
  readonly #host: Host;
  readonly #sender: Sender;
  readonly #allocation: string;
  readonly #leaseMs: number;
  readonly #onLost: (error: LeaseLostError) => void;
  #endsAtMs: number;
  #callOff: CallOff | undefined;
  #isStopped = false;

  /**
   * @param leaseMs asked for at each renewal
   * @param leftMs of the lease as it is now
   */
  constructor(
    host: Host,
    sender: Sender,
    allocation: string,
    leaseMs: number,
    leftMs: number,
    onLost: (error: LeaseLostError) => void,
  ) {
    this.#host = host;
    this.#sender = sender;
    this.#allocation = allocation;
    this.#leaseMs = leaseMs;
    this.#onLost = onLost;
    this.#endsAtMs = this.#host.steadyMs() + leftMs;
    this.#beatAfter(leftMs / BEATS_PER_LEASE);
  }

  /** Time until the lease ends unless it is renewed, ms; 0 once over. */
  get leftMs(): number {
    return Math.max(0, this.#endsAtMs - this.#host.steadyMs());
  }

  stop(): void {
    this.#isStopped = true;
    this.#callOff?.();
  }

  #beatAfter(pauseMs: number): void {
    if (this.#isStopped) return;
    this.#callOff = this.#host.after(Math.max(BEAT_MS_MIN, pauseMs), () => void this.#beat());
  }

  async #beat(): Promise<void> {
    const { leftMs } = this;
    if (leftMs === 0) {
      this.#lose();
      return;
    }
    const sentAtMs = this.#host.steadyMs();
    const renew = { op: 'renew', allocation: this.#allocation, ttlMs: this.#leaseMs };
    try {
      const command = { ...renew, id: this.#sender.newId() };
      const answer = await this.#sender.ask(command, ['renewed'], { timeoutMs: leftMs });
      // Counted from the sending: the answer may have been long on its way.
      this.#endsAtMs = sentAtMs + answer.expiresInMs;
      this.#beatAfter(this.leftMs / BEATS_PER_LEASE);
    } catch (error) {
      const isFinal = error instanceof RefusedError && !error.retryable;
      if (isFinal || this.leftMs === 0) this.#lose(error);
      else this.#beatAfter(this.leftMs / BEATS_PER_LEASE);
    }
  }

  #lose(cause?: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    this.#onLost(new LeaseLostError(this.#allocation, cause));
  }
}
