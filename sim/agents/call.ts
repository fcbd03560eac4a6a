import type { Answer } from '../../events/answers.ts';

/** How a call ended, as its caller saw it. */
export type CallEnd =
  /** An answer: refusals and denials too. */
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The answers to the commands of one message. */
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  /** A settle or release that is kept and will be repeated. */
  | { readonly kind: 'journaled' }
  /** An error of the client or of the bus, by its code. */
  | { readonly kind: 'error'; readonly code: string; readonly mayHaveHappened: boolean }
  /** Work on an allocation that was granted: how it was settled, or why it was not. */
  | { readonly kind: 'worked'; readonly granted: Answer; readonly settled: Answer | 'journaled' }
  /** The work itself failed, as it was told to. */
  | { readonly kind: 'workFailed' }
  /** The ids of the emergencies that were told. */
  | { readonly kind: 'watched'; readonly ids: readonly string[] }
  /** The process of the caller is gone. */
  | { readonly kind: 'left' };

/** One thing that an agent did. Times are virtual, ms since the world began. */
export interface Call {
  /** Number of the job in its plan. */
  readonly job: number;
  readonly agent: string;
  readonly team: string;
  readonly way: 'client' | 'raw';
  /** As the caller gave it; of a raw message what was encoded, undefined where that was bytes. */
  readonly command: unknown;
  readonly op: string;
  readonly sentAtMs: number;
  /** Undefined while nobody knows. */
  endedAtMs: number | undefined;
  end: CallEnd | undefined;
}
