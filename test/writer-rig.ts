import type { NatsConnection } from 'nats';
import { addAgent, agentSeed } from '../broker/agents.ts';
import type { BrokerUser } from '../broker/keys.ts';
import type { BrokerOptions, RunningBroker } from '../broker/start.ts';
import { type Bus, JSON_TYPE } from '../bus/bus.ts';
import { connectBus } from '../bus/nats-bus.ts';
import { Answer, type AnswerOf, Emergency, type Evidence } from '../events/answers.ts';
import { decode, encode } from '../events/codec.ts';
import type { BursarEvent, EventOf, EventType } from '../events/events.ts';
import type { Ledger, StoredMessage } from '../events/ledger.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { teamOf } from '../events/names.ts';
import { Notice } from '../events/notice.ts';
import { shardOf } from '../events/shard-of.ts';
import { publicKeyFromPem } from '../events/signing.ts';
import { subjects } from '../events/subjects.ts';
import { balances } from '../projections/balances.ts';
import { type BalanceDifference, checkBalances } from '../projections/check.ts';
import { LogSweep } from '../projections/log-sweep.ts';
import type { Recorded } from '../projections/projection.ts';
import type { RunningWriter } from '../writer/run-shards.ts';
import { startWriter, type WriterOptions } from '../writer/start.ts';
import { makeRig } from './broker-rig.ts';

/** A command as plain data: tests send wrong ones too. */
export type Sent = { readonly op: string } & Readonly<Record<string, unknown>>;

const ANSWER_WAIT_MS = 5_000;
const ANSWER_BYTES_MAX = 1_048_576;

/** Somebody who asks over NATS, under one name in one team. */
export class Caller {
  readonly bus: Bus;
  readonly agent: string;
  readonly team: string;

  constructor(bus: Bus, agent: string, team: string) {
    this.bus = bus;
    this.agent = agent;
    this.team = team;
  }

  /** Sends one command; its answer, which must have the shape of one. */
  async ask(command: Sent, timeoutMs?: number): Promise<Answer> {
    return readAnswer(await this.sendRaw(command.op, encode(command), undefined, timeoutMs));
  }

  /** As {@link ask}; fails unless the outcome is the expected one. */
  async expect<O extends Answer['outcome']>(outcome: O, command: Sent): Promise<AnswerOf<O>> {
    const answer = await this.ask(command);
    if (answer.outcome === outcome) return answer as AnswerOf<O>;
    throw new Error(`expected ${outcome}, got ${JSON.stringify(answer)}`);
  }

  /** Sends commands in one message; an answer each, and the evidence of the whole. */
  async batch(
    commands: readonly Sent[],
  ): Promise<{ readonly answers: Answer[]; readonly evidence: Partial<Evidence> | undefined }> {
    const reply = decode(
      await this.sendRaw('batch', encode({ op: 'batch', commands })),
      ANSWER_BYTES_MAX,
    ) as { outcome: string; answers?: unknown[]; evidence?: Partial<Evidence> };
    if (reply.outcome !== 'batch') throw new Error(`no batch: ${JSON.stringify(reply)}`);
    const answers = (reply.answers ?? []).map((answer) => Answer.parse(answer));
    return { answers, evidence: reply.evidence };
  }

  /** Sends bytes as they are; the bytes of the answer. */
  async sendRaw(
    op: string,
    bytes: Uint8Array,
    contentType?: string,
    timeoutMs = ANSWER_WAIT_MS,
  ): Promise<Uint8Array> {
    const subject = subjects.request(this.agent, this.team, op);
    const type = contentType === undefined ? {} : { contentType };
    const reply = await this.bus.request(subject, bytes, { timeoutMs, ...type });
    return reply.data;
  }

  /** Sends a command as JSON; the parsed JSON of the answer. */
  async askJson(command: Sent): Promise<unknown> {
    const bytes = new TextEncoder().encode(JSON.stringify(command));
    const reply = await this.sendRaw(command.op, bytes, JSON_TYPE);
    return parseJson(reply);
  }

  /** What a node holds and has spent of a resource, with all beneath it. */
  async use(path: string, resource = 'credits'): Promise<{ held: number; spent: number }> {
    const { lines } = await this.expect('balance', { op: 'balance', path });
    const line = lines.find((one) => one.resource === resource);
    return { held: line?.heldTree ?? 0, spent: line?.spentTree ?? 0 };
  }

  /** Collects the notices to this agent from now on. */
  async notices(): Promise<Notice[]> {
    const heard: Notice[] = [];
    this.bus.subscribe(subjects.notices(this.agent), (message) => {
      heard.push(Notice.parse(parseJson(message.data)));
    });
    await this.bus.flush();
    return heard;
  }

