/** Whether a crash comes before a step has had its effect, or after. */
export type CrashSide = 'before' | 'after';

/** What a step is of; more words may follow, such as a subject. */
export type StepKind =
  | 'ledger'
  | 'bus request'
  | 'bus publish'
  | 'bus respond'
  | 'bus flush'
  | 'bus subscribe'
  | 'bus unsubscribe'
  | 'emergency'
  | 'file'
  | 'timer';

/**
 * Counts what leaves a process, from 1: the places where a crash makes a difference. Whatever comes
 * between two steps happens inside, and a crash there looks to everybody like one at a step.
 * Periodic timers are no steps: what they set off is.
 */
export class Steps {
  #count = 0;
  #crashAt: { readonly step: number; readonly side: CrashSide } | undefined;
  #last: StepKind | undefined;
  readonly #crash: () => void;

  constructor(crash: () => void) {
    this.#crash = crash;
  }

  get count(): number {
    return this.#count;
  }

  get last(): StepKind | undefined {
    return this.#last;
  }

  crashAt(step: number, side: CrashSide): void {
    this.#crashAt = { step, side };
  }

  /** Takes a step, unless the process crashes before it. */
  take(kind: StepKind, effect: () => void): void {
    this.#count += 1;
    this.#last = kind;
    const side = this.#crashAt?.step === this.#count ? this.#crashAt.side : undefined;
    if (side === 'before') {
      this.#crash();
      return;
    }
    try {
      effect();
    } finally {
      if (side === 'after') this.#crash();
    }
  }
}
