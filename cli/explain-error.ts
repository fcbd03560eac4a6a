import { NoResponders } from '../bus/errors.ts';
import { RefusedError, UnavailableError } from '../client/errors.ts';
import { EndedEarlyError, NotServedError, NoWriterError, UsageError } from './errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** An error as it is shown: never a stack. */
export type ExplainedError = {
  /** `refused`: the governor did not carry the command out; then it has the refusal's fields too. */
  readonly outcome: 'error' | 'refused';
  readonly code: string;
  readonly message: string;
  /** What to do next; empty where the message says it. */
  readonly advice: string;
  readonly retryable: boolean;
};

/** What is to be shown of an error, and how the process ends. */
export function explainError(thrown: unknown): {
  readonly explained: ExplainedError;
  readonly exitCode: ExitCode;
} {
  const error = asCliError(thrown);
  if (error instanceof RefusedError) return { explained: error.refusal, exitCode: EXIT.failed };
  if (!(error instanceof Error))
    return { explained: fault(String(error)), exitCode: EXIT.internal };
  const { code, advice, retryable, exitCode } = error as Error & {
    readonly code?: unknown;
    readonly advice?: unknown;
    readonly retryable?: unknown;
    readonly exitCode?: ExitCode;
  };
  if (typeof code !== 'string' || code.startsWith('ERR_')) {
    return { explained: fault(error.message), exitCode: EXIT.internal };
  }
  const known = typeof advice === 'string' ? advice : '';
  return {
    explained: {
      outcome: 'error',
      code,
      message: withoutAdvice(error.message, known),
      advice: known,
      retryable: retryable === true,
    },
    exitCode: exitCode ?? EXIT_BY_CODE[code] ?? EXIT.failed,
  };
}

/** Errors of other rooms whose exit code is not `failed`, by code. */
const EXIT_BY_CODE: Readonly<Record<string, ExitCode>> = {
  unavailable: EXIT.noServer,
  cannot_connect: EXIT.noServer,
  unreachable: EXIT.noServer,
  server_unreachable: EXIT.noServer,
  server_not_found: EXIT.noServer,
  disconnected: EXIT.noServer,
  timeout: EXIT.noServer,
  log_unavailable: EXIT.noServer,
  aborted: EXIT.interrupted,
  invalid_command: EXIT.usage,
  budget_malformed: EXIT.usage,
  unknown_model: EXIT.usage,
  tag_malformed: EXIT.usage,
  file_unreadable: EXIT.usage,
  file_kind_unknown: EXIT.usage,
  gzip_damaged: EXIT.usage,
  not_utf8: EXIT.usage,
  line_too_long: EXIT.usage,
  row_malformed: EXIT.usage,
  too_many_rows: EXIT.usage,
  no_rows: EXIT.usage,
  log_unreadable: EXIT.unsound,
  log_regressed: EXIT.unsound,
  log_broken: EXIT.unsound,
  stream_config: EXIT.unsound,
  export_damaged: EXIT.unsound,
  witness_damaged: EXIT.unsound,
  data_folder_damaged: EXIT.unsound,
  broker_unfit: EXIT.unsound,
};

/** What the system says of a file that was named, in words. */
const FILE_TROUBLES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'it may not be read or written',
  EPERM: 'it may not be read or written',
  EROFS: 'its disk is read-only',
};

/** A file of the command line that is not there, or not to be had. */
function asFileError(thrown: unknown): unknown {
  const { code = '', path, syscall = '', dest } = (thrown ?? {}) as FileError;
  const trouble = FILE_TROUBLES[code];
  if (trouble === undefined || syscall.startsWith('spawn')) return thrown;
  // Exports are written beside their place first.
  const file = (dest ?? path)?.replace(/\.\d+\.draft$/, '') ?? 'a file that was named';
  return new UsageError(`${file}: ${trouble}.`, 'Check the path.', thrown);
}

type FileError = NodeJS.ErrnoException & { readonly dest?: string };

/** A governor that nobody is there to be is another matter than one that is slow. */
function asCliError(thrown: unknown): unknown {
  if (thrown instanceof Error && thrown.name === 'AbortError') return new EndedEarlyError(thrown);
  if (!(thrown instanceof UnavailableError)) return asFileError(thrown);
  const { cause } = thrown;
  if (cause instanceof NoResponders) return new NoWriterError('in time', thrown);
  // The last answer says more than that none was final.
  return cause instanceof RefusedError ? new NotServedError(cause.refusal.message, thrown) : thrown;
}

/** Errors of client and bus carry their advice at the end of the message too. */
function withoutAdvice(message: string, advice: string): string {
  const isAtEnd = advice !== '' && message.endsWith(advice);
  return isAtEnd ? message.slice(0, -advice.length).trimEnd() : message;
}

function fault(message: string): ExplainedError {
  return {
    outcome: 'error',
    code: 'internal',
    message,
    advice: 'This is a fault of bursar. Run it again with --verbose, and report what it prints.',
    retryable: false,
  };
}

/** Stack and causes, for `--verbose`. */
export function traceOf(thrown: unknown): string {
  const lines: string[] = [];
  for (let error = thrown; error !== undefined && error !== null; ) {
    const isError: boolean = error instanceof Error;
    lines.push(isError ? ((error as Error).stack ?? (error as Error).message) : String(error));
    error = isError ? (error as Error).cause : undefined;
  }
  return lines.join('\ncaused by ');
}
