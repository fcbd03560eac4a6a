import { randomBytes } from 'node:crypto';
import { DiscardPolicy, type NatsConnection } from 'nats';
import { connectAs } from '../broker/connect.ts';
import type { RunningBroker } from '../broker/start.ts';
import { checkIntegrity } from '../events/integrity.ts';
import { JetStreamLedger } from '../events/ledger-jetstream.ts';
import { ensureStream, StreamConfigError } from '../events/ledger-jetstream-stream.ts';
import type { LedgerLimits } from '../events/ledger-limits.ts';
import { makeRig, type Rig } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';
import {
  blockAfter,
  claimAs,
  collect,
  type LedgerTrial,
  ledgerContract,
  type TrialOptions,
} from './ledger-contract.ts';
import { flipBitOfOldestFile, flipBitOfText } from './ledger-store-files.ts';
import { type NatsProxy, startNatsProxy, type Verdict } from './nats-proxy.ts';

const SHARDS = 64;
const LIMITS = {
  publishTimeoutMs: 250,
  settleDeadlineMs: 2_000,
  getTimeoutMs: 400,
  stallMs: 500,
  readDeadlineMs: 3_000,
};

let rig: Rig;
let broker: RunningBroker;
let nextShard = 0;

async function openTrial(options: TrialOptions = {}): Promise<LedgerTrial> {
  const { proxy, direct, ...trial } = await openProxied({}, options.maxBytes);
  return {
    ...trial,
    loseNextAck: () => once(proxy, 'dropAck'),
    loseNextPublish: () => once(proxy, 'drop'),
    holdNextPublish: () => once(proxy, 'hold'),
    vanishFromNetwork: () => {
      proxy.isBlocked = true;
    },
    reach: () => {
      proxy.isBlocked = false;
    },
    damage: (seq) =>
      restartDamaged(
        'stop',
        (dataDir) => flipBitOfText(dataDir, trial.shard, `event-${seq}`),
        direct,
      ),
  };
}

/** A fresh shard, a ledger whose commits go through a proxy, and a rival beside it. */
async function openProxied(limits: Partial<LedgerLimits> = {}, maxBytes?: number) {
  const shard = nextShard;
  nextShard += 1;
  const proxy = await startNatsProxy(broker.url);
  const seed = broker.keys.users.owner.seed;
  const faulty = await connectAs(proxy.url, 'owner', seed, 'test faulty');
  const direct = await connectAs(broker.url, 'owner', seed, 'test rival');
  await ensureStream(direct, shard, settingsOf(maxBytes), 0);
  const allLimits = { ...LIMITS, ...limits };
  return {
    shard,
    proxy,
    direct,
    ledger: new JetStreamLedger({ commit: faulty, replay: direct, limits: allLimits }),
    rival: new JetStreamLedger({ commit: direct, limits: allLimits }),
    close: async () => {
      await Promise.all([faulty.close(), direct.close()]);
      await proxy.close();
    },
  };
}

function settingsOf(maxBytes = 8 * 2 ** 20) {
  return { shards: SHARDS, generation: 1, maxBytes, replicas: 1 };
}

function once(proxy: NatsProxy, verdict: Verdict): void {
  proxy.judge = () => {
    proxy.judge = () => 'pass';
    return verdict;
  };
}

/** Ends the broker, damages its store and starts it again at the same place. */
async function restartDamaged(
  end: 'stop' | 'kill',
  damage: (dataDir: string) => void,
  watching: NatsConnection,
): Promise<void> {
  await broker[end]();
  damage(broker.dataDir);
  broker = await rig.start({ port: broker.port, shards: SHARDS });
  await untilBack(watching);
}

