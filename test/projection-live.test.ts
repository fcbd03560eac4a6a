import type { NatsConnection } from 'nats';
import { addAgent } from '../broker/agents.ts';
import type { RunningBroker } from '../broker/start.ts';
import { NatsBus } from '../bus/nats-bus.ts';
import { decode } from '../events/codec.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { ensureStream } from '../events/ledger-jetstream-stream.ts';
import { systemHost } from '../host/system-host.ts';
import { ALL_PROJECTIONS } from '../projections/all-projections.ts';
import { balances } from '../projections/balances.ts';
import { checkBalances } from '../projections/check.ts';
import { type FedEvent, LiveFeed } from '../projections/live-feed.ts';
import { places } from '../projections/places.ts';
import { Projector } from '../projections/projector.ts';
import { makeRig, type Rig } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { Governor, openLab } from './projection-governor.ts';
import { BlockWriter, signer } from './projection-log.ts';

const SHARD = 0;
const test = suite('projection: live, over a real server', { timeoutMs: 60_000 });
let rig: Rig;
let broker: RunningBroker;
let writer: BlockWriter;
let governor: Governor;

test.before(async () => {
  rig = makeRig();
  broker = await rig.start({ shards: 8 });
  await addAgent(broker.dataDir, { name: 'wile', team: 'acme' });
  const owner = await rig.connect(broker, 'owner');
  await ensureStream(
    owner,
    SHARD,
    { shards: 8, generation: 1, maxBytes: 8 * 2 ** 20, replicas: 1 },
    0,
  );
  writer = new BlockWriter(new JetStreamLedger({ commit: owner }), SHARD);
  await writer.claim();
  governor = new Governor('acme');
  openLab(governor);
  await writer.writeGoverned(governor);
});
test.after(() => rig.close());

/** Some requests and settles, each written as it is decided. */
async function work(prefix: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const last = governor.recorded.at(-1)?.at.seq ?? 0;
    const id = `${prefix}-${n}`;
    governor.pass(1);
    const path = 'acme/lab/r1/s1';
    governor.send({ op: 'request', id, path, items: { credits: { amount: 10 } } });
    governor.send({ op: 'settle', allocation: id, actual: { credits: 1 } });
    await writer.writeGoverned(governor, last + 1);
  }
}

function projectorFor(connection: NatsConnection, feed?: LiveFeed): Projector {
  const projector: Projector = new Projector({
    host: systemHost,
    ledger: new JetStreamLedger({ commit: connection }),
    shard: SHARD,
    pinnedKeys: [signer.publicKey],
    projections: ALL_PROJECTIONS,
    dataDir: rig.root,
    onEvent: (recorded, swept, isLive) => {
      if (isLive) feed?.publish(recorded, swept.block, projector.stateOf(places));
    },
  });
  return projector;
}

async function agrees(projector: Projector): Promise<void> {
  const ask = (path: string) => governor.balance(path);
  const differences = await checkBalances(projector.stateOf(balances), 'acme', ask);
  assert.is(differences.length, 0, JSON.stringify(differences));
}

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error('it did not come true within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('M-01 I-09 the projector user reads the log and feeds single events to the team', async () => {
  const connection = await rig.connect(broker, 'projector');
  const agent = await rig.connect(broker, 'wile');
  const fed: FedEvent[] = [];
  const subjects: string[] = [];
  agent.subscribe('bursar.events.acme.>', {
    callback: (_error, message) => {
      subjects.push(message.subject);
      fed.push(decode(message.data, 2 ** 20) as FedEvent);
    },
  });
  await agent.flush();
  const feed = new LiveFeed(new NatsBus(connection, '_INBOX_projector'), SHARD);
  const projector = projectorFor(connection, feed);
  await projector.catchUp();
  await agrees(projector);
  assert.is(feed.published, 0, 'what was there before is not fed');
  projector.follow();
  await work('live', 3);
  await until(() => projector.health().seq === writer.seq);
  await agrees(projector);
  await until(() => fed.length === feed.published && fed.length >= 6);
  assert.equal(
    fed.slice(0, 2).map(({ event, path }) => [event.type, path]),
    [
      ['AllocationGranted', 'acme/lab/r1/s1'],
      ['AllocationEnded', 'acme/lab/r1/s1'],
    ],
  );
  assert.is(subjects[0], 'bursar.events.acme.lab.AllocationGranted');
  assert.equal(
    subjects,
    fed.map(({ subject }) => subject),
  );
  assert.is(fed.at(-1)?.seq, writer.seq);
  assert.is(fed[0]?.hash?.byteLength, 32);
  await projector.stop();
  assert.is(feed.dropped, 0);
});

test('X-07 a broker that is killed and comes back costs the projector nothing', async () => {
  const connection = await rig.connect(broker, 'projector');
  const projector = projectorFor(connection);
  await projector.catchUp();
  projector.follow();
  await work('before', 2);
  const { port } = broker;
  await broker.kill();
  broker = await rig.start({ port, shards: 8 });
  const owner = await rig.connect(broker, 'owner');
  const { no, blockSeq, blockHash } = writer;
  writer = Object.assign(new BlockWriter(new JetStreamLedger({ commit: owner }), SHARD), {
    no,
    blockSeq,
    blockHash,
  });
  await writer.claim();
  await work('after', 3);
  await until(() => projector.health().seq === writer.seq);
  await agrees(projector);
  assert.equal(projector.health().poison, []);
  assert.is(projector.health().failure, undefined);
  await projector.stop();
  const again = projectorFor(connection);
  await again.catchUp();
  assert.is(again.health().seq, writer.seq);
  await agrees(again);
});

test.run();
