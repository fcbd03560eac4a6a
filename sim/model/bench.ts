import type { BursarEvent } from '../../events/events.ts';
import type { Owed } from './docket.ts';
import type { Position, Violation } from './history.ts';
import type { SentIndex } from './sent-index.ts';
import type { State } from './state.ts';

/** What the judges of one event have before them: the state before it. */
export interface Bench<E extends BursarEvent = BursarEvent> {
  readonly state: State;
  readonly event: E;
  readonly at: Position;
  /** Null: the log alone is judged. */
  readonly sent: SentIndex | null;
  /** Says that something is not allowed. */
  find(rule: string, message: string, id?: string): void;
  /** Says what has to follow in the same decision. */
  owe(one: Owed): void;
}

/** Where violations are gathered; the first of each rule and id are enough. */
export class Findings {
  readonly violations: Violation[] = [];
  readonly #told = new Set<string>();
  readonly #max: number;

  constructor(max = 200) {
    this.#max = max;
  }

  add(rule: string, message: string, position?: Position, id?: string): void {
    if (this.violations.length >= this.#max) return;
    // What stays wrong is told once: only its numbers change.
    const key = `${rule} ${id ?? ''} ${message.replace(/\d+/g, '#')}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.violations.push({
      rule,
      message,
      ...(position === undefined ? {} : { position }),
      ...(id === undefined ? {} : { id }),
    });
  }
}
