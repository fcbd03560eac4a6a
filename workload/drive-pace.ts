import { setTimeout as sleep } from 'node:timers/promises';
import type { DriveSpeed } from './drive-options.ts';
import { WORKLOAD_LIMITS } from './limits.ts';

/** Longest time that one timer of Node can run, ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * The clock of a drive. Recorded times pass `speed` times faster; at `max` no recorded time passes
 * at all. Its own readings are on the clock of the record too (at `max`: real time), so that a
 * report speaks of the workload's hours and not of the drive's seconds.
 */
export class Pace {
  readonly #speed: DriveSpeed;
  #startedAtMs = performance.now();
  #startedAtUnixMs = Date.now();

  constructor(speed: DriveSpeed) {
    this.#speed = speed;
  }

  /** Starts the clock anew. */
  start(): void {
    this.#startedAtMs = performance.now();
    this.#startedAtUnixMs = Date.now();
  }

  /** Real time since the start, ms. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** Time since the start on the clock of the record, ms. */
  get atMs(): number {
    return this.recorded(this.elapsedMs);
  }

  /** A wall-clock time as time since the start on the clock of the record, ms. */
  atUnixMs(unixMs: number): number {
    return this.recorded(Math.max(0, unixMs - this.#startedAtUnixMs));
  }

  /** A real duration as it would have been in the record, ms. */
  recorded(realMs: number): number {
    return this.#speed === 'max' ? realMs : realMs * this.#speed;
  }

  /** Lets a recorded duration pass. Returns early when the signal is aborted. */
  async pass(recordedMs: number, signal: AbortSignal): Promise<void> {
    if (this.#speed === 'max') return;
    await this.#sleepUntil(performance.now() + recordedMs / this.#speed, signal);
  }

  /** Waits for a time on the clock of the record. Returns early when the signal is aborted. */
  async until(recordedAtMs: number, signal: AbortSignal): Promise<void> {
    if (this.#speed === 'max') return;
    await this.#sleepUntil(this.#startedAtMs + recordedAtMs / this.#speed, signal);
  }

  /** Lets real time pass. Returns early when the signal is aborted. */
  async rest(realMs: number, signal: AbortSignal): Promise<void> {
    await this.#sleepUntil(performance.now() + realMs, signal);
  }

  /** How long a recorded duration lasts here, whole ms and at least one; at `max` as recorded. */
  lastingMs(recordedMs: number): number {
    return this.#real(recordedMs, 1);
  }

  /**
   * How long a lease is asked for, ms: what an agent takes that cannot know how long its call will
   * last, divided by the speed but never so short that a busy machine cannot renew it in time.
   */
  get leaseMs(): number {
    return this.#real(WORKLOAD_LIMITS.leaseMs, WORKLOAD_LIMITS.leaseMsMin);
  }

  /**
   * How long an ask may wait, ms; 0 stays 0. Without pauses calls take no time, so what comes back
   * at all comes back soon.
   */
  waitMs(recordedMs: number): number {
    const { waitMsMin, waitMsMaxUnpaced } = WORKLOAD_LIMITS;
    if (recordedMs === 0) return 0;
    if (this.#speed === 'max') return Math.min(recordedMs, waitMsMaxUnpaced);
    return this.#real(recordedMs, waitMsMin);
  }

  /** Real pause before the n-th repeat (from 0) of a denied ask, ms. */
  retryMs(repeat: number): number {
    const { retryMs, retryMsMin } = WORKLOAD_LIMITS;
    return (this.#speed === 'max' ? retryMsMin : this.#real(retryMs, retryMsMin)) * 2 ** repeat;
  }

  #real(recordedMs: number, floorMs: number): number {
    if (this.#speed === 'max') return recordedMs;
    return Math.ceil(Math.max(recordedMs / this.#speed, floorMs));
  }

  async #sleepUntil(atMs: number, signal: AbortSignal): Promise<void> {
    for (let leftMs = atMs - performance.now(); leftMs > 0; leftMs = atMs - performance.now()) {
      if (signal.aborted) return;
      await sleep(Math.min(leftMs, TIMER_MS_MAX), undefined, { signal }).catch(() => {});
    }
  }
}
