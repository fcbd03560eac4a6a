import { BursarClient } from '../client/client.ts';
import { memoryJournal } from '../client/journal.ts';
import { OUTBOX_DEFAULTS } from '../client/outbox.ts';
import type { Emergency } from '../events/answers.ts';
import { shardOf } from '../events/shard-of.ts';
import { ALL_PROJECTIONS } from '../projections/all-projections.ts';
import { balances } from '../projections/balances.ts';
import { type BalanceDifference, checkBalances } from '../projections/check.ts';
import { Projector } from '../projections/projector.ts';
import type { FaultRates } from '../sim/world/fault-rates.ts';
import type { SimProcess } from '../sim/world/process.ts';
import { simSigner } from '../sim/world/signer.ts';
import type { World } from '../sim/world/world.ts';
import { type RunningWriter, runShards } from '../writer/run-shards.ts';
import { assert, suite } from './harness/suite.ts';
import { performIn, read, text, worldOf } from './sim-world-rig.ts';
import { LogRecorder } from './writer-rig.ts';

const stream = suite('sim: stream of emergencies');

const EMERGENCY: Emergency = {
  id: '0-5-1',
  subject: 'bursar.emergency.acme.~.critical',
  team: 'acme',
  swarm: '~',
  kind: 'critical',
  path: 'acme',
  atMs: 1_000,
  seq: 5,
  detail: 'Nothing new is granted.',
};

stream('an id is stored once, each try is heard, and the newest of a team is found', async () => {
  const world = worldOf();
  const { emergencies } = world.process('owner');
  const heard: string[] = [];
  await performIn(world, async () => {
    const bus = world.process('listener').bus('operator');
    bus.subscribe('bursar.emergency.acme.>', (message) => heard.push(read(message)));
    await bus.flush();
    assert.is(await emergencies.lastOf('acme'), undefined);
    await emergencies.publish(EMERGENCY);
    await emergencies.publish(EMERGENCY);
    await emergencies.publish({ ...EMERGENCY, id: '0-5-2' });
    assert.equal(await emergencies.lastOf('acme'), { seq: 5, index: 2 });
    assert.is(await emergencies.lastOf('acm'), undefined);
  });
  await world.runFor(10);
  assert.equal(
    world.emergencies.stored.map(({ emergency }) => emergency.id),
    ['0-5-1', '0-5-2'],
  );
  assert.equal(
    heard.map((one) => JSON.parse(one).id),
    ['0-5-1', '0-5-1', '0-5-2'],
  );
});

stream('unavailable it keeps nothing; with the ack lost it has kept what failed', async () => {
  const world = worldOf({ faults: { emergencyUnavailable: 1 } });
  const { emergencies } = world.process('owner');
  await performIn(world, async () => {
    await assert.rejects(emergencies.publish(EMERGENCY), /no leader/);
    assert.equal(world.emergencies.stored, []);
    world.faults.set({ emergencyUnavailable: 0, emergencyAckLost: 1 });
    await assert.rejects(emergencies.publish(EMERGENCY), /silence/);
    assert.is(world.emergencies.stored.length, 1);
  });
});

stream.run();

const run = suite('sim: the product in a world');

run('a writer crashes in the middle, another takes over, and a projector agrees', async () => {
  const ran = await workThrough(1);
  assert.is(ran.granted, 60);
  assert.equal(ran.differences, []);
  assert.not.equal(ran.ownerAfter, ran.ownerBefore);
  assert.equal(ran.spent, 60 * 7);
});

run('the same seed gives the same run, byte for byte, and another one another', async () => {
  const [one, again, other] = [await workThrough(2), await workThrough(2), await workThrough(3)];
  assert.is(one.digest, again.digest);
  assert.not.equal(one.digest, other.digest);
});

run('a digest tells a single bit of the log', async () => {
  const world = worldOf();
  const { emergencies, ledger } = world.process('owner');
  await performIn(world, async () => {
    await ledger.claim(0, { epoch: text('an epoch'), nonce: 'n', previousEpochSeq: 0 });
    await emergencies.publish(EMERGENCY);
  });
  const before = world.digest();
  assert.is(world.digest(), before);
  world.store.log(0).flipBit(1, 3);
  assert.not.equal(world.digest(), before);
});

