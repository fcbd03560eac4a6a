import type { Answer, AnswerOf, Refusal } from '../events/answers.ts';

interface Kind {
  readonly code: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** What to do next. */
  readonly advice: string;
}

/**
 * What every error of the client carries: a `code` for programs, whether the same call may succeed
 * later, and advice on what to do next. Each subclass is one thing that a caller would handle in
 * its own way.
 */
export class BursarError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly advice: string;

  constructor(kind: Kind, message: string, cause?: unknown) {
    super(`${message} ${kind.advice}`, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = kind.code;
    this.retryable = kind.retryable;
    this.advice = kind.advice;
  }
}

/** The governor did not carry the command out and says why; nothing changed, no id was used up. */
export class RefusedError extends BursarError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal, `${refusal.code}: ${refusal.message}.`);
    this.refusal = refusal;
  }
}

/** The id was used for other content; the first use stands. `refusal.field` names the difference. */
export class IdConflictError extends RefusedError {}

/** The governor decided against the request. `answer` says why and when to ask again. */
export class DeniedError extends BursarError {
  readonly answer: AnswerOf<'denied'>;

  constructor(answer: AnswerOf<'denied'>) {
    const retryable = answer.retryOn !== 'never';
    super(
      { code: answer.reason, retryable, advice: answer.advice },
      `Denied (${answer.reason}): ${answer.message}.`,
    );
    this.answer = answer;
  }
}

/**
 * For work to throw: a tool or another resource that was granted did not work. `withAllocation` tells
 * the governor, whose circuit breakers count it. A rate limit of the tool is no failure.
 */
export class ToolFailedError extends BursarError {
  readonly failed: readonly string[];

  /** @param failed the resources, by name: `tool.search` */
  constructor(failed: string | readonly string[], cause?: unknown) {
    const names = typeof failed === 'string' ? [failed] : failed;
    const advice = 'Try another tool, or again later.';
    super({ code: 'tool_failed', retryable: true, advice }, `${names.join(', ')} failed.`, cause);
    this.failed = names;
  }
}

/** No final answer before the deadline. */
export class UnavailableError extends BursarError {
  /** The command's id: with it, repeating is safe. */
  readonly id: string | undefined;
  /** False: it was certainly not carried out. True: nobody knows; ask `status`, or repeat. */
  readonly mayHaveHappened: boolean;

  constructor(what: string, id: string | undefined, mayHaveHappened: boolean, cause: unknown) {
    super(
      {
        code: 'unavailable',
        retryable: true,
        advice:
          id === undefined
            ? 'Call again later.'
            : `Repeat it with the id ${id}: it is carried out once.`,
      },
      `The governor did not answer '${what}' in time.`,
      cause,
    );
    this.id = id;
    this.mayHaveHappened = mayHaveHappened;
  }
}

/** A repeat came so late that the governor no longer knows whether the first was carried out. */
export class OutcomeUnknownError extends BursarError {
  readonly id: string | undefined;
  /** What `status` says about the id, where it says anything. */
  readonly found: Answer | undefined;

  constructor(what: string, id: string | undefined, found: Answer | undefined) {
    super(
      {
        code: 'outcome_unknown',
        retryable: false,
        advice: 'Look at the audit log for the id before you do it again.',
      },
      `Whether '${what}' (${id ?? 'no id'}) was carried out is no longer known.`,
    );
    this.id = id;
    this.found = found;
  }
}

/** The command cannot be sent as it is: too large, or not plain data. */
export class InvalidCommandError extends BursarError {
  constructor(what: string, problem: string, cause?: unknown) {
    super(
      { code: 'invalid_command', retryable: false, advice: 'Correct the command.' },
      `'${what}' cannot be sent: ${problem}.`,
      cause,
    );
  }
}

/** More commands wait for their answers than one client keeps; this one was not sent. */
export class BusyError extends BursarError {
  constructor(pendingMax: number) {
    super(
      {
        code: 'busy',
        retryable: true,
        advice: 'Let some be answered first, or use more clients.',
      },
      `${pendingMax} commands wait for their answers already.`,
    );
  }
}

/** An answer that this version cannot make sense of. */
export class BadAnswerError extends BursarError {
  constructor(problem: string, cause?: unknown) {
    super(
      {
        code: 'bad_answer',
        retryable: true,
        advice: 'Compare the versions of client and server.',
      },
      `The answer cannot be used: ${problem}.`,
      cause,
    );
  }
}

