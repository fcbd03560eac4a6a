/** How long the log is waited for. All in milliseconds. */
export interface LedgerLimits {
  /** One publish, before its outcome counts as unknown. */
  readonly publishTimeoutMs: number;
  /** One append or claim with all retries and reading back. */
  readonly settleDeadlineMs: number;
  /** Between two tries. */
  readonly retryPauseMs: number;
  /** One read of a single message or of the head. */
  readonly getTimeoutMs: number;
  /** A replay that gets nothing for this long looks for an unreadable message. */
  readonly stallMs: number;
  /** A replay whose broker stays away longer than this gives up. */
  readonly readDeadlineMs: number;
  /** How often a tail looks by itself while the broker wakes it, and when the broker may not. */
  readonly tailPollMs: number;
  readonly tailDeafPollMs: number;
}

export const LEDGER_LIMITS: LedgerLimits = {
  publishTimeoutMs: 2_000,
  settleDeadlineMs: 10_000,
  retryPauseMs: 50,
  getTimeoutMs: 2_000,
  stallMs: 2_000,
  readDeadlineMs: 30_000,
  tailPollMs: 1_000,
  tailDeafPollMs: 100,
};
