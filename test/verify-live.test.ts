import { headers } from 'nats';
import type { RunningBroker } from '../broker/start.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { ensureStream } from '../events/ledger-jetstream-stream.ts';
import { logNames } from '../events/log-names.ts';
import { verifyLedger } from '../events/verify.ts';
import { makeRig, type Rig } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { genuineMessages, writeGenuineLog } from './ledger-genuine.ts';
import { flipBitOfText } from './ledger-store-files.ts';
import { EPOCHS, kindsOf, settingsWith, signer, TAMPERINGS } from './tampering.ts';

const live = suite('verify: live streams', { timeoutMs: 60_000 });
let rig: Rig;
let broker: RunningBroker;
live.before(async () => {
  rig = makeRig();
  broker = await rig.start({ shards: 32 });
});
live.after(() => rig.close());

const STREAM = { shards: 32, generation: 1, maxBytes: 8 * 2 ** 20, replicas: 1 };

for (const [shard, { name, found, tamper }] of TAMPERINGS.entries()) {
  live(`U-02 found on the live stream: ${name}`, async () => {
    const { messages, end } = await genuineMessages(shard, signer, EPOCHS);
    const owner = await rig.connect(broker, 'owner');
    await ensureStream(owner, shard, STREAM, 0);
    for (const { kind, msgId, bytes } of tamper(messages, end)) {
      const id = headers();
      id.set('Nats-Msg-Id', msgId ?? '');
      await owner.request(logNames.subject(shard, kind), bytes, { headers: id, timeout: 2_000 });
    }
    const auditor = new JetStreamLedger({ commit: await rig.connect(broker, 'auditor') });
    const report = await verifyLedger(auditor, shard, settingsWith(end));
    assert.equal(kindsOf(report), found);
  });
}

for (const [end, shard] of [
  ['stop', 20],
  ['kill', 21],
] as const) {
  live(
    `U-02 found on the live stream: a bit flipped in the store's file, then ${end}`,
    async () => {
      const owner = await rig.connect(broker, 'owner');
      await ensureStream(owner, shard, STREAM, 0);
      const ledger = new JetStreamLedger({ commit: owner });
      const head = await writeGenuineLog(ledger, shard, signer, EPOCHS);
      assert.is((await verifyLedger(ledger, shard, settingsWith(head))).ok, true);
      await broker[end]();
      flipBitOfText(broker.dataDir, shard, 'event-3-1');
      broker = await rig.start({ shards: 32 });
      const auditor = new JetStreamLedger({ commit: await rig.connect(broker, 'auditor') });
      const report = await verifyLedger(auditor, shard, settingsWith(head));
      assert.equal(
        kindsOf(report),
        end === 'stop' ? ['3 missing_sequence'] : ['2 shorter_than_witness'],
      );
    },
  );
}

live.run();
