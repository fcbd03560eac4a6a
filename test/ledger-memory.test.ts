import type { AfterStore, BeforeStore } from '../events/ledger-faults.ts';
import { type LedgerClock, MemoryLedger } from '../events/ledger-memory.ts';
import type { Publish } from '../events/log-transport.ts';
import { MemoryStore } from '../events/memory-log.ts';
import { assert, suite } from './harness/suite.ts';
import {
  blockAfter,
  claimAs,
  collect,
  type LedgerTrial,
  ledgerContract,
  type TrialOptions,
} from './ledger-contract.ts';

const contract = suite('ledger contract: memory');
ledgerContract(contract, openTrial);
contract.run();

/** Both ledgers share one log; the faults strike only what is sent through the first. */
async function openTrial(options: TrialOptions = {}): Promise<LedgerTrial> {
  const shard = 3;
  const next: { before: BeforeStore; after: AfterStore } = { before: 'pass', after: 'pass' };
  let isHolding = false;
  let held: Publish | undefined;
  let isAway = false;
  const store = new MemoryStore(options.maxBytes);
  const ledger = new MemoryLedger({
    store,
    clock: yieldingClock(),
    faults: {
      beforeStore: (publish) => {
        if (isAway) return 'lose';
        if (isHolding) {
          isHolding = false;
          held = publish;
          return 'lose';
        }
        if (held !== undefined) {
          store.log(shard).store(held, 0);
          held = undefined;
        }
        const decision = next.before;
        next.before = 'pass';
        return decision;
      },
      afterStore: () => {
        const decision = next.after;
        next.after = 'pass';
        return decision;
      },
      beforeGet: () => (isAway ? 'unavailable' : 'pass'),
    },
  });
  return {
    shard,
    ledger,
    rival: new MemoryLedger({ store }),
    loseNextAck: () => {
      next.after = 'loseAck';
    },
    loseNextPublish: () => {
      next.before = 'lose';
    },
    holdNextPublish: () => {
      isHolding = true;
    },
    vanishFromNetwork: () => {
      isAway = true;
    },
    reach: () => {
      isAway = false;
    },
    damage: async (seq) => store.log(shard).vanish(seq),
    close: async () => {},
  };
}

/** Time passes only in pauses, and everybody else gets a turn in each. */
function yieldingClock(): LedgerClock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    pause: async (ms) => {
      nowMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const faults = suite('ledger faults: memory');
const SHARD = 1;
const isRegressed = (error: unknown) => (error as { code?: string }).code === 'log_regressed';

/** A ledger that takes one decision after the other from a list, then lets everything pass. */
function scripted(before: BeforeStore[], after: AfterStore[] = []) {
  const published: string[] = [];
  const ledger = new MemoryLedger({
    faults: {
      beforeStore: ({ kind }) => {
        if (kind === 'epoch') return 'pass';
        const decision = before.shift() ?? 'pass';
        published.push(decision);
        return decision;
      },
      afterStore: ({ kind }) => (kind === 'epoch' ? 'pass' : (after.shift() ?? 'pass')),
    },
  });
  return { ledger, published };
}

faults('a false wrong-sequence is looked into and the block sent again', async () => {
  const { ledger, published } = scripted(['wrongSequence', 'wrongSequence']);
  const claim = await claimAs(ledger, SHARD, 'a');
  assert.equal(await ledger.append(claim, blockAfter(claim, 1, 'x')), { kind: 'stored', seq: 2 });
  assert.equal(published, ['wrongSequence', 'wrongSequence', 'pass']);
});

faults('no leader until the deadline: certainly not stored', async () => {
  const { ledger } = scripted(Array.from({ length: 1_000 }, () => 'unavailable' as const));
  const claim = await claimAs(ledger, SHARD, 'a');
  assert.is((await ledger.append(claim, blockAfter(claim, 1, 'x'))).kind, 'notStored');
  assert.is((await ledger.head(SHARD)).lastSeq, 1);
});

faults('no leader after a try of unknown fate: unknown, never "not stored"', async () => {
  const { ledger } = scripted([
    'lose',
    ...Array.from({ length: 1_000 }, () => 'unavailable' as const),
  ]);
  const claim = await claimAs(ledger, SHARD, 'a');
  assert.is((await ledger.append(claim, blockAfter(claim, 1, 'x'))).kind, 'unknown');
});

faults('many losses in a row, then stored once', async () => {
  const { ledger } = scripted(['lose', 'unavailable', 'lose', 'pass'], ['loseAck']);
  const claim = await claimAs(ledger, SHARD, 'a');
  assert.equal(await ledger.append(claim, blockAfter(claim, 1, 'x')), { kind: 'stored', seq: 2 });
  assert.is((await ledger.head(SHARD)).lastSeq, 2);
});

faults("a delay is the hook's own promise", async () => {
  let release = () => {};
  const delayed = new Promise<BeforeStore>((resolve) => {
    release = () => resolve('pass');
  });
  const ledger = new MemoryLedger({
    faults: { beforeStore: ({ kind }) => (kind === 'epoch' ? 'pass' : delayed) },
  });
  const claim = await claimAs(ledger, SHARD, 'a');
  const appended = ledger.append(claim, blockAfter(claim, 1, 'x'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.is((await ledger.head(SHARD)).lastSeq, 1);
  release();
  assert.is((await appended).kind, 'stored');
});

faults('a dropped tail is noticed by the next append and by a tail', async () => {
  const ledger = new MemoryLedger();
  const claim = await claimAs(ledger, SHARD, 'a');
  for (const seq of [1, 2, 3]) await ledger.append(claim, blockAfter(claim, seq, seq));
  const stop = new AbortController();
  const tailed = collect(ledger.tail(SHARD, 5, stop.signal));
  const refusal = assert.rejects(tailed, isRegressed);
  await new Promise((resolve) => setImmediate(resolve));
  ledger.store.log(SHARD).dropTail(2);
  await refusal;
  assert.is((await ledger.head(SHARD)).lastSeq, 2);
  await assert.rejects(ledger.append(claim, blockAfter(claim, 4, 'x')), isRegressed);
});

faults('a flipped bit stays in the message, a vanished one is missed in the head', async () => {
  const ledger = new MemoryLedger();
  const claim = await claimAs(ledger, SHARD, 'a');
  const request = blockAfter(claim, 1, 'x');
  await ledger.append(claim, request);
  const log = ledger.store.log(SHARD);
  log.flipBit(2, 9);
  const bytes = log.get(2)?.bytes ?? new Uint8Array();
  assert.is(bytes[1], (request.bytes[1] ?? 0) ^ 0x40);
  log.vanish(1);
  assert.equal([log.head().messages, log.head().deleted, log.head().lastSeq], [1, 1, 2]);
});

faults.run();
