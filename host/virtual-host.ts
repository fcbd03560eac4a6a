import { randomBytes } from 'node:crypto';
import type { CallOff, Files, Host } from './host.ts';
import { MemoryFiles } from './memory-files.ts';
import { pauseBy } from './pause-by.ts';

interface Timer {
  atMs: number;
  /** Undefined: once. */
  readonly everyMs: number | undefined;
  readonly work: () => void;
}

/**
 * A host whose clocks stand still unless they are moved: for code that is asked what it does at
 * certain times. The simulator (sim/) has hosts that also fail.
 */
export class VirtualHost implements Host {
  readonly files: Files = new MemoryFiles();
  readonly #startsAtMs: number;
  readonly #timers = new Set<Timer>();
  #steadyMs = 0;
  /** How far the wall clock was set away from what it would show. */
  #aheadMs = 0;

  /** @param startsAtMs what the wall clock shows at first, ms since 1970 */
  constructor(startsAtMs: number) {
    this.#startsAtMs = startsAtMs;
  }

  wallMs(): number {
    return this.#trueMs + this.#aheadMs;
  }

  steadyMs(): number {
    return this.#steadyMs;
  }

  /** Lets time pass as in a sleep: whatever fell due on the way is called at its end, in order. */
  async pass(ms: number): Promise<void> {
    this.#steadyMs += ms;
    for (const timer of this.#due()) {
      if (!this.#timers.has(timer)) continue;
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.atMs = this.#steadyMs + timer.everyMs;
      timer.work();
    }
    await settled();
  }

  /**
   * Sets the wall clock. Forwards, time passes until it shows that; backwards, no time passes and
   * only the wall clock falls, as where somebody sets it wrong.
   */
  async setWall(atMs: number): Promise<void> {
    this.#aheadMs = Math.min(0, atMs - this.#trueMs);
    await this.pass(Math.max(0, atMs - this.#trueMs));
  }

  after(ms: number, work: () => void): CallOff {
    return this.#add({ atMs: this.#steadyMs + ms, everyMs: undefined, work });
  }

  every(ms: number, work: () => void): CallOff {
    return this.#add({ atMs: this.#steadyMs + ms, everyMs: ms, work });
  }

  nextTurn(work: () => void): void {
    setImmediate(work);
  }

  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return pauseBy((afterMs, work) => this.after(afterMs, work), ms, signal);
  }

  /** Jitter would only make two runs differ. */
  random(): number {
    return 0.5;
  }

  randomBytes(count: number): Uint8Array {
    return randomBytes(count);
  }

  /** What the wall clock would show had nobody set it. */
  get #trueMs(): number {
    return this.#startsAtMs + this.#steadyMs;
  }

  #add(timer: Timer): CallOff {
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  #due(): Timer[] {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= this.#steadyMs);
    return due.sort((a, b) => a.atMs - b.atMs);
  }
}

/** Lets everything happen that waits for nothing but its turn. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < TURNS; turns += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** More than any chain of messages between parts of one process takes. */
const TURNS = 8;
