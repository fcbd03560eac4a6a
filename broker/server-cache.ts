import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { probeServer, type ServerBinary } from './server-binary.ts';
import { isVersionAtLeast, MIN_SERVER_VERSION } from './server-version.ts';

/** Where fetched servers are kept: BURSAR_CACHE, else `bursar` in the user's cache folder. */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  const chosen = env['BURSAR_CACHE'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const xdg = env['XDG_CACHE_HOME'];
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(homedir(), '.cache');
  return path.join(base, 'bursar');
}

/** The newest usable server in the cache. */
export async function cachedServer(env: NodeJS.ProcessEnv): Promise<ServerBinary | undefined> {
  const folder = serversIn(env);
  if (!existsSync(folder)) return undefined;
  let newest: ServerBinary | undefined;
  for (const name of readdirSync(folder)) {
    const found = await probeServer(path.join(folder, name, 'nats-server'));
    if (found === undefined || !isVersionAtLeast(found.version, MIN_SERVER_VERSION)) continue;
    if (newest === undefined || isVersionAtLeast(found.version, newest.version)) newest = found;
  }
  return newest;
}

/** A new folder of this process's own inside the cache, to work in. The caller removes it. */
export function makeWorkFolder(env: NodeJS.ProcessEnv): string {
  const dir = cacheDir(env);
  mkdirSync(dir, { recursive: true });
  return mkdtempSync(path.join(dir, 'fetch-'));
}

/**
 * Puts a fetched server into the cache in one step. When another process was faster with the same
 * version, its copy stays and is given back.
 */
export async function keepServer(
  env: NodeJS.ProcessEnv,
  fetched: ServerBinary,
): Promise<ServerBinary | undefined> {
  const draft = makeWorkFolder(env);
  const place = path.join(serversIn(env), fetched.version);
  try {
    chmodSync(fetched.path, 0o755);
    renameSync(fetched.path, path.join(draft, 'nats-server'));
    mkdirSync(serversIn(env), { recursive: true });
    renameSync(draft, place);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return probeServer(path.join(place, 'nats-server'));
}

function serversIn(env: NodeJS.ProcessEnv): string {
  return path.join(cacheDir(env), 'nats-server');
}
