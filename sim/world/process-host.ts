import type { CallOff, Files, Host } from '../../host/host.ts';
import { pauseBy } from '../../host/pause-by.ts';
import type { Chance } from './chance.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler, TaskKind } from './scheduler.ts';

/** Sunday, 22 November 2026, 18:00 UTC: when every world begins. */
export const WORLD_BEGINS_AT_MS = 1_795_370_400_000;

/** A timer fires this much later than asked for at most, ms. */
const LATENESS_MS_MAX = 0.5;

/** What a process has from its machine, all of it made up. */
export class ProcessHost implements Host {
  readonly files: Files;
  readonly #process: SimProcess;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #lateness: Chance;
  readonly #lookMs: number;
  /** When the machine was started, before the world was. */
  readonly #upMs: number;
  #aheadMs = 0;
  /** How far looking at the clock has taken this process beyond the world's time. */
  #spentUntilMs = 0;

  /** @param lookMs what each look at a clock takes */
  constructor(
    process: SimProcess,
    parts: {
      readonly scheduler: Scheduler;
      readonly chance: Chance;
      readonly files: Files;
      readonly lookMs: number;
    },
  ) {
    this.#process = process;
    this.#scheduler = parts.scheduler;
    this.#chance = parts.chance.fork('random');
    this.#lateness = parts.chance.fork('lateness');
    this.#upMs = this.#lateness.between(1_000, 10_000_000);
    this.#lookMs = parts.lookMs;
    this.files = parts.files;
  }

  /** Sets the wall clock, forwards or backwards. */
  setClock(aheadMs: number): void {
    this.#aheadMs = aheadMs;
  }

  /** How far the wall clock is before the true time, ms. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  wallMs(): number {
    return Math.floor(WORLD_BEGINS_AT_MS + this.#look() + this.#aheadMs);
  }

  steadyMs(): number {
    return this.#upMs + this.#look();
  }

  after(ms: number, work: () => void): CallOff {
    return this.#schedule('timer', ms, () => this.#process.step('timer', work));
  }

  every(ms: number, work: () => void): CallOff {
    let callOff: CallOff = () => {};
    let isOff = false;
    const again = () => {
      callOff = this.#schedule('background', ms, () => {
        work();
        if (!isOff) again();
      });
    };
    again();
    return () => {
      isOff = true;
      callOff();
    };
  }

  nextTurn(work: () => void): void {
    const { nowMs } = this.#scheduler;
    this.#scheduler.at(nowMs, 'timer', this.#process, work);
  }

  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return pauseBy((afterMs, work) => this.after(afterMs, work), ms, signal);
  }

  random(): number {
    return this.#chance.next();
  }

  randomBytes(count: number): Uint8Array {
    return this.#chance.bytes(count);
  }

  /** As Node has it: whole milliseconds, at least one. */
  #schedule(kind: TaskKind, ms: number, work: () => void): CallOff {
    const dueInMs = Math.max(1, Math.trunc(ms)) + this.#lateness.between(0, LATENESS_MS_MAX);
    return this.#scheduler.at(this.#scheduler.nowMs + dueInMs, kind, this.#process, work);
  }

  /** Virtual time as this process sees it: looking takes a moment, and never shows less. */
  #look(): number {
    const { nowMs } = this.#scheduler;
    this.#spentUntilMs = Math.max(nowMs, this.#spentUntilMs + this.#lookMs);
    return this.#spentUntilMs;
  }
}
