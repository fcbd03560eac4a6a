import type { AnswerOf } from '../../events/answers.ts';
import type { BalanceLine } from '../../events/balance-line.ts';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig, the } from './rig.ts';
import { stateOf } from './state.ts';
import { ask, enrol, open, RUN, release, settle } from './world.ts';

const test = suite('actors: windows');

const MANUAL = { every: 'manual' };
const HOUR_MS = 3_600_000;

/** A team without windows, a swarm with one of its own, a run that inherits it. */
function lab(window: object = MANUAL, runLimits: object = {}): TeamRig {
  return given(
    open('acme', { credits: 10_000 }),
    windowed('acme/lab', 1_000, window),
    { op: 'open', path: RUN, limits: runLimits } as CommandInput,
    enrol('ann'),
  );
}

function windowed(path: string, limit: number, window: object): CommandInput {
  return { op: 'open', path, limits: { credits: { limit, window } } } as CommandInput;
}

function reset(path = 'acme/lab', more: object = {}): CommandInput {
  return { op: 'resetWindow', path, resource: 'credits', ...more } as CommandInput;
}

function charge(id: string, credits: number, path = RUN, agoMs?: number): CommandInput {
  const ago = agoMs === undefined ? {} : { agoMs };
  return { op: 'charge', id, path, amounts: { credits }, ...ago };
}

function lineOf(rig: TeamRig, path: string): BalanceLine {
  const answer = rig.when({ op: 'balance', path }).answer as AnswerOf<'balance'>;
  const line = answer.lines.find(({ resource }) => resource === 'credits');
  assert.ok(line !== undefined, `${path} has a line of credits`);
  return line as BalanceLine;
}

function sums(rig: TeamRig, path: string) {
  const { spentTree, spentPast, spentTotal, heldTree, available } = lineOf(rig, path);
  return { spent: spentTree, past: spentPast, total: spentTotal, held: heldTree, free: available };
}

test('T-11 a window ends for its node and all beneath; above, what was spent stays spent', () => {
  const rig = lab();
  rig.when(charge('c1', 300));
  shows(rig.when(reset()), { outcome: 'window_reset', spent: 300 }, ['WindowOpened']);
  assert.equal(sums(rig, RUN), { spent: 0, past: 300, total: 300, held: 0, free: null });
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 300, total: 300, held: 0, free: 1_000 });
  assert.equal(sums(rig, 'acme'), { spent: 300, past: 0, total: 300, held: 0, free: 9_700 });
  rig.when(charge('c2', 50));
  assert.equal(sums(rig, 'acme/lab'), { spent: 50, past: 300, total: 350, held: 0, free: 950 });
  assert.is(lineOf(rig, 'acme').spentTree, 350);
});

test('T-11 what is held stays held; up to that, the old window pays, what grew and overran the new', () => {
  const rig = lab();
  rig.when(ask('a', { credits: 500 }), 'ann');
  rig.when(charge('c1', 300));
  rig.when(reset());
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 300, total: 300, held: 500, free: 500 });
  rig.when({ op: 'resize', allocation: 'a', items: { credits: 600 } }, 'ann');
  rig.when(settle('a', { credits: 650 }), 'ann');
  assert.equal(sums(rig, 'acme/lab'), { spent: 150, past: 800, total: 950, held: 0, free: 850 });
  assert.equal(lineOf(rig, 'acme').spentTree, 950);
});

test('T-11 a late settle goes to the window in which the allocation ended, an overrun to this one', () => {
  const rig = lab();
  rig.when(ask('a', { credits: 400 }, { ttlMs: 10_000 }), 'ann');
  rig.pass(10_000);
  rig.when(reset());
  shows(rig.when(settle('a', { credits: 450 }), 'ann'), { outcome: 'settled', late: true });
  assert.equal(sums(rig, 'acme/lab'), { spent: 50, past: 400, total: 450, held: 0, free: 950 });
  rig.when({ op: 'adjust', id: 'j', allocation: 'a', actual: { credits: 100 } });
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 100, total: 100, held: 0, free: 1_000 });
  assert.is(lineOf(rig, 'acme').spentTree, 100);
});

test('T-11 a report that an end books is of the window in which it was held', () => {
  const rig = lab();
  rig.when(ask('a', { credits: 400 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 90 } }, 'ann');
  rig.when(reset());
  rig.when(release('a'), 'ann');
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 90, total: 90, held: 0, free: 1_000 });
});

