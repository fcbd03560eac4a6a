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
import { ensureStream } from '../events/ledger-jetstream-stream.ts';
import { createSigner } from '../events/signing.ts';
import { readWitness } from '../events/witness.ts';
import { type EmergencyStream, Outbox } from './outbox.ts';
import { ClockSkewError, type KeeperState, ShardKeeper } from './shard-keeper.ts';
import { WitnessBook } from './witness-book.ts';

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

export interface ShardStatus {
  readonly shard: number;
  readonly state: KeeperState;
  /** The last sequence that is durable, while this process serves the shard; else 0. */
  readonly seq: number;
  /** Sequence of this process's newest claim. */
  readonly epoch: number;
  /** Why the shard is not served by this process, where that is no other process's doing. */
  readonly problem: Error | undefined;
}

/** A writer process that serves, or stands by for, every shard. */
export interface RunningWriter {
  status(): ShardStatus[];
  /**
   * Resolves when every shard is served by this process, or frozen.
   * @throws ClockSkewError
   */
  ready(): Promise<void>;
  /** Stores what is decided, gives the shards up, closes its connections. */
  stop(): Promise<void>;
}

const TICK_MS = 10;
const BEAT_MS = 1_000;

/**
 * Starts a writer: makes sure of the streams, then claims each shard that nobody owns.
 * @throws BrokerUnfit, StreamConfigError, LogRegressedError, LedgerUnavailableError, ServerUnreachable,
 *   AuthRefused, ServerTooOld
 */
export async function startWriter(options: WriterOptions): Promise<RunningWriter> {
  const { url, keys, dataDir, shards } = options;
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
      const witness = await readWitness(witnessFolder, shard);
      const settings = { shards, generation: 1, maxBytes: options.maxBytesPerShard, replicas: 1 };
      await ensureStream(commits, shard, settings, witness?.seq ?? 0);
      checkIntegrity(await ledger.head(shard), witness === undefined ? [] : [witness.seq]);
    }
    const emergencies = options.emergencies ?? (await JetStreamEmergencies.open(replays));
    const outbox = new Outbox(emergencies);
    const witnesses = new WitnessBook(witnessFolder, log);
    bus = new NatsBus(requests, '_INBOX_owner');
    watch(bus, log);
    const shared = {
      shards,
      bus,
      ledger,
      signer: createSigner(keys.ledgerSigningKeyPem),
      outbox,
      witnesses,
      witnessFolder,
      ownerName,
      log,
    };
    const keepers = Array.from(
      { length: shards },
      (_, shard) => new ShardKeeper({ ...shared, shard }),
    );
    for (const keeper of keepers) keeper.start();
    return run(keepers, outbox, witnesses, close);
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

function run(
  keepers: readonly ShardKeeper[],
  outbox: Outbox,
  witnesses: WitnessBook,
  close: () => Promise<unknown>,
): RunningWriter {
  const ticking = setInterval(() => {
    for (const keeper of keepers) keeper.tick();
  }, TICK_MS);
  const beating = setInterval(() => {
    for (const keeper of keepers) keeper.beat();
    witnesses.flushQuiet();
  }, BEAT_MS);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    clearInterval(ticking);
    clearInterval(beating);
    await outbox.drained(2_000);
    outbox.stop();
    await witnesses.settled();
    await close();
  };
  return {
    status: () =>
      keepers.map(({ state, seq, epoch, problem }, shard) => {
        return { shard, state, seq, epoch, problem };
      }),
    async ready() {
      const isSettled = () =>
        keepers.every(({ state }) => state === 'serving' || state === 'frozen');
      while (!isSettled() && stopping === undefined) {
        for (const { problem } of keepers) if (problem instanceof ClockSkewError) throw problem;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
