import type { Logger } from 'pino';
import type { Bus } from '../bus/bus.ts';
import type { Ledger } from '../events/ledger.ts';
import { LIMITS } from '../events/limits.ts';
import type { AuditProgress } from '../events/owner-presence.ts';
import type { Signer } from '../events/signing.ts';
import type { Host } from '../host/host.ts';
import { AUDIT_PACE, type AuditPace, AuditTurns } from './audit-turns.ts';
import type { BrokenTeam } from './broken-teams.ts';
import { type EmergencyStream, Outbox } from './outbox.ts';
import { ClockSkewError, type KeeperState, ShardKeeper } from './shard-keeper.ts';
import type { ShardSizes } from './shard-sizes.ts';
import { WitnessBook } from './witness-book.ts';

/** What a writer works with, whatever stands behind it. */
export interface RunShardsOptions {
  readonly host: Host;
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly emergencies: EmergencyStream;
  readonly signer: Signer;
  readonly shards: number;
  /** Name of this process in the epochs. */
  readonly ownerName: string;
  /** Folder in `host.files`. */
  readonly witnessFolder: string;
  readonly log: Logger;
  readonly sizes?: Partial<ShardSizes>;
  /** How much of the process the background audits may take. */
  readonly auditPace?: Partial<AuditPace>;
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
  /** How far the background audit has come, while this process serves the shard. */
  readonly audit: AuditProgress | undefined;
  /** Teams in which something that always holds did not, since this process began. */
  readonly broken: readonly BrokenTeam[];
}

/** A writer process that serves, or stands by for, every shard. */
export interface RunningWriter {
  status(): ShardStatus[];
  /**
   * Resolves when every shard is served by this process, or frozen.
   * @throws ClockSkewError
   */
  ready(): Promise<void>;
  /** Stores what is decided and gives the shards up. */
  stop(): Promise<void>;
}

const TICK_MS = 10;
/** Time for the last emergencies to be published, ms. */
const OUTBOX_DRAIN_MS = 2_000;

/** Claims each shard that nobody owns and serves it; stands by for the others. */
export function runShards(options: RunShardsOptions): RunningWriter {
  const { host, emergencies, witnessFolder, log, shards } = options;
  const outbox = new Outbox(emergencies, host);
  const witnesses = new WitnessBook(host, witnessFolder, log);
  const turns = new AuditTurns(host, { ...AUDIT_PACE, ...options.auditPace });
  const keepers = Array.from(
    { length: shards },
    (_, shard) => new ShardKeeper({ ...options, outbox, witnesses, turns, shard }),
  );
  for (const keeper of keepers) keeper.start();
  const endTicks = host.every(TICK_MS, () => {
    for (const keeper of keepers) keeper.tick();
  });
  const endBeats = host.every(LIMITS.beatMs, () => {
    for (const keeper of keepers) keeper.beat();
    witnesses.flushQuiet();
  });
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    endTicks();
    endBeats();
    await outbox.drained(OUTBOX_DRAIN_MS);
    outbox.stop();
    await witnesses.settled();
  };
  return {
    status: () =>
      keepers.map(({ state, seq, epoch, problem, audit, broken }, shard) => {
        return { shard, state, seq, epoch, problem, audit, broken };
      }),
    async ready() {
      const isSettled = () =>
        keepers.every(({ state }) => state === 'serving' || state === 'frozen');
      while (!isSettled() && stopping === undefined) {
        for (const { problem } of keepers) if (problem instanceof ClockSkewError) throw problem;
        await host.pause(5);
      }
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
