import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NatsConnection } from 'nats';
import { agentSeed } from '../broker/agents.ts';
import { connectAs } from '../broker/connect.ts';
import type { BrokerUser } from '../broker/keys.ts';
import { type BrokerOptions, type RunningBroker, startBroker } from '../broker/start.ts';

/** What a test started, to be given back in its `after`. */
export type Rig = {
  /** A folder that goes when the rig closes. */
  readonly root: string;
  start(options?: Partial<BrokerOptions>): Promise<RunningBroker>;
  /** Connects one of the broker's own users, or an agent that was added. */
  connect(broker: RunningBroker, user: BrokerUser | (string & {})): Promise<NatsConnection>;
  close(): Promise<void>;
};

/** Starts real servers on free ports, below a temporary folder. */
export function makeRig(): Rig {
  const root = mkdtempSync(path.join(tmpdir(), 'bursar-broker-'));
  const brokers: RunningBroker[] = [];
  const connections: NatsConnection[] = [];
  return {
    root,
    start: async (options) => {
      const dataDir = path.join(root, 'data');
      const broker = await startBroker({ dataDir, port: 0, natsUrl: '', ...options });
      brokers.push(broker);
      return broker;
    },
    connect: async (broker, user) => {
      const own = broker.keys.users[user as BrokerUser]?.seed;
      const seed = own ?? agentSeed(broker.dataDir, user);
      if (seed === undefined) throw new Error(`no seed of ${user}`);
      const connection = await connectAs(broker.url, user, seed, `test ${user}`);
      connections.push(connection);
      return connection;
    },
    close: async () => {
      await Promise.all(connections.map((connection) => connection.close()));
      await Promise.all(brokers.map((broker) => broker.stop()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** How the server answers a publish: `denied`, `no stream` (nobody listens) or `stored`. */
export async function publishOutcome(connection: NatsConnection, subject: string, body = '') {
  try {
    await connection.request(subject, body, { timeout: 1_000 });
    return 'stored';
  } catch (error) {
    return outcomeOf(error);
  }
}

/** `denied` or `allowed`: what the server makes of a subscription. */
export async function subscribeOutcome(connection: NatsConnection, subject: string) {
  let outcome = 'allowed';
  const subscription = connection.subscribe(subject, {
    callback: (error) => {
      if (error !== null) outcome = outcomeOf(error);
    },
  });
  await connection.flush();
  if (outcome === 'allowed') subscription.unsubscribe();
  return outcome;
}

function outcomeOf(error: unknown): string {
  const code = (error as { code?: string }).code;
  if (code === 'PERMISSIONS_VIOLATION') return 'denied';
  return code === '503' ? 'nobody listens' : String(code);
}
