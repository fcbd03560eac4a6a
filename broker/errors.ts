/**
 * What every error of the broker room carries: a code for programs, whether trying again can help,
 * and a message that says what to do next.
 */
export class BrokerError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: { retryable?: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** No nats-server on this machine and none could be fetched. `reasons`: one line for each try. */
export class ServerNotFound extends BrokerError {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[], minVersion: string) {
    const tried = reasons.map((reason) => `  - ${reason}`).join('\n');
    super(
      'server_not_found',
      `No usable nats-server (${minVersion} or newer). Tried:\n${tried}\n` +
        'Do one of these: put a nats-server on PATH (https://nats.io/download); or set NATS_URL ' +
        'to a server that runs with this nats.conf; or run the official container image ' +
        '`nats` with <data>/nats mounted and set NATS_URL to it.',
      { retryable: false },
    );
    this.reasons = reasons;
  }
}

/** The server is too old to fence two owners apart. */
export class ServerTooOld extends BrokerError {
  constructor(version: string, minVersion: string) {
    super(
      'server_too_old',
      `nats-server ${version} is older than ${minVersion}, the first one that Bursar trusts to ` +
        'fence off a former owner. Upgrade the server, or unset NATS_URL to use the embedded one.',
      {},
    );
  }
}

/** Nothing answers at the address, or the connection broke before it stood. */
export class ServerUnreachable extends BrokerError {
  constructor(url: string, cause: unknown) {
    super(
      'server_unreachable',
      `No broker answers at ${url}. Start one with \`bursar up\`, or check NATS_URL.`,
      { retryable: true, cause },
    );
  }
}

/** The server does not know the key, or it belongs to another user. */
export class AuthRefused extends BrokerError {
  constructor(url: string, user: string, cause: unknown) {
    super(
      'auth_refused',
      `The broker at ${url} refused the key of '${user}'. The seeds in <data>/keys must be those ` +
        'that its configuration (<data>/nats/generated.conf) was made from; an agent is added ' +
        'with `bursar agent add`.',
      { cause },
    );
  }
}

/** Another process listens on the port. */
export class PortInUse extends BrokerError {
  constructor(port: number, cause: unknown) {
    super(
      'port_in_use',
      `Port ${port} on 127.0.0.1 is in use. Stop whatever listens there (another broker?), or ` +
        'choose another one with --port; --port 0 picks a free one.',
      { retryable: true, cause },
    );
  }
}

/** Another live process works on the data folder; two brokers on one store would both serve. */
export class StoreInUse extends BrokerError {
  readonly pid: number;

  constructor(dataDir: string, pid: number) {
    super(
      'store_in_use',
      `The data folder ${dataDir} is in use by process ${pid}. Stop that process, or choose ` +
        'another folder with --data.',
      { retryable: true },
    );
    this.pid = pid;
  }
}

/** The folder was made with another number of shards. */
export class ShardCountFixed extends BrokerError {
  constructor(dataDir: string, fixed: number, asked: number) {
    super(
      'shard_count_fixed',
      `${dataDir} was made with ${fixed} shards; ${asked} was asked for. The number is fixed at ` +
        'first start: with another number a team would meet an empty ledger, a second full ' +
        `budget. Start with ${fixed}; to grow, run more processes for the same shards.`,
      {},
    );
  }
}

/** A file of the data folder cannot be what Bursar wrote. */
export class DataFolderDamaged extends BrokerError {
  constructor(file: string, problem: string, cause?: unknown) {
    super('data_folder_damaged', `${file}: ${problem}`, { cause });
  }
}

/** The server's process ended by itself; `logTail` holds its last lines. */
export class BrokerCrashed extends BrokerError {
  readonly logTail: readonly string[];

  constructor(how: string, logFile: string, logTail: readonly string[]) {
    super(
      'broker_crashed',
      `nats-server ended by itself (${how}). Last lines of ${logFile}:\n${logTail
        .map((line) => `  ${line}`)
        .join('\n')}`,
      { retryable: true },
    );
    this.logTail = logTail;
  }
}

/** The server did not become ready, or did not take a new configuration, in time. */
export class BrokerNotReady extends BrokerError {
  constructor(message: string, cause?: unknown) {
    super('broker_not_ready', message, { retryable: true, cause });
  }
}

/** The name or team of an agent cannot be used. */
export class AgentRefused extends BrokerError {
  constructor(message: string) {
    super('agent_refused', message, {});
  }
}
