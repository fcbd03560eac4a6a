import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bus } from '../bus/bus.ts';
import { KeyRefused, Unreachable } from '../bus/errors.ts';
import { connectBus } from '../bus/nats-bus.ts';
import { LIMITS } from '../events/limits.ts';
import { NodeName } from '../events/names.ts';
import type { Host } from '../host/host.ts';
import { systemHost } from '../host/system-host.ts';
import { type BursarError, ConnectError, ForbiddenError } from './errors.ts';
import { memoryJournal, type SettleJournal } from './journal.ts';
import { openJournalFile } from './journal-file.ts';
import { OUTBOX_DEFAULTS, type OutboxOptions } from './outbox.ts';

/** Whom to connect as, and how. */
export interface ConnectOptions {
  /** Of the broker, such as `nats://127.0.0.1:4333`. */
  readonly url: string;
  /** Name of the agent, as the broker knows it. */
  readonly agent: string;
  /** The one team that this client speaks to; the first name of all its paths. */
  readonly team: string;
  /** The agent's NATS seed, `SU…`. Give it or `keyFile`. */
  readonly seed?: string | undefined;
  /** A file with the seed, such as `.bursar/keys/agents/NAME.nk`. */
  readonly keyFile?: string | undefined;
  /**
   * A file that keeps settles until they are answered, over a restart of this process; made when
   * missing. Without one they are kept in memory.
   */
  readonly journal?: string | undefined;
  /** Time until a command fails with UnavailableError, ms; default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** Time that the first try waits for its answer before the second, ms; default 2 s. */
  readonly tryTimeoutMs?: number | undefined;
  /** Messages on their way at once; default 2. */
  readonly inFlightMax?: number | undefined;
  /** Commands in one message, at most 256, the default. */
  readonly batchMax?: number | undefined;
  /** Told of trouble that no call can report; default: a warning of the process. */
  readonly onWarning?: ((warning: BursarError) => void) | undefined;
}

/** What a client is made of. */
export interface ClientParts {
  readonly host: Host;
  readonly bus: Bus;
  readonly journal: SettleJournal;
  readonly agent: string;
  readonly outbox: OutboxOptions;
  readonly onWarning: (warning: BursarError) => void;
}

/** Checks the options and makes the connection. @throws ConnectError, JournalError */
export async function prepare(options: ConnectOptions): Promise<ClientParts> {
  const { url, agent, team } = options;
  for (const [what, name] of Object.entries({ 'an agent': agent, 'a team': team })) {
    if (!NodeName.safeParse(name).success) {
      throw new ConnectError(`'${name}' cannot be the name of ${what}.`, false);
    }
  }
  const outbox = outboxOptions(options);
  const onWarning = options.onWarning ?? ((warning) => process.emitWarning(warning));
  const seed = await seedOf(options);
  const bus = await connect(url, agent, team, seed);
  bus.onStatus((status) => {
    // A publish that was denied fails the call that it was for.
    if (typeof status === 'string' || !status.denied.startsWith('subscription')) return;
    onWarning(new ForbiddenError(`the ${status.denied}`, undefined));
  });
  try {
    const journal =
      options.journal === undefined
        ? memoryJournal()
        : await openJournalFile(path.resolve(options.journal), { agent, team });
    return { host: systemHost, bus, journal, agent, outbox, onWarning };
  } catch (error) {
    await bus.close();
    throw error;
  }
}

function outboxOptions(options: ConnectOptions): OutboxOptions {
  const { timeoutMs, tryTimeoutMs, inFlightMax, batchMax } = OUTBOX_DEFAULTS;
  const chosen = {
    timeoutMs: options.timeoutMs ?? timeoutMs,
    tryTimeoutMs: options.tryTimeoutMs ?? tryTimeoutMs,
    inFlightMax: options.inFlightMax ?? inFlightMax,
    batchMax: options.batchMax ?? batchMax,
  };
  for (const [name, value] of Object.entries(chosen)) {
    const isTooMany = name === 'batchMax' && value > LIMITS.batchCommandsMax;
    if (!(value >= 1) || isTooMany) {
      throw new ConnectError(`${value} is no possible ${name}.`, false);
    }
  }
  return { ...chosen, agent: options.agent, team: options.team };
}

async function seedOf({ seed, keyFile }: ConnectOptions): Promise<string> {
  if ((seed === undefined) === (keyFile === undefined)) {
    throw new ConnectError("Give the agent's seed or its keyFile, one of them.", false);
  }
  if (keyFile === undefined) return seed ?? '';
  try {
    return (await readFile(keyFile, 'utf8')).trim();
  } catch (cause) {
    throw new ConnectError(`The key file ${keyFile} cannot be read.`, false, cause);
  }
}

async function connect(url: string, agent: string, team: string, seed: string): Promise<Bus> {
  try {
    return await connectBus(url, agent, seed, `bursar client of ${agent} in ${team}`);
  } catch (cause) {
    if (cause instanceof Unreachable || cause instanceof KeyRefused) {
      throw new ConnectError(`${cause.message}`, cause.retryable, cause);
    }
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectError(problem, false, cause);
  }
}