async function untilBack(connection: NatsConnection): Promise<void> {
  for (;;) {
    try {
      await connection.flush();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const contract = suite('ledger contract: JetStream');
contract.before(async () => {
  rig = makeRig();
  broker = await rig.start({ shards: SHARDS });
});
contract.after(() => rig.close());
ledgerContract(contract, openTrial);
contract.run();

const faults = suite('ledger faults: JetStream');
faults.before(async () => {
  rig = makeRig();
  broker = await rig.start({ shards: SHARDS });
  nextShard = 0;
});
faults.after(() => rig.close());

const codeIs = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

faults('a block carries the whole fence and never an expected message id', async () => {
  const { ledger, shard, close } = await openTrial();
  const claim = await claimAs(ledger, shard, 'a');
  await ledger.append(claim, blockAfter(claim, 1, 'x'));
  const reader = await rig.connect(broker, 'auditor');
  const manager = await reader.jetstreamManager();
  const { header } = await manager.streams.getMessage(`LEDGER_${shard}`, { seq: 2 });
  assert.equal(Object.fromEntries([...header].map(([name, [value]]) => [name, value])), {
    'Nats-Msg-Id': `${shard}-1-1`,
    'Nats-Expected-Stream': `LEDGER_${shard}`,
    'Nats-Expected-Last-Sequence': '1',
    'Nats-Expected-Last-Subject-Sequence': '1',
    'Nats-Expected-Last-Subject-Sequence-Subject': `ledger.${shard}.epoch`,
  });
  await close();
});

faults('a broken connection is noticed at once, and the stored block is found', async () => {
  const trial = await openProxied({ publishTimeoutMs: 20_000, settleDeadlineMs: 20_000 });
  const claim = await claimAs(trial.ledger, trial.shard, 'a');
  once(trial.proxy, 'cutAfter');
  const startedAtMs = performance.now();
  const outcome = await trial.ledger.append(claim, blockAfter(claim, 1, 'x'));
  const tookMs = performance.now() - startedAtMs;
  assert.equal(outcome, { kind: 'stored', seq: 2 });
  assert.ok(tookMs < 3_000, `took ${tookMs} ms of a time-out of 20,000 ms`);
  await trial.close();
});

faults(
  'kill -9 of the server: nothing acknowledged is lost, writer and tail go on',
  async () => {
    const trial = await openProxied({ settleDeadlineMs: 15_000 });
    const { ledger, shard } = trial;
    const claim = await claimAs(ledger, shard, 'a');
    const stop = new AbortController();
    const tailed = collect(ledger.tail(shard, 1, stop.signal), 601);
    const killing = (async () => {
      for (let round = 0; round < 3; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await broker.kill();
        broker = await rig.start({ port: broker.port, shards: SHARDS });
      }
    })();
    for (let seq = 1; seq <= 600; seq += 1) {
      const outcome = await ledger.append(claim, blockAfter(claim, seq, { seq }));
      assert.equal(outcome, { kind: 'stored', seq: seq + 1 });
    }
    await killing;
    assert.equal(
      (await tailed).map((message) => message.seq),
      Array.from({ length: 601 }, (_, index) => index + 1),
    );
    stop.abort();
    await trial.close();
  },
  { timeoutMs: 60_000 },
);

for (const end of ['stop', 'kill'] as const) {
  faults(`a damaged sealed block, then ${end}: reading does not hang, it is refused`, async () => {
    const trial = await openProxied();
    const { ledger, shard } = trial;
    const claim = await claimAs(ledger, shard, 'a');
    for (let seq = 1; seq <= 300; seq += 1) {
      await ledger.append(claim, blockAfter(claim, seq, randomBytes(16_000)));
    }
    await restartDamaged(end, (dataDir) => flipBitOfOldestFile(dataDir, shard), trial.direct);
    const head = await ledger.head(shard);
    const readAll = async () => {
      checkIntegrity(head, [301]);
      await collect(ledger.read(shard, 1, head.lastSeq));
    };
    await assert.rejects(readAll, (error) => {
      return /^log_(regressed|unreadable)$/.test((error as { code?: string }).code ?? '');
    });
    await trial.close();
  });
}

faults('without a stream a block is certainly not stored', async () => {
  const connection = await rig.connect(broker, 'owner');
  const ledger = new JetStreamLedger({ commit: connection, limits: LIMITS });
  const claim = { shard: 60, epochSeq: 1, brokerAtMs: 0, previousEpochSeq: 0 };
  assert.is((await ledger.append(claim, blockAfter(claim, 1, 'x'))).kind, 'notStored');
  await assert.rejects(claimAs(ledger, 60, 'a'), codeIs('log_unavailable'));
  await assert.rejects(collect(ledger.read(61, 1, 1)), codeIs('log_unavailable'));
});

faults('I-07 a user who may only read is refused, not retried', async () => {
  const { ledger, shard, close } = await openTrial();
  const claim = await claimAs(ledger, shard, 'a');
  const connection = await rig.connect(broker, 'auditor');
  const reader = new JetStreamLedger({ commit: connection, limits: LIMITS });
  await assert.rejects(reader.append(claim, blockAfter(claim, 1, 'x')), codeIs('log_refused'));
  assert.is((await collect(reader.read(shard, 1, 1))).length, 1);
  await close();
});

faults('a stream of another configuration is refused by the name of the field', async () => {
  const connection = await rig.connect(broker, 'owner');
  const settings = settingsOf();
  await ensureStream(connection, 50, settings, 0);
  await ensureStream(connection, 50, settings, 0);
  const fieldIs = (field: string) => (error: unknown) =>
    error instanceof StreamConfigError && error.field === field;
  await assert.rejects(
    ensureStream(connection, 50, { ...settings, shards: 8 }, 0),
    fieldIs('metadata.shards'),
  );
  await assert.rejects(
    ensureStream(connection, 50, { ...settings, generation: 2 }, 0),
    fieldIs('metadata.generation'),
  );
  await assert.rejects(
    ensureStream(connection, 50, { ...settings, maxBytes: 1_000_000 }, 0),
    fieldIs('max_bytes'),
  );
  const manager = await connection.jetstreamManager();
  await manager.streams.add({
    name: 'LEDGER_51',
    subjects: ['ledger.51.epoch', 'ledger.51.blk'],
    discard: DiscardPolicy.Old,
  });
  await assert.rejects(
    ensureStream(connection, 51, settings, 0),
    (error) => error instanceof StreamConfigError,
  );
});

faults('a stream that somebody has seen is not made anew', async () => {
  const connection = await rig.connect(broker, 'owner');
  await assert.rejects(ensureStream(connection, 53, settingsOf(), 7), codeIs('log_regressed'));
  await ensureStream(connection, 53, settingsOf(), 0);
  await ensureStream(connection, 53, settingsOf(), 7);
});

faults('a log that does not fit into the store is refused when its stream is made', async () => {
  const connection = await rig.connect(broker, 'owner');
  await assert.rejects(ensureStream(connection, 52, settingsOf(2 ** 50), 0), codeIs('log_refused'));
});

faults.run();
