import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAs } from '../broker/connect.ts';
import { pathsIn, runningServer, writeRunningServer } from '../broker/data-folder.ts';
import {
  AuthRefused,
  BrokerCrashed,
  DataFolderDamaged,
  PortInUse,
  ServerUnreachable,
  ShardCountFixed,
  StoreInUse,
} from '../broker/errors.ts';
import { identityOf } from '../broker/live-process.ts';
import { lockFolder } from '../broker/lock.ts';
import { startBroker } from '../broker/start.ts';
import { makeRig } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('broker: start and end');
const rig = makeRig();
test.after(() => rig.close());

let folders = 0;
function freshFolder(): string {
  folders += 1;
  return path.join(rig.root, `data-${folders}`);
}

async function untilGone(pid: number): Promise<boolean> {
  for (let waits = 0; waits < 500 && identityOf(pid) !== undefined; waits += 1) await sleep(10);
  return identityOf(pid) === undefined;
}

test('a started broker says where it is; stop leaves no process, lock or port', async () => {
  const dataDir = freshFolder();
  const broker = await rig.start({ dataDir });
  assert.match(broker.url, new RegExp(`^nats://127\\.0\\.0\\.1:${broker.port}$`));
  assert.is(broker.shards, 8);
  assert.is(runningServer(dataDir)?.url, broker.url);
  await broker.stop();
  assert.is(await broker.closed, undefined);
  assert.is(identityOf(broker.pid ?? 0), undefined);
  assert.is(runningServer(dataDir), undefined);
  assert.is(existsSync(path.join(dataDir, 'broker.lock')), false);
  const again = await rig.start({ dataDir, port: broker.port });
  await broker.stop();
  assert.is(runningServer(dataDir)?.pid, again.pid);
  await again.stop();
});

test('a port in use is named before anything starts', async () => {
  const dataDir = freshFolder();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await assert.rejects(
    rig.start({ dataDir, port }),
    (error) =>
      error instanceof PortInUse &&
      error.code === 'port_in_use' &&
      error.message.includes(String(port)) &&
      error.message.includes('--port'),
  );
  other.close();
  assert.is(existsSync(pathsIn(dataDir).log), false);
  await (await rig.start({ dataDir, port })).stop();
});

test('a store in use is refused and names the process', async () => {
  const dataDir = freshFolder();
  const broker = await rig.start({ dataDir });
  await assert.rejects(
    rig.start({ dataDir }),
    (error) => error instanceof StoreInUse && error.message.includes(String(process.pid)),
  );
  await broker.stop();
});

test('the lock of a dead process is taken over, by one of many', async () => {
  const dataDir = freshFolder();
  mkdirSync(dataDir);
  const dead = spawn('true');
  await once(dead, 'exit');
  const lockFile = path.join(dataDir, 'broker.lock');
  for (const leftOver of [JSON.stringify({ pid: dead.pid, born: '1' }), 'not JSON', '']) {
    writeFileSync(lockFile, leftOver);
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(dataDir)));
    const won = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.is(won.length, 1);
    won[0]?.release();
    assert.is(existsSync(lockFile), false);
  }
});

test('a process id that was given to another process does not keep the lock', async () => {
  const dataDir = freshFolder();
  mkdirSync(dataDir);
  const reused = { pid: process.pid, born: 'an earlier life' };
  writeFileSync(path.join(dataDir, 'broker.lock'), JSON.stringify(reused));
  (await lockFolder(dataDir)).release();
});

test('another number of shards is refused, with the reason', async () => {
  const dataDir = freshFolder();
  await (await rig.start({ dataDir, shards: 3 })).stop();
  await assert.rejects(
    rig.start({ dataDir, shards: 4 }),
    (error) =>
      error instanceof ShardCountFixed &&
      /made with 3 shards; 4 was asked for/.test(error.message) &&
      /a second full budget/.test(error.message),
  );
  const broker = await rig.start({ dataDir });
  assert.is(broker.shards, 3);
  await broker.stop();
  for (const shards of [0, -1, 1.5, 257]) {
    await assert.rejects(rig.start({ dataDir: freshFolder(), shards }), /whole number from 1/);
  }
});

