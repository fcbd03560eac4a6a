import type { AfterStore, BeforeStore } from '../events/ledger-faults.ts';
import { type LedgerClock, MemoryLedger } from '../events/ledger-memory.ts';
import type { Publish } from '../events/log-transport.ts';
import { MemoryStore } from '../events/memory-log.ts';
import { suite } from './harness/suite.ts';
import { type LedgerTrial, ledgerContract, type TrialOptions } from './ledger-contract.ts';

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
