import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mirrorsOf, parseDeb822Sources, parseOneLineSources } from '../broker/apt-sources.ts';
import { ServerNotFound, ServerTooOld } from '../broker/errors.ts';
import { findServer } from '../broker/find-server.ts';
import { cacheDir, cachedServer, keepServer } from '../broker/server-cache.ts';
import { checkServerVersion, isVersionAtLeast } from '../broker/server-version.ts';
import { makeRig } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('broker: where nats-server comes from');
const rig = makeRig();
test.after(() => rig.close());

const silent = () => {};

/** A program that says it is nats-server of some version. */
function fakeServer(folder: string, version: string): string {
  const file = path.join(rig.root, folder, 'nats-server');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho 'nats-server: v${version}'\n`);
  chmodSync(file, 0o755);
  return file;
}

test('versions compare by number; a pre-release is older than its release', () => {
  for (const [version, min, expected] of [
    ['2.12.12', '2.12.12', true],
    ['v2.15.1', '2.12.12', true],
    ['2.12.9', '2.12.12', false],
    ['2.9.99', '2.12.12', false],
    ['3.0.0', '2.12.12', true],
    ['2.13.0-RC.1', '2.12.12', true],
    ['2.12.12-dev', '2.12.12', false],
    ['unknown', '2.12.12', false],
    ['', '2.12.12', false],
  ] as const) {
    assert.is(isVersionAtLeast(version, min), expected, `${version} at least ${min}`);
  }
  assert.throws(
    () => checkServerVersion('2.10.27'),
    (e: unknown) => e instanceof ServerTooOld,
  );
});

test('a new enough server on PATH is taken, the first one', async () => {
  const file = fakeServer('good', '2.13.0');
  const env = { PATH: `${path.dirname(file)}:${path.dirname(fakeServer('other', '2.15.1'))}` };
  assert.equal(await findServer(silent, env), { path: file, version: '2.13.0' });
});

test('an old server on PATH is passed over for the one in the cache', async () => {
  const old = fakeServer('old', '2.10.27');
  const env = { PATH: path.dirname(old), BURSAR_CACHE: path.join(rig.root, 'cache-a') };
  await keepServer(env, { path: fakeServer('fetched', '2.14.3'), version: '2.14.3' });
  const newest = await keepServer(env, {
    path: fakeServer('fetched', '2.15.1'),
    version: '2.15.1',
  });
  await keepServer(env, { path: fakeServer('fetched', '2.11.0'), version: '2.11.0' });
  const found = await findServer(silent, env);
  assert.equal(found, newest);
  assert.ok(found.path.startsWith(cacheDir(env)));
});

test('with no server anywhere the error gives each reason and what to do', async () => {
  const error = new ServerNotFound(['PATH: /x/nats-server is 2.10.27, too old'], '2.12.12');
  for (const part of [/2\.10\.27, too old/, /NATS_URL/, /container image/, /on PATH/]) {
    assert.match(error.message, part);
  }
});

test('two processes that fetch at once leave one good copy and no rubbish', async () => {
  const env = { BURSAR_CACHE: path.join(rig.root, 'cache-b') };
  const kept = await Promise.all(
    ['one', 'two', 'three'].map((name) =>
      keepServer(env, { path: fakeServer(name, '2.15.1'), version: '2.15.1' }),
    ),
  );
  assert.is(new Set(kept.map((server) => server?.path)).size, 1);
  assert.equal(await cachedServer(env), kept[0]);
  assert.equal(readdirSync(cacheDir(env)), ['nats-server']);
});

test('a broken copy in the cache is not taken', async () => {
  const env = { BURSAR_CACHE: path.join(rig.root, 'cache-c') };
  const file = path.join(cacheDir(env), 'nats-server', '2.15.1', 'nats-server');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, 'half a download');
  chmodSync(file, 0o755);
  assert.is(await cachedServer(env), undefined);
});

test('the cache folder: BURSAR_CACHE, XDG_CACHE_HOME, the home folder', () => {
  assert.is(cacheDir({ BURSAR_CACHE: '/c', XDG_CACHE_HOME: '/x' }), '/c');
  assert.is(cacheDir({ XDG_CACHE_HOME: '/x' }), '/x/bursar');
  assert.is(cacheDir({ XDG_CACHE_HOME: 'relative' }), cacheDir({}));
  assert.match(cacheDir({}), /\.cache\/bursar$/);
});

test('the mirror is read from both forms of apt source files', () => {
  const aptDir = path.join(rig.root, 'apt');
  mkdirSync(path.join(aptDir, 'sources.list.d'), { recursive: true });
  writeFileSync(
    path.join(aptDir, 'sources.list'),
    `# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb cdrom:[Debian]/ bookworm main
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64 signed-by=/k.gpg] http://one.example/debian/ bookworm main contrib # note
`,
  );
  writeFileSync(
    path.join(aptDir, 'sources.list.d', 'debian.sources'),
    `Types: deb deb-src
# a comment
URIs: https://two.example/debian
 http://three.example/debian
Suites: bookworm bookworm-updates
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://vendor.example/node
Suites: nodistro
Components: main
`,
  );
  writeFileSync(
    path.join(aptDir, 'sources.list.d', 'notes.txt'),
    'deb http://ignored.example bookworm main',
  );
  assert.equal(mirrorsOf(aptDir, 'bookworm'), [
    'http://one.example/debian',
    'https://two.example/debian',
    'http://three.example/debian',
  ]);
  assert.equal(mirrorsOf(path.join(rig.root, 'nowhere'), 'bookworm'), []);
  assert.equal(parseOneLineSources('nonsense\n\ndeb\n'), []);
  assert.equal(parseDeb822Sources(''), []);
});

const isFetchTested = process.env['BURSAR_TEST_FETCH'] === '1' && existsSync('/etc/debian_version');
if (isFetchTested) {
  test(
    "Debian's package is fetched into an empty cache, by two at once",
    async () => {
      const env = { PATH: '/nowhere', BURSAR_CACHE: path.join(rig.root, 'cache-d') };
      const [one, two] = await Promise.all([findServer(silent, env), findServer(silent, env)]);
      assert.equal(one, two);
      assert.ok(isVersionAtLeast(one.version, '2.12.12'));
      assert.equal(readdirSync(cacheDir(env)), ['nats-server']);
    },
    { timeoutMs: 300_000 },
  );
} else {
  test.skip(
    "Debian's package is fetched into an empty cache, by two at once",
    'takes a download: set BURSAR_TEST_FETCH=1, on Debian',
  );
}

test.run();