  /** Collects the emergencies of the team as they arrive from now on, with their subjects. */
  async emergencies(): Promise<{ readonly subject: string; readonly emergency: Emergency }[]> {
    const heard: { subject: string; emergency: Emergency }[] = [];
    this.bus.subscribe(subjects.emergencies(this.team), ({ subject, data }) => {
      heard.push({ subject, emergency: Emergency.parse(parseJson(data)) });
    });
    await this.bus.flush();
    return heard;
  }
}

export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

export function readAnswer(bytes: Uint8Array): Answer {
  return Answer.parse(decode(bytes, ANSWER_BYTES_MAX));
}

/** A shard's log as it stands: what was recorded, what was left out, the messages themselves. */
export interface ReadLog {
  readonly messages: readonly StoredMessage[];
  readonly recorded: readonly Recorded[];
  readonly hashes: ReadonlyMap<number, Uint8Array>;
  readonly poisonSeqs: readonly number[];
}

/** An emergency as the durable stream keeps it. */
export interface StoredEmergency {
  readonly subject: string;
  readonly msgId: string;
  readonly emergency: Emergency;
}

const SHARDS = 2;
const MAX_BYTES = 50_000_000;

/** A real broker with writers on it, and whoever asks them. */
export class WriterRig {
  readonly #rig = makeRig();
  readonly #writers: RunningWriter[] = [];
  readonly #buses: Bus[] = [];
  #broker: RunningBroker | undefined;
  #reader: Ledger | undefined;

  get root(): string {
    return this.#rig.root;
  }

  get broker(): RunningBroker {
    if (this.#broker === undefined) throw new Error('start the broker first');
    return this.#broker;
  }

  async startBroker(options: Partial<BrokerOptions> = {}): Promise<RunningBroker> {
    this.#broker = await this.#rig.start({ shards: SHARDS, ...options });
    return this.#broker;
  }

  /** Starts the broker again on its folder and port after a crash. */
  async restartBroker(): Promise<void> {
    const { port, dataDir, shards } = this.broker;
    this.#broker = await this.#rig.start({ port, dataDir, shards });
  }

  /** What a writer on this broker is started with. */
  get writerOptions(): WriterOptions {
    const { url, keys, dataDir, shards } = this.broker;
    return { url, keys, dataDir, shards, maxBytesPerShard: MAX_BYTES };
  }

  /** Starts a writer in this process and waits until it serves. */
  async startWriter(options: Partial<WriterOptions> = {}): Promise<RunningWriter> {
    const writer = await this.startStandby(options);
    await writer.ready();
    return writer;
  }

  /** Starts another writer, which stands by for the shards that are owned. */
  async startStandby(options: Partial<WriterOptions> = {}): Promise<RunningWriter> {
    const writer = await startWriter({ ...this.writerOptions, ...options });
    this.#writers.push(writer);
    return writer;
  }

  /** Broker and one writer. */
  async start(): Promise<RunningWriter> {
    await this.startBroker();
    return this.startWriter();
  }

  /** Makes an agent known to the broker. */
  async addAgent(name: string, team: string): Promise<void> {
    await addAgent(this.broker.dataDir, { name, team });
  }

  seedOf(user: string): string {
    const { keys, dataDir } = this.broker;
    const seed = keys.users[user as BrokerUser]?.seed ?? agentSeed(dataDir, user);
    if (seed === undefined) throw new Error(`no seed of ${user}`);
    return seed;
  }

  async bus(user: string): Promise<Bus> {
    const bus = await connectBus(this.broker.url, user, this.seedOf(user), `test ${user}`);
    this.#buses.push(bus);
    return bus;
  }

  async caller(agent = 'operator', team = 'acme'): Promise<Caller> {
    return new Caller(await this.bus(agent), agent, team);
  }

  /** A caller whom the operator enrols on a prefix. */
  async enrolled(
    agent: string,
    prefix: string,
    more: { readonly role?: string; readonly priorityMax?: string | number } = {},
  ): Promise<Caller> {
    const team = teamOf(prefix);
    await this.addAgent(agent, team);
    const operator = await this.caller('operator', team);
    await operator.expect('enrolled', { op: 'enrol', agent, role: 'agent', prefix, ...more });
    return this.caller(agent, team);
  }

  /** The raw connection of one of the broker's users. */
  connect(user: string): Promise<NatsConnection> {
    return this.#rig.connect(this.broker, user);
  }

  /** Reads the log of a team's shard. */
  log(team = 'acme'): Promise<ReadLog> {
    return this.logOfShard(shardOf(team, this.broker.shards));
  }

  async logOfShard(shard: number): Promise<ReadLog> {
    const publicKey = publicKeyFromPem(this.broker.keys.ledgerPublicKeyPem);
    return readLog(await this.#ledgerToRead(), shard, publicKey);
  }

  /** How many messages the log of a team's shard has. */
  async lastSeq(team = 'acme'): Promise<number> {
    const ledger = await this.#ledgerToRead();
    return (await ledger.head(shardOf(team, this.broker.shards))).lastSeq;
  }

  async #ledgerToRead(): Promise<Ledger> {
    this.#reader ??= new JetStreamLedger({ commit: await this.connect('owner') });
    return this.#reader;
  }

  /** The recorded events of one type in a team, oldest first. */
  async events<T extends EventType>(type: T, team = 'acme'): Promise<EventOf<T>[]> {
    const { recorded } = await this.log(team);
    return recorded
      .map(({ event }) => event)
      .filter((event): event is EventOf<T> => event.type === type && event.team === team);
  }

  /**
   * Where the live balances of a team differ from a replay of its log from zero. Both must stand at
   * the same place of the log, which windows and leases move on: it is done again until it stood.
   */
  async differences(team = 'acme'): Promise<BalanceDifference[]> {
    const operator = await this.caller('operator', team);
    for (let tries = 1; ; tries += 1) {
      const { recorded } = await this.log(team);
      const state = balances.initial();
      for (const { event, at } of recorded) balances.evolve(state, event, at);
      const found = await checkBalances(state, team, async (path) => {
        const answer = await operator.ask({ op: 'balance', path });
        return answer.outcome === 'balance' ? answer : undefined;
      });
      const { recorded: after } = await this.log(team);
      if (found.length === 0 || after.length === recorded.length || tries === 10) return found;
    }
  }

  /** Whether every shard is served by a writer that was started here. */
  isServing(): boolean {
    return this.#writers.some((writer) =>
      writer.status().every(({ state }) => state === 'serving'),
    );
  }

