import { type Logger, pino } from 'pino';
import { MemoryBus } from '../bus/memory-bus.ts';
import { Answer } from '../events/answers.ts';
import { decode, encode } from '../events/codec.ts';
import type { CommandInput } from '../events/commands.ts';
import { MemoryLedger } from '../events/ledger-memory.ts';
import { createSigner, generateSigningKeyPem } from '../events/signing.ts';
import { subjects } from '../events/subjects.ts';
import { VirtualHost } from '../host/virtual-host.ts';
import { type RunningWriter, runShards } from './run-shards.ts';

export interface InMemoryOptions {
  /** What its clock shows at first, ms since 1970. */
  readonly startsAtMs: number;
  /** Default: what is fatal goes to stderr, the rest nowhere. */
  readonly log?: Logger;
}

/** Of the one answer to one command. */
const ANSWER_BYTES_MAX = 1_048_576;
/** Longer than any answer takes, of a clock that stands still while it is waited for. */
const ANSWER_WAIT_MS = 60_000;
/** What a start takes at most, and the steps in which its clock moves meanwhile, ms. */
const STEP_MS = 5;
const START_MS_MAX = 5_000;

/**
 * The governor without NATS: the real writer on a ledger in memory, under a clock that only moves
 * when it is told to. For scenarios, for tests of policies, and for looking at what the governor
 * would do; what it decides ends with the process.
 *
 * ```ts
 * const governor = await GovernorInMemory.start({ startsAtMs: 0 });
 * await governor.ask('operator', 'acme', { op: 'open', path: 'acme' });
 * await governor.pass(60_000);
 * ```
 */
export class GovernorInMemory {
  readonly #host: VirtualHost;
  readonly #bus: MemoryBus;
  readonly #begin: () => RunningWriter;
  #writer: RunningWriter;

  /** @throws Error when the writer does not come to serve: its log says why */
  static async start({ startsAtMs, log = quietLog() }: InMemoryOptions): Promise<GovernorInMemory> {
    const host = new VirtualHost(startsAtMs - START_MS_MAX);
    const bus = new MemoryBus(1, (ms, work) => host.after(ms, work));
    const clock = {
      nowMs: () => host.steadyMs(),
      pause: (ms: number) => host.pause(ms),
      brokerMs: () => host.wallMs(),
    };
    const parts = {
      host,
      bus,
      ledger: new MemoryLedger({ clock }),
      emergencies: { publish: async () => {}, lastOf: async () => undefined },
      signer: createSigner(generateSigningKeyPem()),
      shards: 1,
      ownerName: 'in-memory',
      witnessFolder: 'witness',
      log,
    };
    const governor = new GovernorInMemory(host, bus, () => runShards(parts));
    await governor.#untilServing();
    await host.setWall(startsAtMs);
    return governor;
  }

  private constructor(host: VirtualHost, bus: MemoryBus, begin: () => RunningWriter) {
    this.#host = host;
    this.#bus = bus;
    this.#begin = begin;
    this.#writer = begin();
  }

  /** Sends one command as an agent would, over the bus and its codec; the answer. */
  async ask(agent: string, team: string, command: CommandInput): Promise<Answer> {
    const subject = subjects.request(agent, team, command.op);
    const options = { timeoutMs: ANSWER_WAIT_MS };
    const { data } = await this.#bus.request(subject, encode(command), options);
    return Answer.parse(decode(data, ANSWER_BYTES_MAX));
  }

  /** Lets time pass; what falls due is recorded as after a sleep of the process. */
  pass(ms: number): Promise<void> {
    return this.#host.pass(ms);
  }

  /** Sets the wall clock, ms since 1970: forwards that time passes, backwards the clock is wrong. */
  setClock(atMs: number): Promise<void> {
    return this.#host.setWall(atMs);
  }

  /** Throws the writer away and lets another one begin from the log. Takes some ms of its clock. */
  async restart(): Promise<void> {
    await this.stop();
    this.#writer = this.#begin();
    await this.#untilServing();
  }

  /** Stops the writer. Time passes for it until it has. */
  async stop(): Promise<void> {
    let isStopped = false;
    const stopping = this.#writer.stop().finally(() => {
      isStopped = true;
    });
    while (!isStopped) await this.#host.pass(STEP_MS);
    await stopping;
  }

  async #untilServing(): Promise<void> {
    const endsAtMs = this.#host.steadyMs() + START_MS_MAX;
    const isServing = () => this.#writer.status().every(({ state }) => state === 'serving');
    while (!isServing() && this.#host.steadyMs() < endsAtMs) await this.#host.pass(STEP_MS);
    if (!isServing()) throw new Error('the writer in memory does not serve: see its log');
  }
}

function quietLog(): Logger {
  return pino({ level: 'fatal' }, pino.destination({ dest: 2, sync: true }));
}
