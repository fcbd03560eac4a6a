import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { addAgent, agentSeed, listAgents, removeAgent } from '../broker/agents.ts';
import { connectAs } from '../broker/connect.ts';
import { AgentRefused, AuthRefused, type BrokerError } from '../broker/errors.ts';
import type { RunningBroker } from '../broker/start.ts';
import { makeRig, publishOutcome } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('broker: agents');
const rig = makeRig();
let broker: RunningBroker;

test.before(async () => {
  broker = await rig.start();
});
test.after(() => rig.close());

const code = (expected: string) => (error: unknown) => (error as BrokerError).code === expected;

test('an agent added while the broker runs can connect, and no connection drops', async () => {
  const owner = await rig.connect(broker, 'owner');
  await addAgent(broker.dataDir, { name: 'first', team: 'acme' });
  const first = await rig.connect(broker, 'first');
  const drops: string[] = [];
  for (const connection of [owner, first]) {
    void (async () => {
      for await (const status of connection.status()) drops.push(status.type);
    })();
  }
  owner.subscribe('bursar.shard.*.req.>', { callback: (_e, message) => message.respond('ok') });
  await owner.flush();

  const added = await addAgent(broker.dataDir, { name: 'second', team: 'globex' });
  assert.is(added.isLive, true);
  const second = await rig.connect(broker, 'second');
  assert.is(await publishOutcome(second, 'bursar.req.second.globex.request'), 'stored');
  assert.is(await publishOutcome(first, 'bursar.req.first.acme.request'), 'stored');
  assert.equal(drops, []);
});

test('the same agent again changes nothing; another team is refused', async () => {
  const agent = { name: 'twice', team: 'acme' };
  const first = await addAgent(broker.dataDir, agent);
  const again = await addAgent(broker.dataDir, agent);
  assert.is(again.seed, first.seed);
  assert.is(again.publicKey, first.publicKey);
  await assert.rejects(
    addAgent(broker.dataDir, { name: 'twice', team: 'globex' }),
    code('agent_refused'),
  );
  assert.is(listAgents(broker.dataDir).find((entry) => entry.name === 'twice')?.team, 'acme');
});

test('names that are no token, or belong to the broker, are refused', async () => {
  const before = listAgents(broker.dataDir);
  const bad = ['', 'a.b', 'a b', '*', '>', '../x', 'ä', 'x'.repeat(65), 'a"b', 'a\nb'];
  for (const name of [...bad, 'owner', 'projector', 'auditor', 'operator', 'sys']) {
    await assert.rejects(addAgent(broker.dataDir, { name, team: 'acme' }), isRefusal);
  }
  for (const team of bad) {
    await assert.rejects(addAgent(broker.dataDir, { name: 'fine', team }), isRefusal);
  }
  assert.equal(listAgents(broker.dataDir), before);
  assert.is(agentSeed(broker.dataDir, '../owner'), undefined);
});

test('a removed agent is out at once and its key is gone', async () => {
  const { seed } = await addAgent(broker.dataDir, { name: 'leaver', team: 'acme' });
  const leaver = await connectAs(broker.url, 'leaver', seed, 'test leaver');
  const closed = leaver.closed();
  assert.is(await removeAgent(broker.dataDir, 'leaver'), true);
  await closed;
  await assert.rejects(
    connectAs(broker.url, 'leaver', seed, 'test leaver'),
    (error) => error instanceof AuthRefused,
  );
  assert.is(agentSeed(broker.dataDir, 'leaver'), undefined);
  assert.is(await removeAgent(broker.dataDir, 'leaver'), false);
});

test('agents added at the same moment are all there', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `crowd-${index}`);
  await Promise.all(names.map((name) => addAgent(broker.dataDir, { name, team: 'acme' })));
  for (const name of names) await (await rig.connect(broker, name)).close();
  const listed = listAgents(broker.dataDir).map((entry) => entry.name);
  assert.equal(
    listed.filter((name) => name.startsWith('crowd-')),
    names,
  );
});

test('seeds and keys are readable by their owner only', () => {
  const dir = path.join(broker.dataDir, 'keys');
  assert.is(statSync(dir).mode & 0o777, 0o700);
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((f) =>
    f.isFile(),
  );
  assert.ok(files.length >= 7);
  for (const file of files) {
    const mode = statSync(path.join(file.parentPath, file.name)).mode & 0o777;
    assert.is(mode, 0o600, file.name);
  }
});

test('an agent outlives a restart; before the first start there is none', async () => {
  await addAgent(broker.dataDir, { name: 'stayer', team: 'acme' });
  await broker.stop();
  const later = await addAgent(broker.dataDir, { name: 'offline', team: 'acme' });
  assert.is(later.isLive, false);
  broker = await rig.start();
  for (const name of ['stayer', 'offline']) await (await rig.connect(broker, name)).close();

  const fresh = path.join(rig.root, 'fresh');
  await assert.rejects(addAgent(fresh, { name: 'early', team: 'acme' }), isRefusal);
  assert.is(existsSync(fresh), false);
});

function isRefusal(error: unknown): boolean {
  return error instanceof AgentRefused && error.code === 'agent_refused' && !error.retryable;
}

test.run();
