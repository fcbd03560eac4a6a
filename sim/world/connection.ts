import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** One leg of the way between a process and the broker takes so long, ms. */
const LEG_MS_MIN = 0.05;
const LEG_MS_MAX = 0.4;
/** What a fault adds to it, ms. */
const OVERTAKEN_MS_MAX = 20;
const DELAYED_MS_MAX = 3_000;
const DUPLICATE_MS_MAX = 2_000;

/** The process's end of a connection. */
export interface ConnectionEnd {
  onDown(): void;
  onUp(): void;
}

export interface ConnectionParts {
  readonly process: SimProcess;
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
}

type Direction = 'up' | 'down';

/** What a frame on its way is held for while the wire is cut. */
interface Held {
  readonly direction: Direction;
  readonly work: () => void;
}

/**
 * One connection of a process to the broker: bytes in order both ways, each leg with a delay of its
 * own. What is on its way when it breaks is lost. While the wire is cut without a word, what is sent
 * is held, and arrives when the wire is whole again, if nobody has given the connection up by then.
 */
export class Connection {
  readonly process: SimProcess;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #faults: Faults;
  readonly #lastMs = { up: 0, down: 0 };
  #life = 0;
  #held: Held[] | undefined;
  #cuts = 0;
  #isStanding = true;
  #isUp = true;
  /** The broker has given it up, which the process's end cannot know yet. */
  isStale = false;

  constructor({ process, scheduler, chance, faults }: ConnectionParts) {
    this.process = process;
    this.#scheduler = scheduler;
    this.#chance = chance;
    this.#faults = faults;
  }

  /** Whether the process's end takes it for standing. */
  get isUp(): boolean {
    return this.#isUp;
  }

  get isCut(): boolean {
    return this.#held !== undefined;
  }

  /** Sends what must neither be lost nor doubled: the protocol's own frames. */
  send(direction: Direction, work: () => void, extraMs = 0): void {
    const delayMs = this.#chance.between(LEG_MS_MIN, LEG_MS_MAX) + extraMs;
    const atMs = Math.max(this.#lastMs[direction], this.#scheduler.nowMs + delayMs);
    this.#lastMs[direction] = atMs;
    this.#arriveAt(atMs, direction, work);
  }

  /** Sends out of the order of the others; they are not held up. */
  sendApart(direction: Direction, extraMs: number, work: () => void): void {
    const delayMs = this.#chance.between(LEG_MS_MIN, LEG_MS_MAX) + extraMs;
    this.#arriveAt(this.#scheduler.nowMs + delayMs, direction, work);
  }

  /** Sends a message, with which something may go wrong. */
  sendMessage(direction: Direction, work: () => void): void {
    if (!this.#isStanding) return;
    const faults = this.#faults;
    if (faults.strikes('messageDropped')) return;
    if (faults.strikes('messageDuplicated')) {
      this.sendApart(direction, this.#chance.between(0, DUPLICATE_MS_MAX), work);
    }
    if (faults.strikes('messageOvertaken')) {
      this.sendApart(direction, this.#chance.between(0, OVERTAKEN_MS_MAX), work);
    } else if (faults.strikes('messageDelayed')) {
      this.send(direction, work, this.#chance.between(0, DELAYED_MS_MAX));
    } else {
      this.send(direction, work);
    }
  }

  /** All that is on its way is lost, and what is sent before it stands again. */
  break(): void {
    this.#isStanding = false;
    this.#life += 1;
    this.#lastMs.up = 0;
    this.#lastMs.down = 0;
    if (this.#held !== undefined) this.#held = [];
  }

  /** The process's end knows that it is broken. */
  giveUp(): void {
    this.break();
    this.#isUp = false;
  }

  /** It stands anew. */
  stand(): void {
    this.#isStanding = true;
    this.#isUp = true;
    this.isStale = false;
  }

  /** @returns the number of this cut */
  cut(): number {
    this.#held ??= [];
    this.#cuts += 1;
    return this.#cuts;
  }

  /** Whether a certain cut still lasts. */
  isCutBy(cut: number): boolean {
    return this.isCut && this.#cuts === cut;
  }

  /** The wire is whole again: what was held goes on its way. */
  heal(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { direction, work } of held) this.send(direction, work);
  }

  #arriveAt(atMs: number, direction: Direction, work: () => void): void {
    if (!this.#isStanding) return;
    const life = this.#life;
    const owner = direction === 'down' ? this.process : undefined;
    this.#scheduler.at(atMs, 'arrival', owner, () => {
      if (life !== this.#life) return;
      if (this.#held === undefined) work();
      else this.#held.push({ direction, work });
    });
  }
}
