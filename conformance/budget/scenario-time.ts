/** Times of a scenario, in its unit and from its own zero, as times of ours. */
export class ScenarioTime {
  readonly #zeroMs: number;
  readonly #msAUnit: number;

  /**
   * @param zeroMs time 0 of the scenario, ms since 1970
   * @param msAUnit ms that stand for one unit of it
   */
  constructor(zeroMs: number, msAUnit: number) {
    this.#zeroMs = zeroMs;
    this.#msAUnit = msAUnit;
  }

  /** A time, as ms since 1970. */
  instantMs(at: number): number {
    return this.#zeroMs + at * this.#msAUnit;
  }

  /** A duration, in ms. */
  durationMs(units: number): number {
    return units * this.#msAUnit;
  }

  /** From one time to another, ms; negative where that is over. */
  fromToMs(from: number, to: number): number {
    return (to - from) * this.#msAUnit;
  }

  /** Whether a time is still to come. */
  isAhead(now: number, at: number): boolean {
    return at > now;
  }

  /** How long ago a time is, ms; 0 where it is not over. */
  agoMs(now: number, at: number): number {
    return this.isAhead(now, at) ? 0 : this.fromToMs(at, now);
  }

  /** So long after a time, as ms since 1970. */
  after(at: number, durationMs: number): number {
    return this.instantMs(at) + durationMs;
  }

  /** An instant of ours, in ms since 1970, as a time of the scenario. */
  timeOf(instantMs: number): number {
    return (instantMs - this.#zeroMs) / this.#msAUnit;
  }

  /** A duration of ours in units of the scenario. */
  unitsOf(durationMs: number): number {
    return durationMs / this.#msAUnit;
  }
}

/** Scenarios say nothing of dates but where they name them. */
export const SOME_DAY_MS = Date.UTC(2026, 0, 1);