/** The broker does not let this agent and team send or hear this. */
export class ForbiddenError extends BursarError {
  constructor(what: string, cause: unknown) {
    super(
      {
        code: 'forbidden',
        retryable: false,
        advice: 'Use the own agent and team name, or ask an operator for the permission.',
      },
      `The broker refuses ${what}.`,
      cause,
    );
  }
}

/** The connection could not be made, with these settings or at this time. */
export class ConnectError extends BursarError {
  constructor(problem: string, retryable: boolean, cause?: unknown) {
    super(
      {
        code: 'cannot_connect',
        retryable,
        advice: retryable
          ? 'Start the broker (`bursar up`), then connect again.'
          : 'Correct the settings; `bursar agent add` makes agents and their seeds.',
      },
      problem,
      cause,
    );
  }
}

/** The client was disconnected, or the broker has withdrawn the agent's key. */
export class ClosedError extends BursarError {
  constructor(cause?: unknown) {
    super(
      { code: 'closed', retryable: false, advice: 'Connect anew.' },
      'The client is closed.',
      cause,
    );
  }
}

/** The caller's own signal was aborted; `cause` is its reason. */
export class AbortedError extends BursarError {
  constructor(cause: unknown) {
    super(
      {
        code: 'aborted',
        retryable: true,
        advice: 'A waiting request is cancelled, a granted one released.',
      },
      'Aborted by the caller.',
      cause,
    );
  }
}

/** Somebody cancelled the request while it waited. */
export class CancelledError extends BursarError {
  constructor(request: string) {
    super(
      { code: 'cancelled', retryable: false, advice: 'Nothing is held; ask anew under a new id.' },
      `The request ${request} was cancelled while it waited.`,
    );
  }
}

/** The allocation has to yield, or was taken, in favour of more urgent work. */
export class PreemptedError extends BursarError {
  readonly allocation: string;
  /** Time to yield before it is taken, ms; 0: it is gone already. */
  readonly graceMs: number;

  constructor(allocation: string, graceMs: number) {
    super(
      { code: 'preempted', retryable: true, advice: 'Settle what was used, then ask again.' },
      `Allocation ${allocation} is preempted.`,
    );
    this.allocation = allocation;
    this.graceMs = graceMs;
  }
}

/** The work on an allocation was stopped by an operator. */
export class StoppedError extends BursarError {
  readonly allocation: string;
  /** The stop, for `acknowledgeStop`. */
  readonly stop: string;

  constructor(allocation: string, stop: string) {
    super(
      { code: 'stopped', retryable: false, advice: 'Settle what was used; wait for the recovery.' },
      `Allocation ${allocation} is stopped by ${stop}.`,
    );
    this.allocation = allocation;
    this.stop = stop;
  }
}

/** The lease of the allocation is over, or could not be renewed in time. */
export class LeaseLostError extends BursarError {
  readonly allocation: string;

  constructor(allocation: string, cause?: unknown) {
    super(
      { code: 'lease_lost', retryable: true, advice: 'Settle what was used, then ask again.' },
      `The lease of allocation ${allocation} is lost.`,
      cause,
    );
    this.allocation = allocation;
  }
}

/** The settle journal cannot be read or written. */
export class JournalError extends BursarError {
  constructor(path: string, problem: string, advice: string, cause?: unknown) {
    super({ code: 'journal', retryable: false, advice }, `${path}: ${problem}.`, cause);
  }
}

/** Disconnected while settles of a journal in memory had not been answered: they are in here. */
export class SettlesUndeliveredError extends BursarError {
  /** The commands, with their ids: sending them later is safe. */
  readonly commands: readonly unknown[];

  constructor(commands: readonly unknown[]) {
    super(
      {
        code: 'settles_undelivered',
        retryable: true,
        advice: 'Keep `commands` and send them later, or connect with a journal file.',
      },
      `${commands.length} settles could not be delivered.`,
    );
    this.commands = commands;
  }
}

/** A handler of the caller has thrown; what it was told is not lost for the others. */
export class HandlerError extends BursarError {
  constructor(cause: unknown) {
    super(
      { code: 'handler_failed', retryable: false, advice: 'Let the handler catch its errors.' },
      'A handler of a notice or emergency has thrown.',
      cause,
    );
  }
}

/** Some emergencies are kept by the governor no longer: they cannot be caught up with. */
export class EmergenciesForgottenError extends BursarError {
  /** Those after this position of the log are not all told. */
  readonly since: number;

  constructor(since: number) {
    super(
      {
        code: 'emergencies_forgotten',
        retryable: false,
        advice: 'The stream EMERGENCIES has those of 30 days, the log has all; ask an auditor.',
      },
      `Of the emergencies after position ${since} the oldest are kept no longer.`,
    );
    this.since = since;
  }
}
