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

test('U-03 an auditor reads what was missed from the stream, over plain NATS', async () => {
  const missed = (...args: string[]) =>
    run('node', [example('emergencies-missed.mjs'), ...args], { env, cwd: root });
  const { stdout } = await missed();
  assert.match(stdout, /^1 notice acme: credits of acme is used to 83\.3 %.* \(\d+-\d+-\d+\)$/m);
  assert.match(stdout, /^2 warning acme: /m);
  assert.not.match((await missed('1')).stdout, /notice/);
});

test('U-02 an export is replayed by fifteen lines that need no key and no server', async () => {
  const file = path.join(folder, 'log.jsonl');
  const connection = await connectAs(broker.url, 'owner', broker.keys.users.owner.seed, 'export');
  await exportLog(new JetStreamLedger({ commit: connection }), [0, 1], file, Date.now());
  await connection.close();
  const { stdout } = await run('node', [example('replay.mjs'), file], { env, cwd: root });
  assert.match(stdout, /spent, by who settled: \{ alice: 31200 \}/);
});

test('U-03 X-04 the client hears emergencies and acknowledges a stop', async () => {
  const { seed } = broker.keys.users.operator;
  const operator = await connect({ url: broker.url, agent: 'operator', team: 'acme', seed });
  const key = { keyFile: path.join(folder, 'keys', 'agents', 'alice.nk') };
  const alice = await connect({ url: broker.url, agent: 'alice', team: 'acme', ...key });
  const items = { credits: { amount: 1_000 } };
  await alice.requestOrThrow('acme/research/run-1/step-9', { items });
  const heard: string[] = [];
  listener?.kill();
  listener = spawn('node', ['--import', 'tsx', example('subscribe.ts'), '0'], { env, cwd: root });
  listener.stdout?.on('data', (data) => heard.push(String(data)));
  const until = async (pattern: RegExp) => {
    for (let tries = 0; tries < 150 && !pattern.test(heard.join('')); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.match(heard.join(''), pattern);
  };
  await until(/warning acme: /);
  const { stop } = await operator.stop('acme/research', { ackMs: 1_000 });
  await until(/to me: stop /);
  await until(/stopped acme\/research: .* 1 of 1 agents acknowledged/);
  await operator.recover('acme/research', stop);
  await Promise.all([operator.disconnect(), alice.disconnect()]);
});

test('U-01 U-02 U-03 the README shows each example word for word', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const subscribers = readFileSync(path.join(root, 'docs', 'subscribers.md'), 'utf8');
  for (const [page, names] of [
    [readme, ['request.mjs', 'replay.mjs', 'emergencies.mjs']],
    [subscribers, ['emergencies-missed.mjs', 'subscribe.ts']],
  ] as const) {
    for (const name of names) {
      const text = readFileSync(example(name), 'utf8').trim();
      assert.ok(page.includes(text), `${name} is shown as it is`);
    }
  }
});

test.run();
