import { NatsError } from 'nats';
import { LedgerError, LedgerRefusedError, LedgerUnavailableError } from './ledger-errors.ts';

/** JetStream's `err_code` when the streams' sizes together do not fit into the store. */
const STORE_TOO_SMALL = 10047;

/** What a failed request means: waiting gives no permission and no room, all else may come back. */
export function toLedgerError(shard: number, cause: unknown): LedgerError {
  if (cause instanceof LedgerError) return cause;
  if (cause instanceof NatsError) {
    const isRefused =
      cause.code === 'PERMISSIONS_VIOLATION' || cause.api_error?.err_code === STORE_TOO_SMALL;
    if (isRefused) return new LedgerRefusedError(shard, cause);
  }
  return new LedgerUnavailableError(shard, cause);
}
