import type { Host } from '../host/host.ts';

/** How much of a process its background audits may take. */
export interface AuditPace {
  /** Longest work in one go, ms; a message or a node that takes longer by itself is not cut. */
  readonly sliceMs: number;
  /** Steps (messages, events, nodes) in one go, for a host whose clock stands still meanwhile. */
  readonly stepsMax: number;
  /** Rest after a slice, as a multiple of what it took: while nobody asks, and while somebody does. */
  readonly restQuiet: number;
  readonly restBusy: number;
  /** Between two comparisons of all nodes with the live state, ms. */
  readonly compareEveryMs: number;
}

/** A quarter of a core at most while nobody asks, one hundredth while somebody does. */
export const AUDIT_PACE: AuditPace = {
  sliceMs: 1,
  stepsMax: 2_000,
  restQuiet: 3,
  restBusy: 99,
  compareEveryMs: 1_000,
};

/** How often a slice gives way to requests before it is taken in spite of them. */
const GIVE_WAYS_MAX = 10;
const GIVE_WAY_MS = 5;

/**
 * Slices of time for all audits of a process, one after the other: each waits until the process has
 * nothing else to do, or has waited long enough, and is followed by a rest.
 */
export class AuditTurns {
  readonly #host: Host;
  readonly #pace: AuditPace;
  /** Messages that were handled: if it stands still for a turn, nobody asks. */
  #work = 0;
  #workAtSlice = 0;
  #restMs = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(host: Host, pace: AuditPace = AUDIT_PACE) {
    this.#host = host;
    this.#pace = pace;
  }

  get pace(): AuditPace {
    return this.#pace;
  }

  /** Called for each message: audits give way. */
  noteWork(): void {
    this.#work += 1;
  }

  /** Resolves when the caller may work; it must `end` the slice. Comes early when aborted. */
  async begin(signal: AbortSignal): Promise<AuditSlice> {
    const slice = new AuditSlice(this.#host, this.#pace, () => this.#turn(signal));
    await slice.begin();
    return slice;
  }

  /** Waits for its turn; gives what is to be called with the time that was taken. */
  async #turn(signal: AbortSignal): Promise<(tookMs: number) => void> {
    const before = this.#last;
    let end: () => void = () => {};
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    if (this.#restMs > 0) await this.#host.pause(this.#restMs, signal);
    await this.#untilQuiet(signal);
    return (tookMs) => {
      const isBusy = this.#work !== this.#workAtSlice;
      this.#workAtSlice = this.#work;
      this.#restMs = tookMs * (isBusy ? this.#pace.restBusy : this.#pace.restQuiet);
      end();
    };
  }

  async #untilQuiet(signal: AbortSignal): Promise<void> {
    for (let tries = 0; tries < GIVE_WAYS_MAX && !signal.aborted; tries += 1) {
      const before = this.#work;
      await new Promise<void>((resolve) => this.#host.nextTurn(resolve));
      if (before === this.#work) return;
      await this.#host.pause(GIVE_WAY_MS, signal);
    }
  }
}

/** Some time in which an audit may work. */
export class AuditSlice {
  readonly #host: Host;
  readonly #pace: AuditPace;
  readonly #turn: () => Promise<(tookMs: number) => void>;
  #onEnd: ((tookMs: number) => void) | undefined;
  #startMs = 0;
  #steps = 0;

  constructor(host: Host, pace: AuditPace, turn: () => Promise<(tookMs: number) => void>) {
    this.#host = host;
    this.#pace = pace;
    this.#turn = turn;
  }

  async begin(): Promise<void> {
    this.#onEnd = await this.#turn();
    this.#startMs = this.#host.steadyMs();
    this.#steps = 0;
  }

  /** Counts a step; whether it was the last one. */
  isOver(): boolean {
    this.#steps += 1;
    const { sliceMs, stepsMax } = this.#pace;
    return this.#steps >= stepsMax || this.#host.steadyMs() - this.#startMs >= sliceMs;
  }

  /** Lets others work and goes on when it is its turn again. */
  async giveWay(): Promise<void> {
    this.end();
    await this.begin();
  }

  /** A second call does nothing. */
  end(): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(this.#host.steadyMs() - this.#startMs);
  }
}
