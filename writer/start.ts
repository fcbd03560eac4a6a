import { hostname } from 'node:os';
import path from 'node:path';
import { type Logger, pino } from 'pino';
import { connectAs } from '../broker/connect.ts';
import type { BrokerKeys } from '../broker/keys.ts';
import { refuseUnfitBroker } from '../broker/refuse-unfit.ts';
import type { Bus } from '../bus/bus.ts';
import { JetStreamEmergencies } from '../bus/emergency-stream.ts';
import { NatsBus } from '../bus/nats-bus.ts';
import { checkIntegrity } from '../events/integrity.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { ensureStream, firstStreamSettings } from '../events/ledger-jetstream-stream.ts';
import { createSigner } from '../events/signing.ts';
import { readWitness } from '../events/witness.ts';
import { systemHost } from '../host/system-host.ts';
import type { EmergencyStream } from './outbox.ts';
import { type RunningWriter, runShards } from './run-shards.ts';

export interface WriterOptions {
  /** Of the broker, such as `nats://127.0.0.1:4333`. */
  readonly url: string;
  readonly keys: BrokerKeys;
  /** Witnesses are kept beneath it. */
  readonly dataDir: string;
  /** Fixed for ever at the first start. */
  readonly shards: number;
  /** Name of this process in the epochs; default host and pid. */
  readonly ownerName?: string;
  /** Default: warnings and worse to stderr. */
  readonly log?: Logger;
  /** Size at which a shard's log is full, bytes; all together must fit into the store. */
  readonly maxBytesPerShard: number;
  /** Somebody vouches for `sync_interval: always` on a server whose SYS key we do not have. */
  readonly isSyncAlwaysDeclared?: boolean;
  /** Where emergencies are kept; default: the durable stream of the broker. */
  readonly emergencies?: EmergencyStream;
}

/**
 * Starts a writer: makes sure of the streams, then claims each shard that nobody owns.
 * @throws BrokerUnfit, StreamConfigError, LogRegressedError, LedgerUnavailableError, ServerUnreachable,
 *   AuthRefused, ServerTooOld
 */
export async function startWriter(options: WriterOptions): Promise<RunningWriter> {
  const { url, keys, dataDir, shards } = options;
  const host = systemHost;
  const log = options.log ?? pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
  const { seed } = keys.users.owner;
  const ownerName = options.ownerName ?? `${hostname()}-${process.pid}`;
  const connections: { close(): Promise<void> }[] = [];
  let bus: Bus | undefined;
  const connect = async (purpose: string) => {
    const connection = await connectAs(url, 'owner', seed, `bursar-${purpose}`);
    connections.push(connection);
    return connection;
  };
  const close = async () => {
    // Lets the last answers out.
    await bus?.close();
    await Promise.all(connections.map((connection) => connection.close()));
  };
  try {
    // A connection each, so that a replay or a burst of requests never stands before a commit.
    const requests = await connect('requests');
    const commits = await connect('commits');
    const replays = await connect('replay');
    const isDeclared = options.isSyncAlwaysDeclared ?? false;
    await refuseUnfitBroker(url, keys, commits, shards, isDeclared);
    const witnessFolder = path.join(dataDir, 'witness');
    const ledger = new JetStreamLedger({ commit: commits, replay: replays });
    for (let shard = 0; shard < shards; shard += 1) {
      const witness = await readWitness(host.files, witnessFolder, shard);
      const settings = firstStreamSettings(shards, options.maxBytesPerShard);
      await ensureStream(commits, shard, settings, witness?.seq ?? 0);
      checkIntegrity(await ledger.head(shard), witness === undefined ? [] : [witness.seq]);
    }
    const emergencies = options.emergencies ?? (await JetStreamEmergencies.open(replays));
    bus = new NatsBus(requests, '_INBOX_owner');
    watch(bus, log);
    const running = runShards({
      host,
      bus,
      ledger,
      emergencies,
      signer: createSigner(keys.ledgerSigningKeyPem),
      shards,
      ownerName,
      witnessFolder,
      log,
    });
    return closing(running, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Tells of what no call reports: a permission that is missing, a connection that comes no more. */
function watch(bus: Bus, log: Logger): void {
  bus.onStatus((status) => {
    if (status === 'disconnected') log.warn('the connection to the broker is away');
    if (status === 'connected') log.warn('the connection to the broker is back');
    if (typeof status === 'object') log.error(status, 'the broker refused something to the owner');
  });
}

/** The same writer, which closes its connections when it has stopped. */
function closing(running: RunningWriter, close: () => Promise<void>): RunningWriter {
  let stopping: Promise<void> | undefined;
  return {
    ...running,
    stop: () => {
      stopping ??= running.stop().then(close);
      return stopping;
    },
  };
}
