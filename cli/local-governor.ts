import { type Logger, pino } from 'pino';
import { connectAs } from '../broker/connect.ts';
import { type RunningBroker, startBroker } from '../broker/start.ts';
import { NatsBus } from '../bus/nats-bus.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { publicKeyFromPem } from '../events/signing.ts';
import { systemHost } from '../host/system-host.ts';
import { ALL_PROJECTIONS } from '../projections/all-projections.ts';
import { LiveFeed } from '../projections/live-feed.ts';
import { places } from '../projections/places.ts';
import { Projector } from '../projections/projector.ts';
import type { RunningWriter } from '../writer/run-shards.ts';
import { startWriter } from '../writer/start.ts';
import { bytesPerShard } from './bytes-per-shard.ts';

/** What is to run in this process. */
export type GovernorSettings = {
  readonly dataDir: string;
  readonly port?: number | undefined;
  readonly shards?: number | undefined;
  /** '' or undefined: the embedded broker. */
  readonly natsUrl?: string | undefined;
  /** A broker that another process runs; none is started then. */
  readonly runningUrl?: string | undefined;
  readonly hasWriter: boolean;
  readonly hasProjector: boolean;
  readonly log: Logger;
  /** Somebody vouches that a server of one's own syncs every write. */
  readonly isSyncAlwaysDeclared?: boolean | undefined;
  /** What is being done, in words. */
  readonly tell: (words: string) => void;
};

/** Broker, writer and projector in one process, or those of them that were asked for. */
export type LocalGovernor = {
  readonly url: string;
  readonly broker: RunningBroker;
  readonly writer: RunningWriter | undefined;
  /** Settles when the broker has ended by itself. */
  readonly crashed: Promise<Error>;
  /** Ends all of it in order; nothing is left. */
  stop(): Promise<void>;
};

/**
 * Starts them in order, and stops what has been started if one of them fails.
 * @throws the errors of startBroker and startWriter
 */
export async function startGovernor(settings: GovernorSettings): Promise<LocalGovernor> {
  const { dataDir, tell, runningUrl } = settings;
  const broker = await startBroker({
    dataDir,
    port: settings.port,
    shards: settings.shards,
    natsUrl: runningUrl ?? settings.natsUrl ?? '',
    onProgress: tell,
  });
  const stops: (() => Promise<void>)[] = [() => broker.stop()];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    tell(
      `nats-server ${broker.version} answers on ${broker.url}${broker.pid === undefined ? '' : ` (process ${broker.pid})`}`,
    );
    const writer = settings.hasWriter ? await beginWriter(settings, broker) : undefined;
    if (writer !== undefined) stops.push(() => writer.stop());
    if (settings.hasProjector) stops.push(await beginProjector(settings, broker));
    const crashed = broker.closed.then((reason) =>
      reason === undefined ? new Promise<never>(() => {}) : reason,
    );
    return { url: broker.url, broker, writer, crashed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function beginWriter(
  { dataDir, log, tell, isSyncAlwaysDeclared }: GovernorSettings,
  broker: RunningBroker,
): Promise<RunningWriter> {
  const { url, keys, shards, maxFileBytes } = broker;
  tell('the writer claims its shards and replays their logs …');
  return startWriter({
    url,
    keys,
    dataDir,
    shards,
    log,
    maxBytesPerShard: bytesPerShard(maxFileBytes, shards),
    isSyncAlwaysDeclared: isSyncAlwaysDeclared ?? false,
  });
}

/** Follows every shard: checkpoints on disk, single events to whoever watches. */
async function beginProjector(
  { dataDir, log, tell }: GovernorSettings,
  broker: RunningBroker,
): Promise<() => Promise<void>> {
  const { url, keys, shards } = broker;
  const { seed } = keys.users.projector;
  const connection = await connectAs(url, 'projector', seed, 'bursar projector');
  const projectors: Projector[] = [];
  const stop = async () => {
    await Promise.all(projectors.map((projector) => projector.stop()));
    await connection.close();
  };
  try {
    const ledger = new JetStreamLedger({ commit: connection });
    const bus = new NatsBus(connection, '_INBOX_projector');
    const pinnedKeys = [publicKeyFromPem(keys.ledgerPublicKeyPem)];
    for (let shard = 0; shard < shards; shard += 1) {
      const feed = new LiveFeed(bus, shard);
      const projector: Projector = new Projector({
        host: systemHost,
        ledger,
        shard,
        pinnedKeys,
        projections: ALL_PROJECTIONS,
        dataDir,
        onLine: (level, text) => log[level](text),
        onEvent: (recorded, swept, isLive) => {
          if (isLive) feed.publish(recorded, swept.block, projector.stateOf(places));
        },
      });
      projectors.push(projector);
      await projector.catchUp();
      projector.follow();
    }
    tell(`the projector follows ${shards} shards`);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The log of the writer: to a file beside the data, or to stderr for whoever wants to see it. */
export function processLog(destination: string | 'stderr', level: string): Logger {
  const dest = destination === 'stderr' ? 2 : destination;
  return pino({ level, base: null }, pino.destination({ dest, sync: true, mkdir: true }));
}
