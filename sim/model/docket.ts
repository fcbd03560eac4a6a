import type { BursarEvent } from '../../events/events.ts';

/** Something that has to follow in the same decision. */
export interface Owed {
  readonly rule: string;
  readonly message: string;
  readonly id: string;
  /** Whether an event is what is owed. */
  readonly isPaidBy: (event: BursarEvent) => boolean;
}

/** What events have called for and what has not come yet. */
export class Docket {
  #owed: Owed[] = [];

  owe(one: Owed): void {
    this.#owed.push(one);
  }

  /** Takes off what an event pays. */
  take(event: BursarEvent): void {
    if (this.#owed.length > 0) this.#owed = this.#owed.filter(({ isPaidBy }) => !isPaidBy(event));
  }

  /** Everything that is still owed when a decision is over; it is owed no more then. */
  close(): readonly Owed[] {
    const left = this.#owed;
    this.#owed = [];
    return left;
  }
}
