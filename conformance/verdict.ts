/** Where what we say and what the record expects part, both as they stand. */
export interface Difference {
  /** Which statement, such as `step 3 result` or `victims`. */
  readonly at: string;
  readonly expected: unknown;
  readonly observed: unknown;
}

/**
 * How a record ended. Skipped ones state something that cannot be said in our terms at all; whoever
 * reads the report judges the reason.
 */
export type Verdict =
  | { readonly status: 'passed' }
  | { readonly status: 'failed'; readonly differences: readonly Difference[] }
  | { readonly status: 'skipped'; readonly reason: string };

/** A record as every file of scenarios has it. */
export interface ScenarioRecord {
  readonly id: string;
  readonly title: string;
}

/** A record with how it ended. */
export interface Judged {
  readonly record: ScenarioRecord;
  readonly verdict: Verdict;
}

/** The verdict on a record with these differences. */
export function verdictOf(differences: readonly Difference[]): Verdict {
  return differences.length === 0 ? { status: 'passed' } : { status: 'failed', differences };
}

/** A record that cannot be judged, and therefore fails: what it says is not understood. */
export function notUnderstood(what: string, value: unknown): Difference {
  return { at: what, expected: 'something that the adapter knows', observed: value };
}
