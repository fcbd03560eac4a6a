import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listAgents } from './agents.ts';
import { connectAs } from './connect.ts';
import {
  type BrokerSettings,
  forgetRunningServer,
  pathsIn,
  readSettings,
  settingsFor,
  writeRunningServer,
  writeServerConf,
  writeSettings,
} from './data-folder.ts';
import { BrokerCrashed, BrokerNotReady, PortInUse, ServerUnreachable } from './errors.ts';
import { findServer, type OnProgress } from './find-server.ts';
import { generatedConf } from './generated-conf.ts';
import { type BrokerKeys, ensureKeys } from './keys.ts';
import { identityOf } from './live-process.ts';
import { type FolderLock, lockFolder, withFolderLock } from './lock.ts';
import { endOrphan } from './orphan.ts';
import { BROKER_HOST, freePort } from './port.ts';
import { rotateLog } from './server-log.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

export const PORT_DEFAULT = 4333;
export const DATA_DIR_DEFAULT = '.bursar';

/** How a broker is started. Everything may be left out but the folder. */
export type BrokerOptions = {
  /** Holds keys, store, log and configuration; made when missing. */
  readonly dataDir: string;
  /** Default 4333; 0 picks a free one. */
  readonly port?: number | undefined;
  /** Default 8. Fixed at the first start on a folder. */
  readonly shards?: number | undefined;
  /** Most bytes that the store may take. Default: ¾ of the free disk, at most 64 GiB. */
  readonly maxFileBytes?: number | undefined;
  /** An external server to use; nothing is started then. Default: NATS_URL; '' means none. */
  readonly natsUrl?: string | undefined;
  /** Told about work that takes more than a moment. */
  readonly onProgress?: OnProgress | undefined;
};

/** A broker that is ready to be used. */
export type RunningBroker = {
  readonly url: string;
  readonly port: number;
  /** Of nats-server; undefined when the server is external. */
  readonly pid: number | undefined;
  readonly version: string;
  readonly dataDir: string;
  readonly shards: number;
  /** Most bytes that the store may take; the streams' max_bytes must fit into it together. */
  readonly maxFileBytes: number;
  readonly keys: BrokerKeys;
  /** Settles when the broker has ended: undefined after stop or kill, else why it crashed. */
  readonly closed: Promise<BrokerCrashed | undefined>;
  /** Ends the server in order and gives the folder free. Nothing is left. */
  stop(): Promise<void>;
  /** Ends the server as a crash would (SIGKILL) and gives the folder free. For tests. */
  kill(): Promise<void>;
};

/** A large store is read before the server answers; beyond this it is given up, ms. */
const READY_WAIT_MS = 600_000;
const READY_WORD_MS = 3_000;
/** How often a picked port may turn out to be taken by somebody else meanwhile. */
const PICKED_PORT_TRIES = 5;
const CONF_LOCK_WAIT_MS = 30_000;

