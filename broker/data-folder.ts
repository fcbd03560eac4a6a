import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataFolderDamaged, ShardCountFixed } from './errors.ts';
import { isAlive, type ProcessIdentity } from './live-process.ts';
import { createFile, replaceFile } from './write-file.ts';

/** What is fixed for a data folder at its first start; kept in `<data>/broker.json`. */
export type BrokerSettings = {
  readonly shards: number;
  /** Upper bound of the store in bytes; the streams' max_bytes must fit into it together. */
  readonly maxFileBytes: number;
};

/** The embedded broker that works on a data folder; kept in `<data>/broker.pid` while it runs. */
export type RunningServer = ProcessIdentity & { readonly port: number; readonly url: string };

const SHARDS_DEFAULT = 8;
const SHARDS_MAX = 256;
const MAX_FILE_BYTES_MAX = 64 * 2 ** 30;
/** Share of the disk's free space that the store may take when nobody says otherwise. */
const DISK_SHARE = 0.75;

const NATS_CONF = fileURLToPath(new URL('../nats.conf', import.meta.url));

/** The paths inside a data folder. */
export function pathsIn(dataDir: string) {
  return {
    settings: path.join(dataDir, 'broker.json'),
    pid: path.join(dataDir, 'broker.pid'),
    log: path.join(dataDir, 'nats-server.log'),
    conf: path.join(dataDir, 'nats', 'nats.conf'),
    generatedConf: path.join(dataDir, 'nats', 'generated.conf'),
    agents: path.join(dataDir, 'agents'),
    agentKeys: path.join(dataDir, 'keys', 'agents'),
    /** nats-server makes this folder itself, below its store_dir. */
    store: path.join(dataDir, 'jetstream'),
  } as const;
}

/**
 * Reads what was fixed at the first start; undefined when there was none yet.
 *
 * @throws DataFolderDamaged when the file is unreadable, or a store is there without it
 */
export function readSettings(dataDir: string): BrokerSettings | undefined {
  const paths = pathsIn(dataDir);
  if (!existsSync(paths.settings)) {
    if (!existsSync(paths.store)) return undefined;
    throw new DataFolderDamaged(
      paths.settings,
      'it is gone, but a store is there; the number of its shards cannot be guessed. Restore it ' +
        'from a backup, or choose another folder with --data.',
    );
  }
  try {
    const { shards, maxFileBytes } = JSON.parse(readFileSync(paths.settings, 'utf8'));
    if (isShardCount(shards) && Number.isSafeInteger(maxFileBytes)) return { shards, maxFileBytes };
  } catch (cause) {
    throw new DataFolderDamaged(paths.settings, 'not readable. Restore it from a backup.', cause);
  }
  throw new DataFolderDamaged(paths.settings, 'impossible values. Restore it from a backup.');
}

/**
 * The settings to start with: the fixed ones where there are any. A larger `maxFileBytes` may be
 * asked for at any start.
 *
 * @throws ShardCountFixed when another number of shards is asked for
 */
export function settingsFor(
  dataDir: string,
  fixed: BrokerSettings | undefined,
  asked: { shards?: number | undefined; maxFileBytes?: number | undefined },
): BrokerSettings {
  if (asked.shards !== undefined && !isShardCount(asked.shards)) {
    throw new RangeError(`shards must be a whole number from 1 to ${SHARDS_MAX}`);
  }
  if (fixed !== undefined && asked.shards !== undefined && asked.shards !== fixed.shards) {
    throw new ShardCountFixed(dataDir, fixed.shards, asked.shards);
  }
  return {
    shards: fixed?.shards ?? asked.shards ?? SHARDS_DEFAULT,
    maxFileBytes: asked.maxFileBytes ?? fixed?.maxFileBytes ?? defaultMaxFileBytes(dataDir),
  };
}

/** Writes what is fixed from now on. */
export function writeSettings(dataDir: string, settings: BrokerSettings): void {
  replaceFile(pathsIn(dataDir).settings, `${JSON.stringify(settings, null, 2)}\n`, 0o600);
}

/** Puts nats.conf, unchanged, and its generated part into `<data>/nats`. */
export function writeServerConf(dataDir: string, generated: string): void {
  const paths = pathsIn(dataDir);
  mkdirSync(path.dirname(paths.conf), { recursive: true, mode: 0o700 });
  copyFileSync(NATS_CONF, paths.conf);
  replaceFile(paths.generatedConf, generated, 0o600);
}

/**
 * The embedded broker that runs on this folder now, started by whichever process; undefined when
 * none does. This is how other processes find its address.
 */
export function runningServer(dataDir: string): RunningServer | undefined {
  try {
    const found = JSON.parse(readFileSync(pathsIn(dataDir).pid, 'utf8')) as RunningServer;
    return isAlive(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

export function writeRunningServer(dataDir: string, server: RunningServer): void {
  forgetRunningServer(dataDir);
  createFile(pathsIn(dataDir).pid, `${JSON.stringify(server)}\n`, 0o600);
}

export function forgetRunningServer(dataDir: string): void {
  rmSync(pathsIn(dataDir).pid, { force: true });
}

function isShardCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= SHARDS_MAX;
}

function defaultMaxFileBytes(dataDir: string): number {
  const disk = statfsSync(dataDir);
  const freeBytes = disk.bavail * disk.bsize;
  return Math.min(MAX_FILE_BYTES_MAX, Math.floor(freeBytes * DISK_SHARE));
}
