import type { Host } from '../host/host.ts';

/** Most that wall time may part from monotonic time before it is no longer believed, ms. */
const DIVERGENCE_MS_MAX = 1_000;

/**
 * The writer's time: wall time that never falls, checked against the monotonic clock. When the
 * two part (somebody sets the clock, a virtual machine resumes), it goes on by the monotonic one
 * and tells (semantics §6.4).
 */
export class WriterClock {
  readonly #host: Pick<Host, 'wallMs' | 'steadyMs'>;
  readonly #onDivergence: (byMs: number) => void;
  readonly #offsetMs: number;
  #lastMs: number;
  #isDiverged = false;

  constructor(options: {
    /** Time of the newest event in the log; time goes on from there. */
    readonly notBeforeMs: number;
    readonly host: Pick<Host, 'wallMs' | 'steadyMs'>;
    readonly onDivergence: (byMs: number) => void;
  }) {
    this.#host = options.host;
    this.#onDivergence = options.onDivergence;
    this.#offsetMs = this.#host.wallMs() - this.#host.steadyMs();
    this.#lastMs = options.notBeforeMs;
  }

  /** Logical time now, ms since 1970; never less than before. */
  nowMs(): number {
    const steady = this.#host.steadyMs() + this.#offsetMs;
    const wall = this.#host.wallMs();
    const byMs = wall - steady;
    const isDiverged = Math.abs(byMs) > DIVERGENCE_MS_MAX;
    if (isDiverged && !this.#isDiverged) this.#onDivergence(byMs);
    this.#isDiverged = isDiverged;
    const now = Math.floor(isDiverged ? steady : wall);
    if (now > this.#lastMs) this.#lastMs = now;
    return this.#lastMs;
  }
}