/**
 * Starts the embedded broker on a data folder and waits until it is ready; with NATS_URL set, uses
 * that server instead.
 *
 * @throws StoreInUse, PortInUse, ShardCountFixed, DataFolderDamaged, ServerNotFound, ServerTooOld,
 *   ServerUnreachable, AuthRefused, BrokerCrashed, BrokerNotReady
 */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const dataDir = path.resolve(options.dataDir);
  const natsUrl = options.natsUrl ?? process.env['NATS_URL'] ?? '';
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (natsUrl !== '') return useExternal(natsUrl, dataDir, options);
  const lock = await lockFolder(dataDir);
  try {
    return await startEmbedded(dataDir, lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startEmbedded(
  dataDir: string,
  lock: FolderLock,
  options: BrokerOptions,
): Promise<RunningBroker> {
  const onProgress = options.onProgress ?? (() => {});
  const { settings, keys } = await prepareFolder(dataDir, options);
  await endOrphan(dataDir, onProgress);
  const asked = options.port ?? PORT_DEFAULT;
  if (asked !== 0) await freePort(asked);
  const server = await findServer(onProgress);
  rotateLog(pathsIn(dataDir).log);
  // Held against `addAgent`, whose signal would end a server that does not listen for it yet.
  const started = await withFolderLock(dataDir, 'agents', CONF_LOCK_WAIT_MS, () =>
    launch(server.path, dataDir, asked, settings, keys, onProgress),
  );
  // Once only: by a second call another broker may already work on the folder.
  let finished: Promise<void> | undefined;
  const finish = (signal: 'SIGTERM' | 'SIGKILL') => {
    finished ??= started.child.end(signal).then(() => {
      forgetRunningServer(dataDir);
      lock.release();
    });
    return finished;
  };
  return {
    url: started.url,
    port: started.port,
    pid: started.child.pid,
    version: started.version,
    dataDir,
    ...settings,
    keys,
    closed: started.child.ended,
    stop: () => finish('SIGTERM'),
    kill: () => finish('SIGKILL'),
  };
}

/** Makes or reads keys and settings, and writes the configuration: also for a server of another. */
async function prepareFolder(
  dataDir: string,
  options: BrokerOptions,
): Promise<{ settings: BrokerSettings; keys: BrokerKeys }> {
  const fixed = readSettings(dataDir);
  const settings = settingsFor(dataDir, fixed, options);
  const keys = ensureKeys(dataDir, fixed === undefined);
  writeSettings(dataDir, settings);
  await withFolderLock(dataDir, 'agents', CONF_LOCK_WAIT_MS, () =>
    writeServerConf(dataDir, generatedConf(keys.users, settings.shards, listAgents(dataDir))),
  );
  return { settings, keys };
}

type Launched = { child: ServerProcess; port: number; url: string; version: string };

async function launch(
  program: string,
  dataDir: string,
  asked: number,
  settings: BrokerSettings,
  keys: BrokerKeys,
  onProgress: OnProgress,
): Promise<Launched> {
  const paths = pathsIn(dataDir);
  for (let tries = 1; ; tries += 1) {
    const port = await freePort(asked);
    const url = `nats://${BROKER_HOST}:${port}`;
    const env = {
      BURSAR_HOST: BROKER_HOST,
      BURSAR_PORT: String(port),
      BURSAR_STORE: JSON.stringify(dataDir),
      BURSAR_MAX_FILE: String(settings.maxFileBytes),
    };
    const child = await startServerProcess(program, ['-c', paths.conf], env, paths.log);
    try {
      const version = await untilReady(child, url, keys, onProgress);
      const identity = identityOf(child.pid);
      if (identity !== undefined) writeRunningServer(dataDir, { ...identity, port, url });
      return { child, port, url, version };
    } catch (error) {
      await child.end('SIGKILL');
      if (!isPortTaken(error)) throw error;
      if (asked !== 0 || tries === PICKED_PORT_TRIES) throw new PortInUse(port, error);
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return (
    error instanceof BrokerCrashed &&
    error.logTail.some((line) => line.includes('address already in use'))
  );
}

/** Waits until the owner can connect, or the process ends. Returns the server's version. */
async function untilReady(
  child: ServerProcess,
  url: string,
  keys: BrokerKeys,
  onProgress: OnProgress,
): Promise<string> {
  let crashed: BrokerCrashed | undefined;
  void child.ended.then((reason) => {
    crashed = reason;
  });
  const startMs = performance.now();
  let wordDueMs = startMs + READY_WORD_MS;
  for (;;) {
    await sleep(20);
    if (crashed !== undefined) throw crashed;
    try {
      return await versionAt(url, keys);
    } catch (error) {
      if (!(error instanceof ServerUnreachable)) throw error;
      const nowMs = performance.now();
      if (nowMs - startMs > READY_WAIT_MS) {
        throw new BrokerNotReady(`The broker did not become ready in ${READY_WAIT_MS} ms.`, error);
      }
      if (nowMs > wordDueMs) {
        wordDueMs = nowMs + READY_WORD_MS;
        onProgress('The broker reads its store …');
      }
    }
  }
}

async function versionAt(url: string, keys: BrokerKeys): Promise<string> {
  const connection = await connectAs(url, 'owner', keys.users.owner.seed, 'bursar start check');
  const version = connection.info?.version ?? 'unknown';
  await connection.close();
  return version;
}

async function useExternal(
  url: string,
  dataDir: string,
  options: BrokerOptions,
): Promise<RunningBroker> {
  const { settings, keys } = await prepareFolder(dataDir, options);
  const version = await versionAt(url, keys);
  return {
    url,
    port: Number(new URL(url.includes('://') ? url : `nats://${url}`).port || 4222),
    pid: undefined,
    version,
    dataDir,
    ...settings,
    keys,
    closed: new Promise(() => {}),
    stop: async () => {},
    kill: async () => {},
  };
}
