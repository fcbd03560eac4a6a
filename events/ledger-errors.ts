import type { FencedBy } from './ledger.ts';

/** What all errors of the log carry: a code, and whether trying again can help. */
export abstract class LedgerError extends Error {
  abstract readonly code: string;
  abstract readonly retryable: boolean;
}

/** A message that must be there cannot be read: the store is damaged. The shard must not serve. */
export class LogUnreadableError extends LedgerError {
  override readonly name = 'LogUnreadableError';
  readonly code = 'log_unreadable';
  readonly retryable = false;
  readonly shard: number;
  /** The first sequence that cannot be read. */
  readonly seq: number;

  constructor(shard: number, seq: number) {
    super(
      `shard ${shard}: message ${seq} of the log cannot be read; stop this shard, run ` +
        '`bursar audit verify`, and restore the store from its second copy',
    );
    this.shard = shard;
    this.seq = seq;
  }
}

/** The log is shorter than it has been, or has holes. Serving from it would spend money twice. */
export class LogRegressedError extends LedgerError {
  override readonly name = 'LogRegressedError';
  readonly code = 'log_regressed';
  readonly retryable = false;
  readonly shard: number;

  constructor(shard: number, detail: string) {
    super(
      `shard ${shard}: the log has lost messages (${detail}); the shard stays frozen until the ` +
        'store is restored from its second copy: `bursar audit verify` shows what is missing',
    );
    this.shard = shard;
  }
}

/** Another process claimed the shard first. */
export class ClaimLostError extends LedgerError {
  override readonly name = 'ClaimLostError';
  readonly code = 'claim_lost';
  readonly retryable = true;
  readonly by: FencedBy | undefined;

  constructor(shard: number, by: FencedBy | undefined) {
    super(
      `shard ${shard}: another process claimed it first (epoch ${by?.seq ?? 'unknown'}); ` +
        'claim again only when that owner is gone',
    );
    this.by = by;
  }
}

/** The broker or the stream's leader does not answer. */
export class LedgerUnavailableError extends LedgerError {
  override readonly name = 'LedgerUnavailableError';
  readonly code = 'log_unavailable';
  readonly retryable = true;

  constructor(shard: number, cause: unknown) {
    super(`shard ${shard}: the log does not answer; see that the broker runs (\`bursar doctor\`)`, {
      cause,
    });
  }
}

/** The stream has reached `max_bytes`. */
export class LedgerFullError extends LedgerError {
  override readonly name = 'LedgerFullError';
  readonly code = 'log_full';
  readonly retryable = true;

  constructor(shard: number) {
    super(`shard ${shard}: the log is full; archive it and begin a new generation`);
  }
}

/** The broker refuses for a reason that no retry changes: permissions, or another stream. */
export class LedgerRefusedError extends LedgerError {
  override readonly name = 'LedgerRefusedError';
  readonly code = 'log_refused';
  readonly retryable = false;

  constructor(shard: number, cause: unknown) {
    super(
      `shard ${shard}: the broker refused (${cause instanceof Error ? cause.message : cause}); ` +
        '`bursar doctor` checks streams and permissions',
      { cause },
    );
  }
}
