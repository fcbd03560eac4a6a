import { EXIT, type ExitCode } from './exit-codes.ts';

/** An error of the command line itself: what is wrong, what to do, how to exit. */
class CliError extends Error {
  readonly code: string;
  readonly advice: string;
  readonly exitCode: ExitCode;

  constructor(
    kind: { readonly code: string; readonly exitCode: ExitCode },
    message: string,
    advice: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = kind.code;
    this.advice = advice;
    this.exitCode = kind.exitCode;
  }
}

/** An option, an argument or a file on the command line cannot be understood. */
export class UsageError extends CliError {
  constructor(message: string, advice: string, cause?: unknown) {
    super({ code: 'usage', exitCode: EXIT.usage }, message, advice, cause);
  }
}

/** Nothing runs on the data folder, and no NATS_URL says where else to look. */
export class NoServerError extends CliError {
  constructor(dataDir: string) {
    super(
      { code: 'no_server', exitCode: EXIT.noServer },
      `No broker runs on ${dataDir}.`,
      'Start one with `bursar up`, name its folder with --data, or set NATS_URL.',
    );
  }
}

/** The broker answers, but no writer serves the team. */
export class NoWriterError extends CliError {
  constructor(what: string, cause: unknown) {
    super(
      { code: 'no_writer', exitCode: EXIT.noServer },
      `The broker is there, but no writer answered ${what}.`,
      'Start one with `bursar up`, or wait until it has replayed its log; `bursar doctor` shows.',
      cause,
    );
  }
}

/** A writer answered until the time was over, but could not decide. */
export class NotServedError extends CliError {
  constructor(problem: string, cause: unknown) {
    super(
      { code: 'unavailable', exitCode: EXIT.noServer },
      `The governor could not decide: ${problem}.`,
      'Try again; `bursar doctor` looks at the log and the writer.',
      cause,
    );
  }
}

/** There is no such agent, so nothing can be done in its name. */
export class UnknownAgentError extends CliError {
  constructor(agent: string, dataDir: string) {
    super(
      { code: 'unknown_agent', exitCode: EXIT.failed },
      `${dataDir} has no key of an agent '${agent}'.`,
      '`bursar agent list` shows those that it has; `bursar agent add` makes one.',
    );
  }
}

/** A server of one's own does not know an agent yet whose key was made here. */
export class NotReloadedError extends CliError {
  constructor(agent: string, confFile: string, cause: unknown) {
    super(
      { code: 'not_reloaded', exitCode: EXIT.failed },
      `The nats-server of NATS_URL does not know the agent '${agent}' yet.`,
      `Let it read ${confFile} again (nats-server --signal reload), then repeat the command.`,
      cause,
    );
  }
}

/** Ctrl-C came while something was under way that could only be broken off. */
export class EndedEarlyError extends CliError {
  constructor(cause: unknown) {
    super(
      { code: 'aborted', exitCode: EXIT.interrupted },
      'It was ended before it was done.',
      'Start it again; nothing of it is left running.',
      cause,
    );
  }
}

/** What was asked for is not there. */
export class NotThereError extends CliError {
  constructor(
    message: string,
    advice = 'Check the name; `bursar balance TEAM` shows what is open.',
  ) {
    super({ code: 'not_there', exitCode: EXIT.failed }, message, advice);
  }
}

/** A log is restored into a folder of its own only. */
export class FolderNotEmptyError extends CliError {
  constructor(dataDir: string) {
    super(
      { code: 'folder_not_empty', exitCode: EXIT.usage },
      `${dataDir} is not empty.`,
      'Name a new folder with --data; nothing is ever restored over something.',
    );
  }
}

/** An export from which nothing may be restored. */
export class ExportUnsoundError extends CliError {
  constructor(file: string, found: string, advice: string) {
    super(
      { code: 'export_unsound', exitCode: EXIT.unsound },
      `${file} cannot be restored from: ${found}.`,
      advice,
    );
  }
}

/** What was written is not what is read back. */
export class RestoredOtherwiseError extends CliError {
  constructor(shard: number) {
    super(
      { code: 'restored_otherwise', exitCode: EXIT.unsound },
      `Shard ${shard} of the new folder is not what the export says; the folder was removed.`,
      'See that the export is not written to meanwhile and the disk is sound, then try again.',
    );
  }
}

/** What a rehearsal of a disaster found. */
export class DrillFailedError extends CliError {
  constructor(found: string) {
    super(
      { code: 'drill_failed', exitCode: EXIT.failed },
      found,
      'Keep the copy with --keep and look at it with bursar audit verify.',
    );
  }
}
