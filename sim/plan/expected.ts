/**
 * What a run comes to, whatever happens on the way. Such a plan has only faults that leave the log
 * as it is, and agents that ask again until they have their answers.
 */
export interface Expected {
  /** Why it is known, for people. */
  readonly because: string;
  /** How many of the plan's requests are granted, where that is known. */
  readonly grantCount?: number;
  /** How many of them are denied. */
  readonly denialCount?: number;
  /** Balances at the end, when all that was begun has its answer. */
  readonly lines: readonly ExpectedLine[];
}

/** One resource of one node with all beneath it, at the end. */
export interface ExpectedLine {
  readonly path: string;
  readonly resource: string;
  readonly heldTree: number;
  readonly spentTree: number;
}
