import type { CommandInput } from '../events/commands.ts';

/** The fields of a command that are left to the caller besides those named. */
export type Fields<Op extends CommandInput['op'], Given extends string> = Omit<
  Extract<CommandInput, { op: Op }>,
  'op' | 'v' | 'firstSentMsAgo' | Given
>;

/** What is asked for on a node. Amounts are safe integers in the resource's unit. */
export type AskInput = Fields<'request', 'id' | 'path' | 'dryRun'>;

/** Real use by resource; `'unknown'` where it is not known (what was reported, else what was held). */
export type Actual = Fields<'settle', never>['actual'];

/** Amounts by resource: microcredits, bytes, ms, counts. */
export type AmountsInput = Readonly<Record<string, number>>;

/** What did not work of what was granted, by resource. */
export interface Failures {
  /** Resources that failed: the governor's circuit breakers count them. */
  readonly failed?: readonly string[] | undefined;
}

/** How long a command may take. */
export interface Timing {
  /** Time until it fails with UnavailableError, ms; default that of the connection. */
  readonly timeoutMs?: number | undefined;
}

/** Timing, and an idempotency key of the caller's own. */
export interface CallOptions extends Timing {
  /** The same id with the same content is carried out once; one is made when absent. */
  readonly id?: string | undefined;
}