test('T-11 a charge of earlier use counts in the window of its own time', () => {
  const rig = lab();
  rig.pass(1_000);
  rig.when(reset());
  rig.pass(100);
  rig.when(charge('old', 70, RUN, 500));
  rig.when(charge('new', 5, RUN, 50));
  assert.equal(sums(rig, 'acme/lab'), { spent: 5, past: 70, total: 75, held: 0, free: 995 });
  rig.when(reset());
  rig.when(charge('older', 9, RUN, 900));
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 5, total: 84, held: 0, free: 1_000 });
  assert.is(lineOf(rig, 'acme').spentTree, 84);
});

test('T-11 windows end by themselves at their instants, and move with no outage', () => {
  const rig = lab({ every: '1h' });
  const { window } = lineOf(rig, 'acme/lab');
  assert.equal([window?.startsAtMs, window?.endsAtMs], [1_000_000, HOUR_MS]);
  rig.when(charge('c1', 300));
  rig.record({ type: 'LeasesExtended', v: 1, team: 'acme', atMs: rig.nowMs, byMs: 500_000 });
  const ended = the(rig.passTo(HOUR_MS), 'WindowOpened');
  assert.equal(ended.span, { startsAtMs: HOUR_MS, endsAtMs: 2 * HOUR_MS });
  assert.is(ended.spent, 300);
  rig.when(charge('c2', 10));
  // Windows in which nobody wrote are passed over: the last one saw no use.
  const late = the(rig.oversleep(5 * HOUR_MS + 1), 'WindowOpened');
  assert.equal(late.span, { startsAtMs: 6 * HOUR_MS, endsAtMs: 7 * HOUR_MS });
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 0, total: 310, held: 0, free: 1_000 });
});

test('T-11 a lease that ends as the window does is of the old one', () => {
  const rig = lab({ every: '1h' });
  rig.passTo(HOUR_MS - 10_000);
  rig.when(ask('a', { credits: 400 }, { ttlMs: 10_000 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 30 } }, 'ann');
  const events = rig.passTo(HOUR_MS).map(({ type }) => type);
  assert.ok(events.indexOf('WindowOpened') < events.indexOf('AllocationEnded'), events.join());
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 30, total: 30, held: 0, free: 1_000 });
});

test('T-11 a window inside another keeps its own count when the outer one ends', () => {
  const rig = given(
    open('acme', { credits: 10_000 }),
    windowed('acme/lab', 1_000, MANUAL),
    windowed(RUN, 400, MANUAL),
    enrol('ann'),
  );
  rig.when(charge('c1', 300));
  rig.when(reset('acme/lab'));
  assert.equal(sums(rig, RUN), { spent: 300, past: 0, total: 300, held: 0, free: 100 });
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 300, total: 300, held: 0, free: 1_000 });
  rig.when(charge('c2', 60));
  assert.equal(sums(rig, RUN), { spent: 360, past: 0, total: 360, held: 0, free: 40 });
  assert.equal(sums(rig, 'acme/lab'), { spent: 60, past: 300, total: 360, held: 0, free: 940 });
  rig.when(reset(RUN));
  assert.equal(sums(rig, RUN), { spent: 0, past: 360, total: 360, held: 0, free: 400 });
  assert.equal(sums(rig, 'acme/lab'), { spent: 60, past: 300, total: 360, held: 0, free: 940 });
  assert.is(lineOf(rig, 'acme').spentTree, 360);
  rig.when(charge('c3', 7));
  rig.when(reset('acme/lab'));
  rig.when({ op: 'close', path: RUN });
  assert.equal(sums(rig, 'acme/lab'), { spent: 0, past: 67, total: 367, held: 0, free: 1_000 });
  assert.is(lineOf(rig, 'acme').spentTree, 367);
});

test('T-11 guarantees beneath are set aside anew in each window', () => {
  const rig = lab(MANUAL, { credits: { guarantee: 100 } });
  rig.when(charge('c1', 60));
  assert.is(lineOf(rig, 'acme').committed, 100);
  rig.when(reset());
  assert.is(lineOf(rig, 'acme/lab').committed, 100);
  assert.is(lineOf(rig, 'acme').committed, 160);
});

