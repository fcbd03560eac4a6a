import type { NatsConnection, StreamInfo } from 'nats';
import { shardOf } from '../events/shard-of.ts';
import { isVersionAtLeast, MIN_SERVER_VERSION } from './server-version.ts';

/** One fact about the broker that the ledger relies on, and what to do when it does not hold. */
export type BrokerCheck = {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Empty when all is well. */
  readonly advice: string;
};

/** Connections to look with. A missing one skips what only it can see, or fails where noted. */
export type CheckedConnections = {
  readonly owner: NatsConnection;
  /** Without it nobody can see whether writes are synced; the configuration must declare it. */
  readonly sys?: NatsConnection | undefined;
  readonly operator?: NatsConnection | undefined;
  readonly projector?: NatsConnection | undefined;
  readonly auditor?: NatsConnection | undefined;
};

export type CheckExpectations = {
  readonly shards: number;
  /** Somebody vouches that the server runs with `sync_interval: always`. */
  readonly isSyncAlwaysDeclared?: boolean | undefined;
};

const ANSWER_WAIT_MS = 2_000;
const NATS_CONF_ADVICE = 'Run the server with the nats.conf of this version (see <data>/nats).';

/**
 * Looks whether the broker is what the ledger relies on: a new enough server, synced writes, a
 * store that holds all streams, the mapping to shards, the wall between accounts, and readers and
 * the operator who cannot write the ledger. The writer refuses to start when one fails.
 */
export async function checkBroker(
  connections: CheckedConnections,
  expected: CheckExpectations,
): Promise<BrokerCheck[]> {
  const { owner, sys, operator } = connections;
  const server = sys === undefined ? undefined : await storeConfig(sys);
  const checks = [
    checkVersion(owner.info?.version ?? 'unknown'),
    checkSync(server, expected.isSyncAlwaysDeclared === true),
    await checkStreams(owner, server?.max_storage),
  ];
  if (operator !== undefined) checks.push(await checkRoute(owner, operator, expected.shards));
  for (const user of ['operator', 'projector', 'auditor'] as const) {
    const connection = connections[user];
    if (connection !== undefined) checks.push(await checkCannotWrite(user, connection));
  }
  return checks;
}

function checkVersion(version: string): BrokerCheck {
  const ok = isVersionAtLeast(version, MIN_SERVER_VERSION);
  const advice = `Upgrade nats-server to ${MIN_SERVER_VERSION} or newer.`;
  return result('server version', ok, `nats-server ${version}`, advice);
}

function checkSync(server: StoreConfig | undefined, isDeclared: boolean): BrokerCheck {
  const check = 'synced writes';
  if (server !== undefined) {
    const ok = server.sync_always === true;
    const detail = ok ? 'sync_interval is always' : 'acknowledged data is lost at a power cut';
    return result(check, ok, detail, 'Set `sync_interval: always` in the jetstream block.');
  }
  const detail = isDeclared ? 'declared, not seen' : 'cannot be seen without the SYS user';
  const advice =
    'Give the seed of the SYS user (<data>/keys/sys.nk), or declare that the server has ' +
    '`sync_interval: always`.';
  return result(check, isDeclared, detail, advice);
}

/** The part of the server's JSZ answer that is read here. */
type StoreConfig = { readonly sync_always?: boolean; readonly max_storage?: number };

async function storeConfig(sys: NatsConnection): Promise<StoreConfig | undefined> {
  try {
    const reply = await sys.request('$SYS.REQ.SERVER.PING.JSZ', '', { timeout: ANSWER_WAIT_MS });
    return reply.json<{ data?: { config?: StoreConfig } }>().data?.config;
  } catch {
    return undefined;
  }
}

/** Every stream must state its size, write at once, and all must fit into the store together. */
async function checkStreams(
  owner: NatsConnection,
  maxStorageBytes: number | undefined,
): Promise<BrokerCheck> {
  const check = 'store limit';
  let streams: StreamInfo[];
  try {
    const manager = await owner.jetstreamManager({ timeout: ANSWER_WAIT_MS });
    streams = [];
    for await (const stream of manager.streams.list()) streams.push(stream);
  } catch (error) {
    return result(check, false, `JetStream does not answer: ${error}`, NATS_CONF_ADVICE);
  }
  let sumBytes = 0;
  for (const { config } of streams) {
    const advice = 'Bursar makes its streams itself; remove or move the foreign one.';
    if (config.max_bytes <= 0) {
      return result(check, false, `stream ${config.name} has no max_bytes`, advice);
    }
    if ((config as { persist_mode?: string }).persist_mode === 'async') {
      return result(check, false, `stream ${config.name} switches synced writes off`, advice);
    }
    sumBytes += config.max_bytes;
  }
  const limit = maxStorageBytes === undefined ? 'a limit not seen' : `${maxStorageBytes} bytes`;
  const ok = maxStorageBytes === undefined || sumBytes <= maxStorageBytes;
  const advice = 'Raise max_file of the server, or a full store would stop one shard early.';
  return result(check, ok, `streams may take ${sumBytes} bytes of ${limit}`, advice);
}

/**
 * Sends a message as the operator and looks how it arrives: at the shard that the team belongs to,
 * and with a reply subject that the server made, not the one that the sender chose.
 */
async function checkRoute(
  owner: NatsConnection,
  operator: NatsConnection,
  shards: number,
): Promise<BrokerCheck> {
  const check = 'mapping and account wall';
  const team = `doctor-${Date.now()}`;
  const path = `operator.${team}.doctor`;
  const arrivals = owner.subscribe(`bursar.shard.*.req.${path}`, {
    max: 1,
    timeout: ANSWER_WAIT_MS,
  });
  await owner.flush();
  operator.publish(`bursar.req.${path}`, '', { reply: 'ledger.doctor.blk' });
  try {
    for await (const { subject, reply } of arrivals) {
      const wanted = `bursar.shard.${shardOf(team, shards)}.req.${path}`;
      const ok = subject === wanted && (reply?.startsWith('_R_.') ?? false);
      const detail = `${subject} with reply ${reply}`;
      return result(check, ok, ok ? 'as it should be' : detail, NATS_CONF_ADVICE);
    }
  } catch {
    arrivals.unsubscribe();
  }
  return result(check, false, 'a request did not arrive', NATS_CONF_ADVICE);
}

async function checkCannotWrite(user: string, connection: NatsConnection): Promise<BrokerCheck> {
  const check = `${user} cannot write the ledger`;
  try {
    await connection.request('ledger.doctor.blk', '', { timeout: ANSWER_WAIT_MS });
  } catch (error) {
    const isDenied = (error as { code?: string }).code === 'PERMISSIONS_VIOLATION';
    if (isDenied) return result(check, true, 'refused by the server', '');
  }
  return result(check, false, 'the server let it through', NATS_CONF_ADVICE);
}

function result(check: string, ok: boolean, detail: string, advice: string): BrokerCheck {
  return { check, ok, detail, advice: ok ? '' : advice };
}
