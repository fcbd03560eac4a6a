import { pino } from 'pino';
import { type Bus, JSON_TYPE, type Message } from '../../bus/bus.ts';
import { Answer, type AnswerOf } from '../../events/answers.ts';
import { decode, encode } from '../../events/codec.ts';
import { shardOf } from '../../events/shard-of.ts';
import { subjects } from '../../events/subjects.ts';
import { balances } from '../../projections/balances.ts';
import { checkBalances } from '../../projections/check.ts';
import { LogSweep } from '../../projections/log-sweep.ts';
import type { Recorded } from '../../projections/projection.ts';
import type { SimProcess } from '../../sim/world/process.ts';
import { simSigner } from '../../sim/world/signer.ts';
import { World } from '../../sim/world/world.ts';
import { type RunningWriter, runShards } from '../../writer/run-shards.ts';
import { hold } from '../target.ts';
import type { Post } from './post.ts';

export const TEAM = 'acme';
/** Where the traffic goes that nobody disturbs. */
const OWN_RUN = 'acme/lab2/run';
const PATHS = ['acme', 'acme/lab', 'acme/lab/run', 'acme/lab2', OWN_RUN];
const AGENTS = ['wile', 'road', 'stranger'];
const ANSWER_BYTES_MAX = 1_048_576;
const ANSWER_WAIT_MS = 5_000;
/** Virtual time after which whatever is asked for is taken to never come, ms. */
const PERFORM_MS_MAX = 60_000;
const CREDITS = 1_000_000;
const SHARDS = 2;
/** Looks at the books, in the hope that nothing falls due meanwhile. */
const LOOKS_MAX = 20;

type Command = { readonly op: string } & Readonly<Record<string, unknown>>;

/**
 * A real writer in the simulated world, without faults of the world, with a team whose books have
 * something in them, and everybody's connections.
 */
export class Stage {
  readonly #world = new World({ seed: 'fuzz', shards: SHARDS });
  readonly #signer = simSigner(this.#world.chance);
  readonly #asker: SimProcess;
  readonly #buses = new Map<string, Bus>();
  readonly #complaints: string[] = [];
  readonly #shard = shardOf(TEAM, SHARDS);
  #writer: RunningWriter | undefined;
  #lives = 0;
  #traffic = 0;

  constructor() {
    for (const agent of AGENTS) this.#world.broker.admit(agent, TEAM);
    this.#asker = this.#world.process('asker');
  }

  /** Starts the writer and fills the books. */
  async open(): Promise<void> {
    await this.startWriter();
    await this.perform(async () => {
      for (const agent of ['operator', ...AGENTS]) {
        this.#buses.set(agent, this.#asker.bus(agent));
      }
      await this.#connected();
      const limits = { credits: { limit: CREDITS } };
      await this.#expect('opened', { op: 'open', path: TEAM, limits });
      for (const path of ['acme/lab', 'acme/lab/run', 'acme/lab2', OWN_RUN]) {
        await this.#expect('opened', { op: 'open', path });
      }
      const enrolled = { op: 'enrol', role: 'agent' };
      await this.#expect('enrolled', { ...enrolled, agent: 'wile', prefix: 'acme/lab' });
      await this.#expect('enrolled', { ...enrolled, agent: 'road', prefix: 'acme/lab2' });
      for (const id of ['held', 'spent']) {
        const items = { credits: { amount: 40 }, concurrency: { amount: 1 } };
        const request = { op: 'request', id, path: 'acme/lab/run', items, ttlMs: 3_600_000 };
        await this.#expect('granted', request, 'wile');
      }
      await this.#expect('settled', { op: 'settle', allocation: 'spent', actual: {} }, 'wile');
    });
  }

