import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { addAgent } from '../broker/agents.ts';
import { connectAs } from '../broker/connect.ts';
import { type RunningBroker, startBroker } from '../broker/start.ts';
import { connect } from '../client/client.ts';
import { exportLog } from '../events/export-write.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import type { RunningWriter } from '../writer/run-shards.ts';
import { startWriter } from '../writer/start.ts';
import { assert, suite } from './harness/suite.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
const example = (name: string) => path.join(root, 'docs', 'examples', name);

const test = suite('the examples of the README, as they stand there');
let folder: string;
let broker: RunningBroker;
let writer: RunningWriter;
let env: NodeJS.ProcessEnv;
let listener: ChildProcess | undefined;

test.before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'bursar-examples-'));
  broker = await startBroker({ dataDir: folder, port: 0, shards: 2 });
  writer = await startWriter({
    url: broker.url,
    keys: broker.keys,
    dataDir: folder,
    shards: broker.shards,
    maxBytesPerShard: 16 * 1024 * 1024,
  });
  await writer.ready();
  await addAgent(folder, { name: 'alice', team: 'acme' });
  const { seed } = broker.keys.users.operator;
  const operator = await connect({ url: broker.url, agent: 'operator', team: 'acme', seed });
  const credits = { limit: 60_000 };
  await operator.open('acme', { limits: { credits } });
  await operator.open('acme/research');
  await operator.open('acme/research/run-1');
  await operator.enrol({ agent: 'alice', role: 'agent', prefix: 'acme/research' });
  await operator.disconnect();
  env = { ...process.env, BURSAR_URL: broker.url, BURSAR_DATA: folder };
});

test.after(async () => {
  listener?.kill();
  await writer?.stop();
  await broker?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

test('U-03 an agent hears emergencies over plain NATS, U-01 asks and settles in JSON', async () => {
  const heard: string[] = [];
  listener = spawn('node', [example('emergencies.mjs')], { env, cwd: root });
  listener.stdout?.on('data', (data) => heard.push(String(data)));
  await new Promise((resolve) => setTimeout(resolve, 1_000));

  const { stdout } = await run('node', [example('request.mjs')], { env, cwd: root });
  assert.match(stdout, /outcome: 'granted'/);
  assert.match(stdout, /outcome: 'settled'/);

  for (let tries = 0; tries < 50 && heard.join('').split('\n').length < 4; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.match(heard.join(''), /^notice acme: credits of acme is used to 83\.3 %/m);
  assert.match(heard.join(''), /^warning acme: /m);
});

test('U-02 an export is replayed by fifteen lines that need no key and no server', async () => {
  const file = path.join(folder, 'log.jsonl');
  const connection = await connectAs(broker.url, 'owner', broker.keys.users.owner.seed, 'export');
  await exportLog(new JetStreamLedger({ commit: connection }), [0, 1], file, Date.now());
  await connection.close();
  const { stdout } = await run('node', [example('replay.mjs'), file], { env, cwd: root });
  assert.match(stdout, /spent, by who settled: \{ alice: 31200 \}/);
});

test('U-01 U-02 U-03 the README shows each example word for word', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  for (const name of ['request.mjs', 'replay.mjs', 'emergencies.mjs']) {
    assert.ok(
      readme.includes(readFileSync(example(name), 'utf8').trim()),
      `${name} is in the README`,
    );
  }
});

test.run();
