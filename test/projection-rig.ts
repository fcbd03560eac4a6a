import { MemoryLedger } from '../events/ledger-memory.ts';
import { MemoryStore } from '../events/memory-log.ts';
import { systemHost } from '../host/system-host.ts';
import { ALL_PROJECTIONS } from '../projections/all-projections.ts';
import { balances } from '../projections/balances.ts';
import { checkBalances } from '../projections/check.ts';
import type { Projection } from '../projections/projection.ts';
import { Projector, type ProjectorOptions } from '../projections/projector.ts';
import { assert } from './harness/suite.ts';
import { Governor, openLab } from './projection-governor.ts';
import { BlockWriter, signer } from './projection-log.ts';

export const SHARD = 2;

/** A log with a governed team in it, and whoever goes on writing. */
export async function openLog(startMs = 1_000_000) {
  const store = new MemoryStore();
  const ledger = new MemoryLedger({ store });
  const writer = new BlockWriter(ledger, SHARD);
  await writer.claim();
  const governor = new Governor('acme');
  governor.nowMs = startMs;
  openLab(governor);
  await writer.writeGoverned(governor);
  return { store, ledger, writer, governor };
}

export type Log = Awaited<ReturnType<typeof openLog>>;

/** One more request and what comes of it, as a block of its own. */
export async function ask({ writer, governor }: Log, id: string, amount = 10): Promise<void> {
  const last = governor.recorded.at(-1)?.at.seq ?? 0;
  governor.pass(1);
  governor.send({ op: 'request', id, path: 'acme/lab/r1', items: { credits: { amount } } });
  await writer.writeGoverned(governor, last + 1);
}

/** A projector of all views, and the lines that it says. */
export function openProjector(log: Log, more: Partial<ProjectorOptions> = {}) {
  const lines: string[] = [];
  const projector = new Projector({
    host: systemHost,
    ledger: log.ledger,
    shard: SHARD,
    pinnedKeys: [signer.publicKey],
    projections: ALL_PROJECTIONS,
    onLine: (level, text) => lines.push(`${level} ${text}`),
    ...more,
  });
  return { projector, lines };
}

export async function agrees(projector: Projector, governor: Governor): Promise<void> {
  const state = projector.stateOf(balances);
  const differences = await checkBalances(state, 'acme', (at) => governor.balance(at));
  assert.is(differences.length, 0, JSON.stringify(differences));
}

/** Counts how often each position was folded in. */
export function counting(name: string): Projection<Map<string, number>> {
  return {
    name,
    version: 1,
    initial: () => new Map(),
    evolve(state, _event, at) {
      const key = `${at.seq}.${at.index}`;
      state.set(key, (state.get(key) ?? 0) + 1);
    },
  };
}

/** Waits for what happens beside the test. */
export async function until(isTrue: () => boolean): Promise<void> {
  const endMs = performance.now() + 5_000;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error('it did not come true within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
