import { addAgent } from '../broker/agents.ts';
import type { RunningBroker } from '../broker/start.ts';
import type { Bus, Message, Subscription } from '../bus/bus.ts';
import { connectBus } from '../bus/nats-bus.ts';
import { type BursarClient, type ConnectOptions, connect } from '../client/client.ts';
import type { Answer } from '../events/answers.ts';
import { decode, encode } from '../events/codec.ts';
import { LIMITS } from '../events/limits.ts';
import { refuse } from '../events/refusals.ts';
import { parseShardRequest } from '../events/subjects.ts';
import { makeRig } from './broker-rig.ts';

/** A command as it came over the wire. */
export type Received = { readonly op: string; readonly id?: string } & Readonly<
  Record<string, unknown>
>;

/** Answers one command; undefined leaves its message without an answer. */
export type Answering = (command: Received, agent: string) => Answer | undefined;

/** One message as the stand-in got it. */
export type ReceivedMessage = { readonly op: string; readonly commands: readonly Received[] };

/**
 * Stands in for the writer on a real broker, as its owner: speaks the real format and decides
 * nothing but what the test says.
 */
export class StandIn {
  readonly messages: ReceivedMessage[] = [];
  answering: Answering;
  /** Before each reply, ms. */
  delayMs = 0;
  readonly #bus: Bus;
  readonly #broker: RunningBroker;
  #subscriptions: Subscription[] = [];

  constructor(bus: Bus, broker: RunningBroker, answering: Answering) {
    this.#bus = bus;
    this.#broker = broker;
    this.answering = answering;
  }

  /** All commands in the order of their arrival. */
  get commands(): Received[] {
    return this.messages.flatMap((message) => message.commands);
  }

  of(op: string): Received[] {
    return this.commands.filter((command) => command.op === op);
  }

  async listen(): Promise<void> {
    this.#subscriptions = Array.from({ length: this.#broker.shards }, (_, shard) =>
      this.#bus.subscribe(`bursar.shard.${shard}.req.>`, (message) => this.#onMessage(message)),
    );
    await this.#bus.flush();
  }

  async stopListening(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    await this.#bus.flush();
  }

  /** Publishes as the writer may. */
  publish(subject: string, payload: unknown): void {
    this.#bus.publish(subject, encode(payload));
  }

  #onMessage(message: Message): void {
    const { op = '', agent = '' } = parseShardRequest(message.subject) ?? {};
    const payload = decode(message.data, LIMITS.requestBytesMax) as Received & {
      commands: Received[];
    };
    const commands = op === 'batch' ? payload.commands : [payload];
    this.messages.push({ op, commands });
    const answers = commands.map((command) => this.answering(command, agent));
    if (answers.includes(undefined)) return;
    const reply = encode(op === 'batch' ? { outcome: 'batch', answers } : answers[0]);
    if (this.delayMs === 0) message.respond(reply);
    else setTimeout(() => message.respond(reply), this.delayMs);
  }
}

/** Grants, settles and renews everything, and answers repeats as the writer does. */
export function generous(leaseMs = 60_000): Answering {
  const answered = new Map<string, Answer>();
  return (command) => {
    const { id = '' } = command;
    const before = answered.get(id);
    if (before !== undefined) return { ...before, replayed: true } as Answer;
    const answer = generousAnswer(command, leaseMs);
    if (id !== '' && answer.outcome !== 'refused') answered.set(id, answer);
    return answer;
  };
}

function generousAnswer(command: Received, leaseMs: number): Answer {
  const id = command.id ?? '';
  const allocation = String(command['allocation']);
  switch (command.op) {
    case 'request':
      return granted(id, String(command['path']), leaseMs);
    case 'settle':
      return { outcome: 'settled', id, allocation, booked: {}, estimated: false, late: false };
    case 'release':
      return { outcome: 'released', id, allocation, booked: {} };
    case 'renew':
      return { outcome: 'renewed', id, allocation, expiresInMs: leaseMs };
    case 'report':
      return { outcome: 'reported', id, allocation, used: {}, overrun: false };
    case 'open':
      return { outcome: 'opened', id, path: String(command['path']), tier: 'run' };
    case 'emergencies':
      return { outcome: 'emergencies', emergencies: [], position: 0 };
    default:
      return refuse('unknown_op', `this stand-in does not know ${command.op}`);
  }
}

export function granted(id: string, path = 'acme/lab', expiresInMs = 60_000): Answer {
  return { outcome: 'granted', id, path, granted: { credits: 5 }, expiresInMs, rule: 'fits' };
}

export function denied(id: string): Answer {
  return {
    outcome: 'denied',
    id,
    reason: 'insufficient_credits',
    message: 'acme/lab has 1 credits, 5 needed',
    advice: 'Ask for less.',
    class: 'capacity',
    severity: 'warning',
    retryOn: 'top_up',
    rule: 'short',
  };
}

export function queued(id: string, timeoutInMs = 60_000): Answer {
  return {
    outcome: 'queued',
    id,
    account: { path: 'acme/lab', resource: 'credits' },
    position: 1,
    expectedWaitMs: null,
    timeoutInMs,
    rule: 'wait',
  };
}

/** A broker with agents `wile` (acme) and `bugs` (globex), and what a test starts on it. */
export function makeClientRig() {
  const rig = makeRig();
  const clients: BursarClient[] = [];
  const buses: Bus[] = [];
  let broker: RunningBroker | undefined;
  const seeds = new Map<string, string>();
  const brokerOf = () => {
    if (broker === undefined) throw new Error('start the broker first');
    return broker;
  };
  return {
    root: rig.root,
    get broker() {
      return brokerOf();
    },
    start: async () => {
      broker = await rig.start();
      for (const [name, team] of [
        ['wile', 'acme'],
        ['bugs', 'globex'],
      ] as const) {
        seeds.set(name, (await addAgent(broker.dataDir, { name, team })).seed);
      }
    },
    /** Ends the broker as a crash would. */
    kill: () => brokerOf().kill(),
    /** Starts it again on the same folder and port. */
    restart: async () => {
      broker = await rig.start({ port: brokerOf().port });
    },
    seedOf: (agent: string) => seeds.get(agent) ?? '',
    bus: async (user: string) => {
      const seed = brokerOf().keys.users[user as 'owner']?.seed ?? seeds.get(user) ?? '';
      const bus = await connectBus(brokerOf().url, user, seed, `test ${user}`);
      buses.push(bus);
      return bus;
    },
    standIn: async (answering: Answering = generous()) => {
      const seed = brokerOf().keys.users.owner.seed;
      const bus = await connectBus(brokerOf().url, 'owner', seed, 'test stand-in');
      buses.push(bus);
      const standIn = new StandIn(bus, brokerOf(), answering);
      await standIn.listen();
      return standIn;
    },
    connect: async (options: Partial<ConnectOptions> = {}) => {
      const agent = options.agent ?? 'wile';
      const client = await connect({
        url: brokerOf().url,
        agent,
        team: 'acme',
        seed: seeds.get(agent),
        ...options,
      });
      clients.push(client);
      return client;
    },
    /** Disconnects what the last test left. */
    tidy: async () => {
      await Promise.all(
        clients.splice(0).map((client) => client.disconnect({ drainMs: 0 }).catch(() => {})),
      );
      await Promise.all(buses.splice(0).map((bus) => bus.close()));
    },
    close: () => rig.close(),
  };
}

/** Waits until something holds. @throws when it does not within `withinMs` */
export async function until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
  const endAtMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endAtMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
