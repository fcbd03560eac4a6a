import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mirrorsOf } from './apt-sources.ts';
import type { OnProgress } from './find-server.ts';
import { runCommand } from './run-command.ts';
import { probeServer, type ServerBinary } from './server-binary.ts';
import { keepServer, makeWorkFolder } from './server-cache.ts';
import { isVersionAtLeast, MIN_SERVER_VERSION } from './server-version.ts';

/** Debian suites whose nats-server is new enough, the calmer one first. */
const SUITES = ['forky', 'sid'];
const KEYRINGS = ['gpg', 'pgp'].map((end) => `/usr/share/keyrings/debian-archive-keyring.${end}`);
const APT_TIMEOUT_MS = 180_000;

/**
 * Takes nats-server out of Debian's own package, on Debian: apt reads lists of ours from the
 * system's mirror, verifies the signature with the stock keyring, downloads, and the package is
 * unpacked into the cache. Nothing of the system changes and no root is needed.
 *
 * @param reasons gets a line when it did not work
 */
export async function fetchFromDebian(
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  reasons: string[],
): Promise<ServerBinary | undefined> {
  const release = debianRelease();
  if (release === undefined) {
    reasons.push('Debian package: this system is not Debian');
    return undefined;
  }
  const keyring = KEYRINGS.find(existsSync);
  const mirror = mirrorsOf('/etc/apt', release)[0];
  if (keyring === undefined || mirror === undefined) {
    const missing = keyring === undefined ? 'no Debian keyring' : 'no Debian mirror in /etc/apt';
    reasons.push(`Debian package: ${missing}`);
    return undefined;
  }
  for (const suite of SUITES) {
    onProgress(`Fetching nats-server from Debian ${suite} (about 5 MB, once) …`);
    const dir = makeWorkFolder(env);
    try {
      const fetched = await fetchPackage(dir, { mirror, suite, keyring });
      if (fetched !== undefined && isVersionAtLeast(fetched.version, MIN_SERVER_VERSION)) {
        return await keepServer(env, fetched);
      }
      const found = fetched === undefined ? 'does not run here' : `is ${fetched.version}, too old`;
      reasons.push(`Debian package: that of ${suite} ${found}`);
    } catch (error) {
      reasons.push(`Debian package: ${suite}: ${error instanceof Error ? error.message : error}`);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  return undefined;
}

type Archive = { readonly mirror: string; readonly suite: string; readonly keyring: string };

async function fetchPackage(dir: string, archive: Archive): Promise<ServerBinary | undefined> {
  const architecture = await runCommand('dpkg', ['--print-architecture'], { timeoutMs: 10_000 });
  const apt = prepareApt(dir, archive, architecture.trim());
  const options = { cwd: dir, timeoutMs: APT_TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C' } };
  await runCommand('apt-get', [...apt, 'update'], options);
  await runCommand('apt-get', [...apt, 'download', 'nats-server'], options);
  const file = readdirSync(dir).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get downloaded nothing');
  await runCommand('dpkg', ['-x', file, 'unpacked'], options);
  for (const folder of ['sbin', 'bin']) {
    const found = await probeServer(path.join(dir, 'unpacked/usr', folder, 'nats-server'));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Options that keep apt inside `dir`: own sources, lists, cache and state, no preferences. */
function prepareApt(dir: string, archive: Archive, architecture: string): string[] {
  for (const name of ['parts', 'state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(path.join(dir, name), { recursive: true });
  }
  // Empty files rather than /dev/null, which apt warns about and, as root, may replace.
  for (const name of ['empty', 'state/status']) writeFileSync(path.join(dir, name), '');
  writeFileSync(
    path.join(dir, 'parts/debian.sources'),
    `Types: deb\nURIs: ${archive.mirror}\nSuites: ${archive.suite}\nComponents: main\n` +
      `Architectures: ${architecture}\nSigned-By: ${archive.keyring}\n`,
  );
  const settings = {
    'Dir::Etc::sourcelist': path.join(dir, 'empty'),
    'Dir::Etc::sourceparts': path.join(dir, 'parts'),
    'Dir::Etc::preferences': path.join(dir, 'empty'),
    'Dir::Etc::preferencesparts': path.join(dir, 'none'),
    'Dir::State': path.join(dir, 'state'),
    'Dir::State::status': path.join(dir, 'state/status'),
    'Dir::Cache': path.join(dir, 'cache'),
    'APT::Architecture': architecture,
    'APT::Default-Release': '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '30',
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  return ['-q', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

/** The codename of this Debian; undefined on anything else. */
function debianRelease(): string | undefined {
  if (process.platform !== 'linux' || !existsSync('/etc/os-release')) return undefined;
  const fields = new Map(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .map((line) => [line.split('=')[0], line.split('=')[1]?.replaceAll('"', '')]),
  );
  return fields.get('ID') === 'debian' ? (fields.get('VERSION_CODENAME') ?? 'sid') : undefined;
}