test('kill -9 of the server and a start again: what was acknowledged is there', async () => {
  const dataDir = freshFolder();
  const broker = await rig.start({ dataDir });
  const owner = await rig.connect(broker, 'owner');
  const manager = await owner.jetstreamManager();
  await manager.streams.add({ name: 'LEDGER_0', subjects: ['ledger.0.blk'], max_bytes: 1_000_000 });
  const js = owner.jetstream();
  for (let block = 0; block < 20; block += 1) await js.publish('ledger.0.blk', `block ${block}`);
  await broker.kill();
  assert.is(identityOf(broker.pid ?? 0), undefined);
  const again = await rig.start({ dataDir, port: broker.port });
  const { state } = await (
    await (await rig.connect(again, 'owner')).jetstreamManager()
  ).streams.info('LEDGER_0');
  assert.is(state.last_seq, 20);
  await again.stop();
});

test('a crash of the server is reported with its last words', async () => {
  const dataDir = freshFolder();
  const broker = await rig.start({ dataDir });
  process.kill(broker.pid ?? 0, 'SIGKILL');
  const reason = await broker.closed;
  assert.instance(reason, BrokerCrashed);
  assert.match(reason?.message ?? '', /SIGKILL[\s\S]*Server is ready/);
  await broker.stop();
  await (await rig.start({ dataDir })).stop();
});

test('a server that cannot start is reported with its last words', async () => {
  const dataDir = freshFolder();
  await (await rig.start({ dataDir })).stop();
  rmSync(pathsIn(dataDir).store, { recursive: true });
  writeFileSync(pathsIn(dataDir).store, 'in the way');
  await assert.rejects(
    rig.start({ dataDir }),
    (error) => error instanceof BrokerCrashed && error.logTail.length > 0,
  );
  rmSync(pathsIn(dataDir).store);
  await (await rig.start({ dataDir })).stop();
});

test('when the parent is killed, the server ends and the next start goes on', async () => {
  const dataDir = freshFolder();
  const script = `
    import { startBroker } from ${JSON.stringify(new URL('../broker/start.ts', import.meta.url).href)};
    const broker = await startBroker({ dataDir: ${JSON.stringify(dataDir)}, port: 0, natsUrl: '' });
    console.log(broker.pid);
  `;
  const file = path.join(rig.root, 'parent.mts');
  writeFileSync(file, script);
  const parent = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString().trim());
  assert.ok(identityOf(pid) !== undefined);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const broker = await rig.start({ dataDir });
  assert.is(await untilGone(pid), true);
  await broker.stop();
});

test('a server left behind is ended before another one starts on its store', async () => {
  const dataDir = freshFolder();
  mkdirSync(dataDir);
  const leftBehind = spawn('sleep', ['60']);
  const identity = identityOf(leftBehind.pid ?? 0);
  assert.ok(identity !== undefined);
  writeRunningServer(dataDir, { ...identity, port: 1, url: 'nats://127.0.0.1:1' });
  const said: string[] = [];
  const broker = await rig.start({ dataDir, onProgress: (message) => said.push(message) });
  assert.is(leftBehind.signalCode, 'SIGTERM');
  assert.ok(said.some((message) => message.includes(String(identity.pid))));
  await broker.stop();
});

test('a lost signing key, or a lost broker.json, is refused and not made anew', async () => {
  const dataDir = freshFolder();
  await (await rig.start({ dataDir })).stop();
  const key = path.join(dataDir, 'keys', 'ledger-signing.key');
  const kept = readFileSync(key, 'utf8');
  rmSync(key);
  const isDamage = (error: unknown) => error instanceof DataFolderDamaged;
  await assert.rejects(rig.start({ dataDir }), isDamage);
  writeFileSync(key, kept, { mode: 0o600 });
  const { settings } = pathsIn(dataDir);
  appendFileSync(settings, '}');
  await assert.rejects(rig.start({ dataDir }), isDamage);
  rmSync(settings);
  await assert.rejects(rig.start({ dataDir }), isDamage);
});

test('an external server is used as it is, and nothing is started', async () => {
  const dataDir = freshFolder();
  const broker = await rig.start({ dataDir });
  const used = await startBroker({ dataDir, natsUrl: broker.url });
  assert.is(used.pid, undefined);
  assert.is(used.port, broker.port);
  assert.is(used.version, broker.version);
  await used.stop();
  await (await rig.connect(broker, 'owner')).flush();
  await assert.rejects(
    startBroker({ dataDir: freshFolder(), natsUrl: broker.url }),
    (error) => error instanceof AuthRefused,
  );
  await broker.stop();
  await assert.rejects(
    connectAs(broker.url, 'owner', broker.keys.users.owner.seed, 'test'),
    (error) => error instanceof ServerUnreachable && error.retryable,
  );
});

test.run();
