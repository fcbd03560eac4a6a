/**
 * What every error of the bus carries: a code for programs, whether sending the same again can
 * help, and advice on what to do next.
 */
export class BusError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly advice: string;

  constructor(
    kind: { readonly code: string; readonly retryable: boolean; readonly advice: string },
    message: string,
    cause?: unknown,
  ) {
    super(`${message} ${kind.advice}`, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = kind.code;
    this.retryable = kind.retryable;
    this.advice = kind.advice;
  }
}

/** Nobody listens on the subject: it was certainly not carried out. */
export class NoResponders extends BusError {
  constructor(subject: string) {
    super(
      {
        code: 'no_responders',
        retryable: true,
        advice: 'Send it again; a writer that starts or takes over will answer.',
      },
      `Nobody answers on ${subject}.`,
    );
  }
}

/** No answer in time; whether it was carried out is unknown. */
export class BusTimeout extends BusError {
  constructor(subject: string, timeoutMs: number) {
    super(
      {
        code: 'timeout',
        retryable: true,
        advice: 'Send it again with the same id: it is carried out once.',
      },
      `No answer on ${subject} within ${timeoutMs} ms.`,
    );
  }
}

/** The connection is away, or went before the answer came; then the outcome is unknown. */
export class Disconnected extends BusError {
  constructor(cause?: unknown) {
    super(
      {
        code: 'disconnected',
        retryable: true,
        advice: 'It comes back by itself; send again with the same id then.',
      },
      'The connection to the broker is away.',
      cause,
    );
  }
}

/** The broker's permissions forbid this user the subject. */
export class PermissionDenied extends BusError {
  constructor(denied: string) {
    super(
      {
        code: 'permission_denied',
        retryable: false,
        advice: 'Use the own agent and team name, or ask an operator for the permission.',
      },
      `The broker refused the ${denied}.`,
    );
  }
}

/** Larger than the broker takes; it was not sent. */
export class MessageTooLarge extends BusError {
  constructor(subject: string, byteLength: number, cause?: unknown) {
    super(
      { code: 'message_too_large', retryable: false, advice: 'Send less in one message.' },
      `${byteLength} bytes for ${subject} are more than the broker takes.`,
      cause,
    );
  }
}

/** Nothing answers at the address. */
export class Unreachable extends BusError {
  constructor(url: string, cause: unknown) {
    super(
      {
        code: 'unreachable',
        retryable: true,
        advice: 'Check the address, or start the broker there.',
      },
      `No broker answers at ${url}.`,
      cause,
    );
  }
}

/** The seed is no NATS user seed, or the broker does not know it. */
export class KeyRefused extends BusError {
  constructor(user: string, cause: unknown) {
    super(
      {
        code: 'key_refused',
        retryable: false,
        advice: "Use the user's own seed, `SU…`; an operator adds users and gives seeds.",
      },
      `The key of '${user}' cannot be used.`,
      cause,
    );
  }
}

/** The connection was closed for good: by us, or because the broker no longer knows the user. */
export class BusClosed extends BusError {
  constructor(cause?: unknown) {
    super(
      {
        code: 'closed',
        retryable: false,
        advice: 'Connect anew; if the key was withdrawn, ask an operator for another.',
      },
      'The connection to the broker is closed.',
      cause,
    );
  }
}

/** A stream does not fit into the broker's store beside those that are there. */
export class StoreTooSmall extends BusError {
  constructor(stream: string, bytes: number, cause: unknown) {
    super(
      {
        code: 'store_too_small',
        retryable: false,
        advice: 'Give the store more space, or each shard a smaller log.',
      },
      `Stream ${stream} of ${bytes} bytes does not fit into the broker's store.`,
      cause,
    );
  }
}
