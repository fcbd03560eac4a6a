import type { NatsConnection } from 'nats';
import { checkBroker } from '../broker/checks.ts';
import type { RunningBroker } from '../broker/start.ts';
import { makeRig } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('broker: what doctor looks at');
const rig = makeRig();
let broker: RunningBroker;
let owner: NatsConnection;
let sys: NatsConnection;

test.before(async () => {
  broker = await rig.start({ maxFileBytes: 100_000_000 });
  owner = await rig.connect(broker, 'owner');
  sys = await rig.connect(broker, 'sys');
});
test.after(() => rig.close());

async function failing(...args: Parameters<typeof checkBroker>): Promise<string[]> {
  const checks = await checkBroker(...args);
  for (const { ok, advice } of checks) assert.is(advice === '', ok);
  return checks.filter(({ ok }) => !ok).map(({ check }) => check);
}

test('the embedded broker passes every check', async () => {
  const [operator, projector, auditor] = await Promise.all(
    ['operator', 'projector', 'auditor'].map((user) => rig.connect(broker, user)),
  );
  const all = { owner, sys, operator, projector, auditor };
  const checks = await checkBroker(all, { shards: broker.shards });
  assert.equal(
    checks.map(({ check, ok }) => [check, ok]),
    [
      ['server version', true],
      ['synced writes', true],
      ['store limit', true],
      ['mapping and account wall', true],
      ['operator cannot write the ledger', true],
      ['projector cannot write the ledger', true],
      ['auditor cannot write the ledger', true],
    ],
  );
});

test('another number of shards than the mapping has is seen', async () => {
  const operator = await rig.connect(broker, 'operator');
  const wrong = await failing({ owner, sys, operator }, { shards: 1_000_003 });
  assert.equal(wrong, ['mapping and account wall']);
});

test('without the SYS user synced writes must be declared', async () => {
  assert.equal(await failing({ owner }, { shards: 8 }), ['synced writes']);
  assert.equal(await failing({ owner }, { shards: 8, isSyncAlwaysDeclared: true }), []);
});

test('who can write the ledger is seen', async () => {
  const wrong = await failing({ owner, sys, auditor: owner }, { shards: 8 });
  assert.equal(wrong, ['auditor cannot write the ledger']);
});

test('a store too small for its streams, or a stream without a size, is seen', async () => {
  const manager = await owner.jetstreamManager();
  await manager.streams.add({ name: 'A', subjects: ['a'], max_bytes: 90_000_000 });
  assert.equal(await failing({ owner, sys }, { shards: 8 }), []);
  await broker.stop();
  broker = await rig.start({ maxFileBytes: 80_000_000 });
  owner = await rig.connect(broker, 'owner');
  sys = await rig.connect(broker, 'sys');
  assert.equal(await failing({ owner, sys }, { shards: 8 }), ['store limit']);

  await broker.stop();
  broker = await rig.start({ maxFileBytes: 200_000_000 });
  owner = await rig.connect(broker, 'owner');
  sys = await rig.connect(broker, 'sys');
  await (await owner.jetstreamManager()).streams.add({ name: 'B', subjects: ['b'] });
  assert.equal(await failing({ owner, sys }, { shards: 8 }), ['store limit']);
});

test.run();
