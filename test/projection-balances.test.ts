import fc from 'fast-check';
import type { CommandInput } from '../events/commands.ts';
import { balanceOf, balancesOfTeam, treeOf } from '../projections/balance-lines.ts';
import { balances } from '../projections/balances.ts';
import type { Balances } from '../projections/books.ts';
import { type AskActors, checkBalances } from '../projections/check.ts';
import type { Recorded } from '../projections/projection.ts';
import { assert, suite } from './harness/suite.ts';
import {
  anyMoves,
  balanceIn,
  Governor,
  type Move,
  openLab,
  replayActors,
} from './projection-governor.ts';

const test = suite('projection: balances');

function fold(recorded: readonly Recorded[]): Balances {
  const state = balances.initial();
  for (const { event, at } of recorded) balances.evolve(state, event, at);
  return state;
}

async function mustAgree(state: Balances, ask: AskActors): Promise<void> {
  const differences = await checkBalances(state, 'acme', ask);
  assert.is(differences.length, 0, JSON.stringify(differences));
}

test(
  'Z-03 INV-1 any history gives the projection, the actors and their replay equal balances',
  async () => {
    await fc.assert(
      fc.asyncProperty(anyMoves, async (moves) => {
        const governor = new Governor('acme');
        openLab(governor);
        governor.play(moves);
        const state = fold(governor.recorded);
        const replayed = replayActors('acme', governor.recorded);
        await mustAgree(state, (path) => governor.balance(path));
        await mustAgree(state, (path) => balanceIn(replayed, path));
      }),
      { numRuns: Number(process.env['RUNS'] ?? 300) },
    );
  },
  { timeoutMs: 120_000 },
);

/** Histories that once broke the actors or told the two folds apart. */
const FOUND: Readonly<Record<string, readonly Move[]>> = {
  'a step closes while a request collects on it': [
    hold('a', 'acme/lab', { credits: { amount: 139 }, concurrency: { amount: 1 } }),
    hold('c', 'acme/lab/r1/s1', { credits: { amount: 176, min: 58 } }),
    hold('f', 'acme/lab/r2/s2', { credits: { amount: 103, min: 34 } }, { ttlMs: 400 }),
    hold('h', 'acme/lab', { credits: { amount: 55 } }, { graceMs: 500 }),
    hold('b', 'acme/lab/r2/s2', { credits: { amount: 128 } }, { priority: 'emergency' }),
    { ...hold('z', 'acme/lab', { credits: { amount: 0, min: 0 } }), afterMs: 1_000 },
  ],
  'a request that is content with nothing heads a queue': [
    hold('a', 'acme/lab/r2', { credits: { amount: 313, min: 104 } }),
    hold('o', 'acme/lab/r2', { credits: {} }),
    move({ op: 'charge', id: 'ch-0', path: 'acme/lab/r2', amounts: { credits: 47 } }),
    hold('g', 'acme/lab/r2/s2', { credits: {} }),
    hold('l', 'acme/lab/r2', { credits: { amount: 1, min: 0 } }, { maxWaitMs: 30_000 }),
    move({ op: 'close', path: 'acme/lab/r2/s2' }),
  ],
  'nothing happens, and room without a limit of its own is counted exactly': [],
};

for (const [name, moves] of Object.entries(FOUND)) {
  test(`Z-03 INV-1 ${name}`, async () => {
    const governor = new Governor('acme');
    openLab(governor);
    governor.play(moves);
    await mustAgree(fold(governor.recorded), (path) => governor.balance(path));
  });
}

function move(command: CommandInput): Move {
  return { afterMs: 0, agent: 'operator', command };
}

function hold(
  id: string,
  path: string,
  items: Extract<CommandInput, { op: 'request' }>['items'],
  more: Partial<Extract<CommandInput, { op: 'request' }>> = {},
): Move {
  return move({ op: 'request', id, path, items, ...more });
}

test('INV-1 a difference is found, named and shows both numbers', async () => {
  const governor = new Governor('acme');
  openLab(governor);
  governor.play([hold('a', 'acme/lab/r1', { credits: { amount: 120 } })]);
  const state = fold(governor.recorded);
  const tamper = (path: string) => {
    const balance = governor.balance(path);
    if (path !== 'acme/lab/r1' || balance === undefined) return balance;
    const lines = balance.lines.map((line) =>
      line.resource === 'credits' ? { ...line, held: line.held - 1 } : line,
    );
    return { ...balance, lines };
  };
  assert.equal(await checkBalances(state, 'acme', tamper), [
    { path: 'acme/lab/r1', resource: 'credits', field: 'held', projection: 120, actors: 119 },
  ]);
  const hidden = (path: string) => (path === 'acme/lab/r2' ? undefined : governor.balance(path));
  assert.equal(await checkBalances(state, 'acme', hidden), [
    { path: 'acme/lab/r2', field: 'open', projection: true, actors: false },
  ]);
});

