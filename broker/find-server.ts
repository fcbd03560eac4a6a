import { ServerNotFound } from './errors.ts';
import { fetchFromDebian } from './fetch-debian.ts';
import { fetchWithHomebrew } from './fetch-homebrew.ts';
import { probeServer, type ServerBinary } from './server-binary.ts';
import { cachedServer } from './server-cache.ts';
import { isVersionAtLeast, MIN_SERVER_VERSION } from './server-version.ts';

/** Told about work that takes more than a moment, in words for a person. */
export type OnProgress = (message: string) => void;

/** Folders that hold servers but are often not on the PATH of an ordinary user. */
const MORE_FOLDERS = ['/usr/local/bin', '/usr/local/sbin', '/usr/sbin', '/opt/homebrew/bin'];

/**
 * Finds a nats-server that is new enough: on PATH, else in the cache folder, else fetched into the
 * cache (Debian) or installed (Homebrew). Needs no root.
 *
 * @param env read for PATH, BURSAR_CACHE, XDG_CACHE_HOME and HOME
 * @throws ServerNotFound with a reason for each place, and with what to do
 */
export async function findServer(
  onProgress: OnProgress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServerBinary> {
  const reasons: string[] = [];
  const onPath = await serverOnPath(env, reasons);
  if (onPath !== undefined) return onPath;
  const cached = await cachedServer(env);
  if (cached !== undefined) return cached;
  reasons.push('cache: none kept from an earlier start');
  for (const fetch of [fetchFromDebian, fetchWithHomebrew]) {
    const found = await fetch(env, onProgress, reasons);
    if (found !== undefined) return found;
  }
  throw new ServerNotFound(reasons, MIN_SERVER_VERSION);
}

async function serverOnPath(
  env: NodeJS.ProcessEnv,
  reasons: string[],
): Promise<ServerBinary | undefined> {
  const folders = new Set([...(env['PATH'] ?? '').split(':').filter(Boolean), ...MORE_FOLDERS]);
  let hasAny = false;
  for (const folder of folders) {
    const found = await probeServer(`${folder}/nats-server`);
    if (found === undefined) continue;
    hasAny = true;
    if (isVersionAtLeast(found.version, MIN_SERVER_VERSION)) return found;
    reasons.push(`PATH: ${found.path} is ${found.version}, too old`);
  }
  if (!hasAny) reasons.push('PATH: no nats-server');
  return undefined;
}