  /** Everything in the durable stream of emergencies, oldest first. */
  async storedEmergencies(): Promise<StoredEmergency[]> {
    const connection = await this.connect('owner');
    const manager = await connection.jetstreamManager({ checkAPI: false });
    const { state } = await manager.streams.info('EMERGENCIES');
    const stored: StoredEmergency[] = [];
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
      const { subject, data, header } = await manager.streams.getMessage('EMERGENCIES', { seq });
      const emergency = Emergency.parse(parseJson(data));
      stored.push({ subject, msgId: header.get('Nats-Msg-Id'), emergency });
    }
    await connection.close();
    return stored;
  }

  /** How full the broker says the log of a team's shard is, in thousandths. */
  async fillOf(team: string): Promise<number> {
    const ledger = await this.#ledgerToRead();
    const { bytes, maxBytes } = await ledger.head(shardOf(team, this.broker.shards));
    return Math.floor((bytes * 1_000) / maxBytes);
  }

  /** Stops the writers that were started here. */
  async stopWriters({ except }: { readonly except?: RunningWriter } = {}): Promise<void> {
    const stopped = this.#writers.splice(0).filter((writer) => writer !== except);
    if (except !== undefined) this.#writers.push(except);
    await Promise.all(stopped.map((writer) => writer.stop()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#buses.splice(0).map((bus) => bus.close()));
    await this.stopWriters();
    await this.#rig.close();
  }
}

async function readLog(ledger: Ledger, shard: number, publicKey: Uint8Array): Promise<ReadLog> {
  const messages: StoredMessage[] = [];
  const recorded: Recorded[] = [];
  const hashes = new Map<number, Uint8Array>();
  const poisonSeqs: number[] = [];
  const sweep = new LogSweep(shard, [publicKey]);
  const { lastSeq } = await ledger.head(shard);
  for await (const message of ledger.read(shard, 1, lastSeq)) {
    messages.push(message);
    const swept = sweep.take(message);
    if (swept === undefined) continue;
    recorded.push(...swept.recorded);
    if (swept.block !== undefined) hashes.set(swept.seq, swept.block.hash);
    for (const { seq } of swept.poison) poisonSeqs.push(seq);
  }
  return { messages, recorded, hashes, poisonSeqs };
}

/** A logger for a writer that remembers what it was told. */
export class LogRecorder {
  readonly #lines: { readonly level: string; readonly text: string }[] = [];

  get logger(): NonNullable<WriterOptions['log']> {
    const at =
      (level: string) =>
      (fields: unknown, message = '') => {
        const { err } = fields as { err?: Error };
        const text = `${message} ${err?.message ?? ''} ${JSON.stringify(fields)}`;
        this.#lines.push({ level, text });
      };
    const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
    return Object.fromEntries(levels.map((level) => [level, at(level)])) as never;
  }

  has(level: string, pattern: RegExp): boolean {
    return this.count(level, pattern) > 0;
  }

  count(level: string, pattern: RegExp): number {
    return this.#lines.filter((line) => line.level === level && pattern.test(line.text)).length;
  }
}

/** The events that a decision left, from the log. */
export function eventsOf(log: ReadLog, seq: number): BursarEvent[] {
  return log.recorded.filter(({ at }) => at.seq === seq).map(({ event }) => event);
}