test('T-11 a window ends for nodes too of which nothing was booked but beneath them', async () => {
  const governor = new Governor('acme');
  openLab(governor);
  const credits = { window: { every: 'manual' } };
  governor.send({ op: 'setLimits', path: 'acme/lab', limits: { credits } });
  governor.send({ op: 'open', path: 'acme/lab/r2/s', tier: 'step' });
  governor.send({ op: 'charge', id: 'c', path: 'acme/lab/r2/s', amounts: { tool_calls: 5 } });
  const calls = { tool_calls: { window: { every: 'manual' } } };
  governor.send({ op: 'setLimits', path: 'acme/lab', limits: calls });
  governor.send({ op: 'resetWindow', path: 'acme/lab', resource: 'tool_calls' });
  const state = fold(governor.recorded);
  const [line] =
    balanceOf(state, 'acme/lab/r2')?.lines.filter(({ resource }) => resource === 'tool_calls') ??
    [];
  assert.equal([line?.spentTree, line?.spentPast, line?.spentTotal], [0, 5, 5]);
  await mustAgree(state, (path) => governor.balance(path));
});

test('T-22 committed, room and shortness follow from own sums, guarantees and limits', () => {
  const governor = new Governor('acme');
  openLab(governor);
  governor.play([
    hold('a', 'acme/lab/r1/s1', { credits: { amount: 120 } }),
    hold('b', 'acme/lab/r2', { credits: { amount: 200 } }),
    move({ op: 'settle', allocation: 'a', actual: { credits: 150 } }),
    move({ op: 'setLimits', path: 'acme/lab/r2', limits: { credits: { limit: 190 } } }),
  ]);
  const state = fold(governor.recorded);
  const line = (path: string) =>
    balanceOf(state, path)?.lines.find(({ resource }) => resource === 'credits');
  const r1 = line('acme/lab/r1');
  assert.is(r1?.spent, 150, 'the step closed into its run');
  assert.is(r1?.committed, 150);
  assert.is(r1?.available, 150);
  assert.is(r1?.peakHeld, 120);
  const r2 = line('acme/lab/r2');
  assert.is(r2?.short, true);
  assert.is(r2?.available, 0, 'shown room is clamped');
  assert.is(r2?.effectiveLimit, 190);
  const lab = line('acme/lab');
  assert.is(lab?.committed, 350);
  assert.is(lab?.heldTree, 200);
  assert.is(lab?.spentTree, 150);
  assert.is(line('acme')?.effectiveAvailable, 650);
  assert.is(r1?.effectiveAvailable, 150);
  const tree = treeOf(state, 'acme');
  assert.equal(
    tree?.children[0]?.children.map(({ path }) => path),
    ['acme/lab/r1', 'acme/lab/r2'],
  );
  assert.is(balanceOf(state, 'acme/lab/r1/s1'), undefined);
});

test('T-22 a guarantee is set aside at the parent, and asked for only above it', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const credits = (path: string) =>
    balanceOf(fold(governor.recorded), path)?.lines.find(({ resource }) => resource === 'credits');
  assert.is(credits('acme/lab')?.committed, 100);
  assert.is(credits('acme/lab/r2')?.effectiveAvailable, 400);
  governor.send({ op: 'setLimits', path: 'acme/lab', limits: { credits: { limit: 130 } } });
  assert.is(credits('acme/lab/r1')?.effectiveAvailable, 130, '100 guaranteed and 30 free above');
  assert.is(credits('acme/lab/r2')?.effectiveAvailable, 30);
});

test('a late settle below what was booked gives the difference back', () => {
  const governor = new Governor('acme');
  openLab(governor);
  governor.play([
    hold('a', 'acme/lab/r1/s1', { credits: { amount: 50 } }, { ttlMs: 100 }),
    move({ op: 'report', allocation: 'a', used: { credits: 40 } }),
  ]);
  governor.pass(200);
  const spent = () =>
    balanceOf(fold(governor.recorded), 'acme/lab/r1')?.lines.find(
      ({ resource }) => resource === 'credits',
    )?.spent;
  assert.is(spent(), 40, 'what was reported is booked at the end of the lease');
  governor.send({ op: 'settle', allocation: 'a', actual: { credits: 25 } });
  assert.is(spent(), 25);
});

test('R17 an event that contradicts the log changes nothing and says why', () => {
  const governor = new Governor('acme');
  openLab(governor);
  governor.play([hold('a', 'acme/lab/r1', { credits: { amount: 10 } })]);
  const state = fold(governor.recorded);
  const before = JSON.stringify(balancesOfTeam(state, 'acme'));
  const end = { v: 1, team: 'acme', atMs: 1, allocation: 'nobody', as: 'settled' } as const;
  assert.throws(
    () =>
      balances.evolve(state, { type: 'AllocationEnded', ...end, booked: {} }, { seq: 9, index: 0 }),
    /nobody is not live/,
  );
  assert.is(JSON.stringify(balancesOfTeam(state, 'acme')), before);
});

test.run();
