import path from 'node:path';
import type { Command } from 'commander';
import { DATA_DIR_DEFAULT } from '../broker/start.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { explainError, traceOf } from './explain-error.ts';
import { listenForInterrupt } from './interrupt.ts';
import { Screen, type ScreenStream } from './screen.ts';
import { durationMs, teamName } from './values.ts';

/** Options that every command has. */
export type GlobalOptions = {
  readonly data?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly as?: string;
  readonly team?: string;
  readonly timeout?: string;
};

/** What a command works with. */
export type Session = {
  readonly screen: Screen;
  /** Absolute. */
  readonly dataDir: string;
  readonly isVerbose: boolean;
  /** The agent in whose name it acts; undefined: the operator. */
  readonly agent: string | undefined;
  /** `--team` or BURSAR_TEAM. */
  readonly team: string | undefined;
  /** How long a command may wait for its answer, ms. */
  readonly timeoutMs: number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
};

/** Where a command writes, and what it reads of its surroundings. */
export type Surroundings = {
  readonly stdout: ScreenStream;
  readonly stderr: ScreenStream;
  readonly env: NodeJS.ProcessEnv;
};

const TIMEOUT_DEFAULT = '5s';

/** A command's work; without a code it ends as done. */
export type Work<Arguments extends unknown[], Options> = (
  session: Session,
  options: Options & GlobalOptions,
  ...args: Arguments
) => Promise<ExitCode | undefined>;

/** Ends commands: keeps the exit code of the one that ran. */
export type Runner = {
  exitCode: ExitCode;
  readonly surroundings: Surroundings;
  /** Makes of a command's work what commander calls. */
  readonly run: <Arguments extends unknown[], Options>(
    work: Work<Arguments, Options>,
  ) => (...called: unknown[]) => Promise<void>;
};

export function newRunner(surroundings: Surroundings): Runner {
  const runner: Runner = {
    exitCode: EXIT.ok,
    surroundings,
    run:
      <Arguments extends unknown[], Options>(work: Work<Arguments, Options>) =>
      async (...called: unknown[]) => {
        // Commander gives the arguments, the options and the command.
        const command = called.at(-1) as Command;
        const args = called.slice(0, -2) as Arguments;
        const options = command.optsWithGlobals<Options & GlobalOptions>();
        runner.exitCode = await runWork(surroundings, options, (session) =>
          work(session, options, ...args),
        );
      },
  };
  return runner;
}

async function runWork(
  { stdout, stderr, env }: Surroundings,
  options: GlobalOptions,
  work: (session: Session) => Promise<ExitCode | undefined>,
): Promise<ExitCode> {
  const screen = new Screen({ isJson: options.json === true, stdout, stderr, env });
  const interrupt = listenForInterrupt((words) => screen.aside(words));
  try {
    const session: Session = {
      screen,
      dataDir: path.resolve(options.data ?? env['BURSAR_DATA'] ?? DATA_DIR_DEFAULT),
      isVerbose: options.verbose === true,
      agent: options.as,
      team: teamName(options.team ?? env['BURSAR_TEAM']),
      timeoutMs: durationMs(options.timeout ?? TIMEOUT_DEFAULT, '--timeout'),
      signal: interrupt.signal,
      env,
    };
    return (await work(session)) ?? EXIT.ok;
  } catch (error) {
    showError(screen, stderr, error, options.verbose === true);
    return explainError(error).exitCode;
  } finally {
    screen.clearProgress();
    interrupt.end();
  }
}

/** Says what went wrong: with JSON as the one document on stdout, else on stderr. */
export function showError(
  screen: Screen,
  stderr: ScreenStream,
  error: unknown,
  isVerbose: boolean,
): void {
  const { explained } = explainError(error);
  screen.clearProgress();
  if (screen.isJson) screen.result(explained, () => '');
  else {
    const advice = explained.advice === '' ? '' : `\n  ${explained.advice}`;
    stderr.write(`bursar: ${explained.message} [${explained.code}]${advice}\n`);
  }
  if (isVerbose) stderr.write(`${traceOf(error)}\n`);
}
