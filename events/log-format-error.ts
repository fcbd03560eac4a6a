/** A message of the log that cannot be what its subject says. Reading it again is futile. */
export class LogFormatError extends Error {
  override readonly name = 'LogFormatError';
  readonly code = 'log_format';
  readonly retryable = false;

  constructor(reason: string, cause?: unknown) {
    super(`not a message of this log's format: ${reason}; run \`bursar audit verify\``, { cause });
  }
}