const FAULTS: Partial<FaultRates> = {
  messageDropped: 0.02,
  messageDuplicated: 0.05,
  messageOvertaken: 0.05,
  appendLost: 0.03,
  ackLost: 0.03,
  appendLate: 0.02,
  falseWrongSequence: 0.05,
  lookUnavailable: 0.05,
  emergencyUnavailable: 0.3,
};

run(
  'with faults everywhere the same comes out, and the same seed is still the same run',
  async () => {
    const [one, again] = [await workThrough(5, FAULTS), await workThrough(5, FAULTS)];
    assert.equal([one.granted, one.spent, one.differences], [60, 60 * 7, []]);
    for (const kind of ['messageDuplicated', 'ackLost', 'falseWrongSequence', 'messageDropped']) {
      assert.ok((one.counts[kind] ?? 0) > 0, `${kind}: ${JSON.stringify(one.counts)}`);
    }
    assert.is(one.digest, again.digest);
  },
);

run(
  'an owner that stood still finds out that it is none any more, and answers nothing wrong',
  async () => {
    const ran = await workThrough(6, {}, async (world, owner) => {
      owner.pause();
      world.scheduler.at(world.nowMs + 8_000, 'arrival', undefined, () => owner.resume());
    });
    assert.equal([ran.granted, ran.spent, ran.differences], [60, 60 * 7, []]);
    assert.not.equal(ran.ownerAfter, ran.ownerBefore);
  },
);

run.run();

interface Ran {
  readonly granted: number;
  readonly spent: number;
  readonly differences: readonly BalanceDifference[];
  readonly ownerBefore: string;
  readonly ownerAfter: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly digest: string;
}

/**
 * Two writers and an operator who opens a team and settles sixty requests of 10 with 7 each; in the
 * middle of it something happens to the writer that serves them.
 */
async function workThrough(
  seed: number,
  faults: Partial<FaultRates> = {},
  strike: (world: World, owner: SimProcess) => unknown = (_, owner) => owner.crash(),
): Promise<Ran> {
  const world = worldOf({ seed, faults });
  const signer = simSigner(world.chance);
  const shard = shardOf('acme', world.shards);
  const writers = new Map<SimProcess, RunningWriter>();
  for (const name of ['writer-0', 'writer-1']) {
    const process = world.process(name);
    process.start(() => {
      const { host, ledger, emergencies } = process;
      const bus = process.bus('owner');
      const log = new LogRecorder().logger;
      const named = { shards: world.shards, ownerName: name, witnessFolder: 'witness', log };
      writers.set(process, runShards({ host, bus, ledger, emergencies, signer, ...named }));
    });
  }
  const owner = () =>
    [...writers].find(
      ([process, writer]) => process.isAlive && writer.status()[shard]?.state === 'serving',
    )?.[0];
  const operator = world.process('operator');
  const { host } = operator;
  return performIn(
    world,
    async () => {
      const outbox = { ...OUTBOX_DEFAULTS, timeoutMs: 120_000, agent: 'operator', team: 'acme' };
      const client = new BursarClient({
        host,
        bus: operator.bus('operator'),
        journal: memoryJournal(),
        agent: 'operator',
        outbox,
        onWarning: () => {},
      });
      await client.open('acme', { limits: { credits: { limit: 1_000_000 } } });
      await client.open('acme/lab');
      await client.open('acme/lab/run');
      const ownerBefore = owner();
      let granted = 0;
      for (let i = 0; i < 60; i += 1) {
        const answer = await client.request('acme/lab/run/step', {
          items: { credits: { amount: 10 } },
        });
        if (i === 30 && ownerBefore !== undefined) await strike(world, ownerBefore);
        if (answer.outcome !== 'granted') continue;
        granted += 1;
        await client.settle(answer.id, { credits: 7 });
      }
      // Whoever stood still has found out by then.
      await host.pause(10_000);
      const projector = new Projector({
        host,
        ledger: operator.ledger,
        shard,
        pinnedKeys: [signer.publicKey],
        projections: ALL_PROJECTIONS,
      });
      await projector.catchUp();
      const differences = await checkBalances(projector.stateOf(balances), 'acme', (path) =>
        client.balance(path),
      );
      const { lines } = await client.balance('acme');
      return {
        granted,
        differences,
        spent: lines.find(({ resource }) => resource === 'credits')?.spentTree ?? 0,
        ownerBefore: ownerBefore?.name ?? '',
        ownerAfter: owner()?.name ?? '',
        counts: world.faults.counts,
        digest: world.digest(),
      };
    },
    { name: 'operator', withinMs: 600_000 },
  );
}
