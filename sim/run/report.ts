/** Something that must not happen, and did. */
export interface SimViolation {
  /** The invariant or section of the semantics that was broken, such as `INV-4` or `§6.2`. */
  readonly rule: string;
  readonly message: string;
  /** Command or allocation that it is about. */
  readonly id?: string;
  readonly team?: string;
  /** Where in the log of its shard. */
  readonly shard?: number;
  readonly seq?: number;
}

/** What one plan came to. */
export interface RunReport {
  readonly seed: number;
  readonly theme: string;
  readonly violations: readonly SimViolation[];
  /** Commands that agents gave, each once however often it was sent. */
  readonly commandCount: number;
  readonly messageCount: number;
  readonly blockCount: number;
  /** Virtual time that passed, ms. */
  readonly virtualMs: number;
  /** Faults that really happened, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Names of the situations that were reached, see sim/coverage/. */
  readonly cells: readonly string[];
  /** SHA-256 of all logs and messages: the same for the same plan. */
  readonly digest: string;
  /** Real time that it took, ms. */
  readonly tookMs: number;
}