  /** Starts a writer; where one was before, it is stopped. */
  async startWriter(): Promise<void> {
    const before = this.#writer;
    this.#writer = undefined;
    if (before !== undefined) await this.perform(() => before.stop());
    const process = this.#world.process(`writer-${this.#lives++}`);
    const log = pino(
      { level: 'warn', base: null, timestamp: false },
      {
        write: (line: string) => this.#complaints.push(line),
      },
    );
    process.start(() => {
      this.#writer = runShards({
        host: process.host,
        bus: process.bus('owner'),
        ledger: process.ledger,
        emergencies: process.emergencies,
        signer: this.#signer,
        shards: SHARDS,
        ownerName: process.name,
        witnessFolder: 'witness',
        log,
      });
    });
    const isServing = () =>
      this.#writer?.status().every(({ state }) => state === 'serving') === true;
    hold(await this.#world.runUntil(isServing, PERFORM_MS_MAX), 'a writer serves');
  }

  /** Runs a body in the askers' process, and lets time pass until it is done. */
  async perform<Result>(body: () => Promise<Result>): Promise<Result> {
    let end: { readonly result: Result } | { readonly error: unknown } | undefined;
    this.#asker.start(async () => {
      try {
        end = { result: await body() };
      } catch (error) {
        end = { error };
      }
    });
    const isDone = await this.#world.runUntil(() => end !== undefined, PERFORM_MS_MAX);
    const [uncaught] = this.#world.scheduler.uncaught;
    if (uncaught !== undefined) throw uncaught.error;
    hold(isDone && end !== undefined, 'what is asked for comes to an end');
    if ('error' in end) throw end.error;
    return end.result;
  }

  /** Sends a message; its reply, undefined where none is wanted. */
  async send({ sender, op, isJson, wantsReply, bytes }: Post): Promise<Message | undefined> {
    const bus = this.#busOf(sender);
    const subject = subjects.request(sender, TEAM, op);
    const type = isJson ? { contentType: JSON_TYPE } : {};
    if (wantsReply) return bus.request(subject, bytes, { timeoutMs: ANSWER_WAIT_MS, ...type });
    bus.publish(subject, bytes, type.contentType);
    await bus.flush();
    return undefined;
  }

  /** A request and its settle, by somebody whom nobody disturbs. */
  async sendTraffic(): Promise<readonly Answer[]> {
    this.#traffic += 1;
    const id = `traffic-${this.#traffic}`;
    const items = { credits: { amount: 2 } };
    return [
      await this.#ask({ op: 'request', id, path: OWN_RUN, items }, 'road'),
      await this.#ask({ op: 'settle', allocation: id, actual: { credits: 1 } }, 'road'),
    ];
  }

  /** All balances but those of the undisturbed traffic's node, as one text. */
  async books(): Promise<string> {
    const all: unknown[] = [];
    for (const path of PATHS) {
      const answer = await this.#ask({ op: 'balance', path });
      if (answer.outcome !== 'balance') all.push([path, answer.outcome]);
      else all.push({ ...answer, evidence: undefined });
    }
    return JSON.stringify(all);
  }

  /** Last sequence of the team's log. */
  get lastSeq(): number {
    return this.#world.store.log(this.#shard).lastSeq;
  }

  /** What the writers had to say, as JSON lines. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** Newest claims of the shards: another one means that a shard was begun anew. */
  get epochs(): readonly number[] {
    return (this.#writer?.status() ?? []).map(({ epoch }) => epoch);
  }

  /**
   * Replays the log and compares it with what the writer answers, again where something fell due
   * meanwhile.
   * @throws BrokenProperty where something is kept aside, or differs
   */
  async holdLogAndBooks(): Promise<void> {
    for (let tries = 0; tries < LOOKS_MAX; tries += 1) {
      const { lastSeq } = this;
      const state = balances.initial();
      for (const { event, at } of this.#recorded()) balances.evolve(state, event, at);
      const differences = await checkBalances(state, TEAM, async (path) => {
        const answer = await this.#ask({ op: 'balance', path });
        return answer.outcome === 'balance' ? answer : undefined;
      });
      if (differences.length === 0) return;
      const isQuiet = lastSeq === this.lastSeq;
      hold(!isQuiet, `live balances are those of the log: ${show(differences)}`);
    }
    hold(false, 'the log comes to rest');
  }

  #recorded(): Recorded[] {
    const log = this.#world.store.log(this.#shard);
    const sweep = new LogSweep(this.#shard, [this.#signer.publicKey]);
    const recorded: Recorded[] = [];
    for (let seq = 1; seq <= log.lastSeq; seq += 1) {
      const message = log.get(seq);
      const swept = message && sweep.take(message);
      hold(swept !== undefined, 'the log has no gap');
      hold(swept.poison.length === 0, `what is recorded can be read: ${show(swept.poison)}`);
      recorded.push(...swept.recorded);
    }
    return recorded;
  }

  async #connected(): Promise<void> {
    await Promise.all([...this.#buses.values()].map((bus) => bus.flush()));
  }

  async #expect<O extends Answer['outcome']>(
    outcome: O,
    command: Command,
    agent = 'operator',
  ): Promise<AnswerOf<O>> {
    const answer = await this.#ask(command, agent);
    if (answer.outcome !== outcome) throw new Error(`stage: ${show(command)} gave ${show(answer)}`);
    return answer as AnswerOf<O>;
  }

  async #ask(command: Command, agent = 'operator'): Promise<Answer> {
    const subject = subjects.request(agent, TEAM, command.op);
    const options = { timeoutMs: ANSWER_WAIT_MS };
    const { data } = await this.#busOf(agent).request(subject, encode(command), options);
    return Answer.parse(decode(data, ANSWER_BYTES_MAX));
  }

  #busOf(agent: string): Bus {
    const bus = this.#buses.get(agent);
    if (bus === undefined) throw new Error(`nobody is ${agent}`);
    return bus;
  }
}

function show(value: unknown): string {
  return JSON.stringify(value).slice(0, 300);
}