test('T-11 debt ends with a window and is carried over where it is a prepaid pot', () => {
  const pot = lab({ every: 'manual', carryDebt: true });
  for (const rig of [lab(), pot]) rig.when(charge('c1', 1_200));
  const plain = lab();
  plain.when(charge('c1', 1_200));
  plain.when(reset());
  assert.is(lineOf(plain, 'acme/lab').available, 1_000);
  the(pot.when(reset()).events, 'WindowOpened');
  const { carried, debt, spentTree, available } = lineOf(pot, 'acme/lab');
  assert.equal(
    { carried, debt, spentTree, available },
    { carried: 200, debt: 0, spentTree: 0, available: 800 },
  );
  assert.is(lineOf(pot, 'acme').committed, 1_200);
  pot.when(reset('acme/lab', { carryDebt: false }));
  assert.is(lineOf(pot, 'acme/lab').carried, 0);
});

test('T-11 late use of a window whose debt was carried over changes the debt', () => {
  const rig = lab({ every: 'manual', carryDebt: true });
  rig.when(charge('c1', 900));
  rig.pass(1_000);
  rig.when(reset());
  rig.pass(1_000);
  assert.is(lineOf(rig, 'acme/lab').carried, 0);
  rig.when(charge('late', 150, RUN, 1_500));
  assert.is(lineOf(rig, 'acme/lab').carried, 50);
  assert.is(lineOf(rig, 'acme/lab').available, 950);
  assert.is(lineOf(rig, 'acme').committed, 1_050);
});

test('T-11 a window makes room: who waits is served', () => {
  const rig = lab();
  rig.when(charge('c1', 900));
  shows(rig.when(ask('a', { credits: 500 }, { maxWaitMs: 60_000 }), 'ann'), { outcome: 'queued' });
  const types = rig.when(reset()).events.map(({ type }) => type);
  assert.ok(types.includes('AllocationGranted'), types.join());
});

test('T-11 a node has a window of consumables without a guarantee, in a zone that is known', () => {
  const rig = lab();
  const set = (limits: object, path = RUN) =>
    rig.when({ op: 'setLimits', path, limits } as CommandInput);
  shows(set({ memory: { window: MANUAL } }), { code: 'window_not_possible' });
  shows(set({ credits: { window: MANUAL, guarantee: 5 } }), { code: 'window_not_possible' });
  shows(set({ credits: { guarantee: 5 } }, 'acme/lab'), { code: 'window_not_possible' });
  shows(set({ credits: { window: { every: '1d', tz: 'Mars/Base' } } }), {
    code: 'window_not_possible',
  });
  shows(rig.when(reset(RUN)), { code: 'no_window' });
  shows(rig.when(reset('acme/none')), { code: 'unknown_node' });
});

test('T-11 a window that is set on a node at work keeps what was spent until it ends', () => {
  const rig = lab();
  rig.when(charge('c1', 30));
  rig.when({
    op: 'setLimits',
    path: RUN,
    limits: { credits: { limit: 100, window: { every: '1d', tz: 'Europe/Berlin' } } },
  });
  assert.equal(sums(rig, RUN), { spent: 30, past: 0, total: 30, held: 0, free: 70 });
  assert.is(lineOf(rig, RUN).window?.endsAtMs, 23 * HOUR_MS);
  rig.when({ op: 'setLimits', path: RUN, limits: { credits: { window: { every: '1w' } } } });
  assert.is(lineOf(rig, RUN).window?.endsAtMs, 4 * 24 * HOUR_MS);
  rig.passTo(4 * 24 * HOUR_MS);
  assert.equal(sums(rig, RUN), { spent: 0, past: 30, total: 30, held: 0, free: 100 });
});

test('D-03 the ladder fires again in a new window', () => {
  const rig = given(windowed('acme', 1_000, MANUAL), open('acme/lab'), open(RUN), enrol('ann'));
  rig.when(ask('a', { credits: 950 }), 'ann');
  assert.is(rig.eventsOf('ThresholdCrossed').length, 3);
  rig.when(reset('acme'));
  assert.is(rig.eventsOf('ThresholdCrossed').length, 6, 'what is held still fills it');
  rig.when(release('a'), 'ann');
  assert.is(rig.eventsOf('ThresholdRearmed').length, 3);
});

test('Z-03 a replay makes the same of windows, and a take-over goes on with them', () => {
  const rig = lab({ every: '1h', carryDebt: true });
  rig.when(ask('a', { credits: 500 }, { ttlMs: 2 * HOUR_MS }), 'ann');
  rig.when(charge('c1', 700));
  rig.passTo(HOUR_MS + 5);
  rig.when(settle('a', { credits: 505 }), 'ann');
  rig.when(reset());
  assert.equal(stateOf(rig.replayed()), stateOf(rig.team));
  const next = rig.takenOver();
  assert.is(next.passTo(2 * HOUR_MS).filter(({ type }) => type === 'WindowOpened').length, 1);
});

test.run();
