import { createHash } from 'node:crypto';
import type { AppendOutcome } from '../events/ledger.ts';
import type { FaultKind } from '../sim/world/fault-rates.ts';
import { WORLD_BEGINS_AT_MS } from '../sim/world/process-host.ts';
import type { CrashSide } from '../sim/world/steps.ts';
import type { World } from '../sim/world/world.ts';
import { assert, suite } from './harness/suite.ts';
import {
  blockAfter,
  claimAs,
  collect,
  type LedgerTrial,
  ledgerContract,
  type TrialOptions,
} from './ledger-contract.ts';
import { performIn, worldOf } from './sim-world-rig.ts';

const SHARD = 1;

const contract = suite('ledger contract: simulated');
ledgerContract(contract, openTrial);
contract.run();

/** Time passes by itself as long as the trial is open. */
async function openTrial({ maxBytes }: TrialOptions = {}): Promise<LedgerTrial> {
  const world = worldOf(maxBytes === undefined ? {} : { maxBytesPerShard: maxBytes });
  const afflicted = world.process('afflicted');
  let isOpen = true;
  let once: FaultKind | undefined;
  const strikeOnce = (kind: FaultKind) => {
    once = kind;
    world.faults.set({ [kind]: 1 });
  };
  const pump = async () => {
    while (isOpen) {
      await world.run({
        until: () => {
          if (once !== undefined && world.faults.counts[once] !== undefined) world.faults.calm();
          return !isOpen;
        },
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const pumping = pump();
  return {
    shard: SHARD,
    ledger: afflicted.ledger,
    rival: world.process('rival').ledger,
    loseNextAck: () => strikeOnce('ackLost'),
    loseNextPublish: () => strikeOnce('appendLost'),
    holdNextPublish: () => strikeOnce('appendLate'),
    vanishFromNetwork: () => world.broker.cut(afflicted),
    reach: () => {
      world.broker.reset(afflicted);
      world.broker.heal(afflicted);
    },
    damage: async (seq) => world.store.log(SHARD).vanish(seq),
    close: async () => {
      isOpen = false;
      await pumping;
      assert.equal(world.scheduler.uncaught, []);
    },
  };
}

const test = suite('sim: the log of a process');

test('messages carry the wall time of the broker, whatever the process thinks', async () => {
  const world = worldOf();
  const owner = world.process('owner');
  owner.jumpClock(3_600_000);
  world.broker.jumpClock(-7_000);
  await world.runFor(5_000);
  const claim = await performIn(world, () => claimAs(owner.ledger, SHARD, 'owner'));
  const sinceMs = claim.brokerAtMs - WORLD_BEGINS_AT_MS;
  assert.ok(sinceMs > -2_001 && sinceMs < -1_900, `${sinceMs}`);
});

test('every step to an append is one at which the writer can crash, with or without effect', async () => {
  const lastSeqs = new Map<string, number>();
  for (const side of ['before', 'after'] as const) {
    for (let step = 1; step <= 8; step += 1) {
      lastSeqs.set(`${side} ${step}`, await lastSeqAfterCrash(step, side));
    }
  }
  // Claiming: newest epoch, head, publish, newest epoch; then the append. Nothing crashes after it.
  const at = (side: CrashSide) => [1, 2, 3, 4, 5, 6].map((step) => lastSeqs.get(`${side} ${step}`));
  assert.equal(at('before'), [0, 0, 0, 1, 1, 2]);
  assert.equal(at('after'), [0, 0, 1, 1, 2, 2]);
});

test('what crashes while the answer is due is never told', async () => {
  const world = worldOf();
  const owner = world.process('owner');
  const heard: unknown[] = [];
  owner.start(async () => {
    const claim = await claimAs(owner.ledger, SHARD, 'owner');
    heard.push('claimed');
    const outcome = await owner.ledger.append(claim, blockAfter(claim, 1, 'x'));
    heard.push(outcome.kind);
  });
  await world.runUntil(() => world.store.log(SHARD).lastSeq === 2, 1_000);
  owner.crash();
  await world.runFor(60_000);
  assert.equal([heard, world.store.log(SHARD).lastSeq], [['claimed'], 2]);
});

const FATES: readonly [FaultKind, AppendOutcome['kind'], number][] = [
  ['appendLost', 'unknown', 1],
  ['ackLost', 'stored', 2],
  ['ackLate', 'stored', 2],
  ['appendLate', 'stored', 2],
  ['falseWrongSequence', 'notStored', 1],
  ['appendUnavailable', 'notStored', 1],
  ['falseFull', 'full', 1],
  ['appendSlow', 'stored', 2],
];

for (const [fault, kind, lastSeq] of FATES) {
  test(`an append whose every try suffers ${fault} ends as ${kind}`, async () => {
    const world = worldOf();
    const { ledger } = world.process('owner');
    const outcome = await performIn(world, async () => {
      const claim = await claimAs(ledger, SHARD, 'owner');
      world.faults.set({ [fault]: 1 });
      return ledger.append(claim, blockAfter(claim, 1, 'x'));
    });
    assert.equal([outcome.kind, world.store.log(SHARD).lastSeq], [kind, lastSeq]);
    assert.ok((world.faults.counts[fault] ?? 0) > 0);
  });
}

test('a late append is stored after its writer was told that nothing is known of it', async () => {
  const world = worldOf({ seed: 4 });
  const { ledger } = world.process('owner');
  const outcome = await performIn(world, async () => {
    const claim = await claimAs(ledger, SHARD, 'owner');
    world.faults.set({ appendLate: 1, lookUnavailable: 1 });
    return ledger.append(claim, blockAfter(claim, 1, 'x'));
  });
  assert.is(outcome.kind, 'unknown');
  await world.runFor(20_000);
  assert.is(world.store.log(SHARD).lastSeq, 2);
});

test('a replay survives a restart of the broker, and gives up when it stays away', async () => {
  const world = worldOf();
  const owner = world.process('owner');
  const { ledger } = owner;
  const read = () => collect(ledger.read(SHARD, 1, 5));
  await performIn(world, async () => {
    const claim = await claimAs(ledger, SHARD, 'owner');
    for (let seq = 1; seq < 5; seq += 1) await ledger.append(claim, blockAfter(claim, seq, seq));
  });
  world.broker.restart(10_000);
  const { stepCount } = owner;
  assert.is((await performIn(world, read)).length, 5);
  assert.ok(world.nowMs > 10_000 && world.nowMs < 10_500, `${world.nowMs}`);
  assert.ok(owner.stepCount - stepCount < 10, 'it waits for the broker and does not ask and ask');
  world.broker.restart(3_600_000);
  await assert.rejects(
    performIn(world, read),
    (error) => (error as { code?: string }).code === 'log_unavailable',
  );
});

test('a paused process hears the log go on when it is resumed', async () => {
  const world = worldOf();
  const owner = world.process('owner');
  const reader = world.process('reader');
  const seen: number[] = [];
  reader.start(async () => {
    const { signal } = new AbortController();
    for await (const { seq } of reader.ledger.tail(SHARD, 1, signal)) seen.push(seq);
  });
  await performIn(world, () => claimAs(owner.ledger, SHARD, 'owner'));
  await world.runFor(100);
  reader.pause();
  await performIn(world, () => claimAs(owner.ledger, SHARD, 'owner'));
  await world.runFor(5_000);
  assert.equal(seen, [1]);
  reader.resume();
  await world.runFor(100);
  assert.equal(seen, [1, 2]);
});

test('damage to the store is seen by the next reader', async () => {
  const world = worldOf();
  const { ledger } = world.process('owner');
  await performIn(world, async () => {
    const claim = await claimAs(ledger, SHARD, 'owner');
    for (let seq = 1; seq < 4; seq += 1) await ledger.append(claim, blockAfter(claim, seq, seq));
  });
  const log = world.store.log(SHARD);
  const digestOf = (bytes: Uint8Array | undefined) =>
    createHash('sha256')
      .update(bytes ?? '')
      .digest('hex');
  const before = digestOf(log.get(2)?.bytes);
  log.flipBit(2, 5);
  assert.not.equal(digestOf((await performIn(world, () => ledger.get(SHARD, 2)))?.bytes), before);
  log.dropTail(2);
  await assert.rejects(
    performIn(world, () => collect(ledger.read(SHARD, 1, 4))),
    (error) => (error as { code?: string }).code === 'log_regressed',
  );
});

test('a log of a given size is full when it is reached', async () => {
  const world = worldOf();
  const { ledger } = world.process('owner');
  const outcome = await performIn(world, async () => {
    const claim = await claimAs(ledger, SHARD, 'owner');
    world.store.log(SHARD).limit(world.store.log(SHARD).head().bytes + 10);
    return ledger.append(claim, blockAfter(claim, 1, 'x'));
  });
  assert.is(outcome.kind, 'full');
});

test.run();

async function lastSeqAfterCrash(step: number, side: CrashSide): Promise<number> {
  const world: World = worldOf();
  const owner = world.process('owner');
  owner.crashAt(step, side);
  owner.start(async () => {
    const claim = await claimAs(owner.ledger, SHARD, 'owner');
    await owner.ledger.append(claim, blockAfter(claim, 1, 'x'));
  });
  await world.runFor(60_000);
  assert.equal(world.scheduler.uncaught, []);
  return world.store.log(SHARD).lastSeq;
}
