import fc from 'fast-check';
import { compareGrants, type Grant } from '../../actors/windows/burn.ts';
import { GrantBook } from '../../actors/windows/grant-book.ts';
import type { AnswerOf } from '../../events/answers.ts';
import type { BalanceLine } from '../../events/balance-line.ts';
import { Command, type CommandInput } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig, the } from './rig.ts';
import { stateOf } from './state.ts';
import { ask, enrol, open, RUN, settle } from './world.ts';

const test = suite('actors: grants');

/** A swarm with a base limit and a window that ends by hand, and a run beneath it. */
function lab(base = 0, window: object = { every: 'manual' }): TeamRig {
  return given(
    open('acme', { credits: 100_000 }),
    { op: 'open', path: 'acme/lab', limits: { credits: { limit: base, window } } } as CommandInput,
    open(RUN),
    enrol('ann'),
  );
}

function topUp(id: string, credits: number, grant: object): CommandInput {
  return { op: 'topUp', id, path: 'acme/lab', amounts: { credits }, grant } as CommandInput;
}

function charge(id: string, credits: number, agoMs?: number): CommandInput {
  const ago = agoMs === undefined ? {} : { agoMs };
  return { op: 'charge', id, path: RUN, amounts: { credits }, ...ago };
}

function lineOf(rig: TeamRig, history = false): BalanceLine {
  const answer = rig.when({ op: 'balance', path: 'acme/lab', history }).answer;
  const { lines } = answer as AnswerOf<'balance'>;
  return lines.find(({ resource }) => resource === 'credits') as BalanceLine;
}

/** Limit, debt, and what is left of each grant. */
function pot(rig: TeamRig) {
  const { limit, debt, available, grants = [] } = lineOf(rig);
  return {
    limit,
    debt,
    available,
    ...Object.fromEntries(grants.map(({ id, left }) => [id, left])),
  };
}

test('T-11 a grant raises the limit while it is good; at its end only what is left of it leaves', () => {
  const rig = lab(100);
  shows(rig.when(topUp('g', 50, { forMs: 1_000 })), { outcome: 'topped_up', grant: 'g' }, [
    'ToppedUp',
    'GrantsCounted',
  ]);
  rig.when(charge('c', 30));
  assert.equal(pot(rig), { limit: 150, debt: 0, available: 120, g: 20 });
  rig.pass(999);
  assert.is(lineOf(rig).limit, 150);
  rig.pass(1);
  assert.equal(pot(rig), { limit: 130, debt: 0, available: 100, g: 0 });
});

test('T-11 who holds what a grant promised is short when it ends', () => {
  const rig = lab(10);
  rig.when(topUp('g', 50, { forMs: 1_000 }));
  rig.when(ask('a', { credits: 60 }), 'ann');
  rig.pass(1_000);
  assert.equal([lineOf(rig).short, lineOf(rig).shortBy], [true, 50]);
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { outcome: 'denied' });
});

test('T-11 grants burn by priority, end, age and id, then the base; what is left over is debt', () => {
  const rig = lab(10);
  rig.when(topUp('late', 10, { priority: 1, forMs: 9_000 }));
  rig.when(topUp('last', 10, { priority: 5, forMs: 10 }));
  rig.when(topUp('soon', 10, { priority: 1, forMs: 5_000 }));
  rig.when(topUp('ever', 10, { priority: 1 }));
  rig.when(charge('c1', 15));
  assert.equal(pot(rig), {
    limit: 50,
    debt: 0,
    available: 35,
    soon: 0,
    late: 5,
    ever: 10,
    last: 10,
  });
  rig.when(charge('c2', 38));
  assert.equal(pot(rig), { limit: 50, debt: 3, available: 0, soon: 0, late: 0, ever: 0, last: 0 });
  rig.when(topUp('pays', 20, {}));
  const { debt, limit, available } = lineOf(rig);
  assert.equal({ debt, limit, available }, { debt: 0, limit: 70, available: 17 });
});

test('T-11 a grant that comes again is whole; the debt before it ends, or is kept in a prepaid pot', () => {
  for (const [carryDebt, left, available] of [
    [false, 100, 100],
    [true, 80, 80],
  ] as const) {
    const rig = lab(0, { every: 'manual', carryDebt });
    const recurrence = { everyMs: 1_440, anchorInMs: 0 };
    rig.when(topUp('g', 100, { forMs: 43_200, recurrence }));
    rig.pass(60);
    rig.when(charge('c', 120));
    assert.is(lineOf(rig).debt, 20);
    rig.pass(1_440);
    assert.equal([lineOf(rig).grants?.[0]?.left, lineOf(rig).available], [left, available]);
  }
});

test('T-11 at a reset each grant rolls over by its own rule', () => {
  const rig = lab();
  rig.when(topUp('keeps', 1_000, { priority: 1, rollover: { max: 1_000 } }));
  rig.when(topUp('some', 1_000, { priority: 3, rollover: { max: 100 } }));
  rig.when(topUp('floor', 50, { priority: 4, rollover: { min: 20, max: 30 } }));
  rig.when(topUp('gone', 70, { priority: 5 }));
  rig.when(charge('c', 600));
  rig.pass(10);
  rig.when({ op: 'resetWindow', path: 'acme/lab', resource: 'credits' });
  assert.equal(pot(rig), {
    limit: 530,
    debt: 0,
    available: 530,
    keeps: 400,
    some: 100,
    floor: 30,
    gone: 0,
  });
});

test('T-11 debt that a reset carries over is paid from what rolls over', () => {
  const rig = lab();
  rig.when(topUp('g', 100, { rollover: { min: 50, max: 50 } }));
  rig.when(charge('c', 110));
  const reset = { op: 'resetWindow', path: 'acme/lab', resource: 'credits' } as const;
  rig.when({ ...reset, carryDebt: true });
  assert.equal(pot(rig), { limit: 50, debt: 0, available: 40, g: 40 });
  assert.equal([lineOf(rig).spentTree, lineOf(rig).carried], [0, 10]);
});

test('T-11 a grant that begins as the window does is whole, one without a rollover is gone', () => {
  const rig = lab();
  rig.when(topUp('old', 100, {}));
  rig.when(topUp('new', 100, { startInMs: 300 }));
  rig.pass(300);
  rig.when({ op: 'resetWindow', path: 'acme/lab', resource: 'credits' });
  assert.equal(pot(rig), { limit: 100, debt: 0, available: 100, new: 100, old: 0 });
});

test('T-11 a voided grant is gone, and only once', () => {
  const rig = lab();
  rig.when(topUp('g', 100, {}));
  rig.when(charge('c', 40));
  const voided = { op: 'voidGrant', path: 'acme/lab', grant: 'g' } as const;
  const shown = rig.when(voided);
  shows(shown, { outcome: 'grant_voided' });
  assert.is(the(shown.events, 'GrantsCounted').change, -60);
  assert.equal(pot(rig), { limit: 40, debt: 0, available: 0, g: 0 });
  shows(rig.when({ ...voided, id: 'v2' }), { code: 'unknown_grant' });
});

test('T-11 late use counts at its own time, and everything after it again', () => {
  const rig = lab();
  rig.when(topUp('g1', 100, { forMs: 100 }));
  rig.when(topUp('g2', 100, { startInMs: 50, forMs: 1_000 }));
  rig.pass(10);
  rig.when(charge('c1', 30));
  rig.pass(190);
  assert.equal(pot(rig), { limit: 130, debt: 0, available: 100, g2: 100, g1: 0 });
  rig.when(charge('c2', 90, 180));
  assert.equal(pot(rig), { limit: 200, debt: 0, available: 80, g2: 80, g1: 0 });
});

test('T-11 history is cut at each start, end, return and reset', () => {
  const rig = lab();
  const { nowMs } = rig;
  rig.when(
    topUp('g', 10, { startInMs: 250, forMs: 2_500, recurrence: { everyMs: 1_000, anchorInMs: 0 } }),
  );
  rig.when(charge('c1', 3));
  rig.pass(500);
  rig.when(charge('c2', 4));
  rig.pass(750);
  rig.when(charge('c3', 5));
  const history = lineOf(rig, true).history?.map(({ fromMs, toMs, usage, left, debt }) => [
    fromMs - nowMs,
    toMs === null ? null : toMs - nowMs,
    usage,
    left['g'],
    debt,
  ]);
  assert.equal(history, [
    [0, 250, 3, undefined, 3],
    [250, 1_000, 4, 3, 0],
    [1_000, null, 5, 5, 0],
  ]);
});

test('T-11 a grant comes again after a second at the soonest: each time is an event', () => {
  const everyMs = LIMITS.grantEveryMsMin - 1;
  assert.is(Command.safeParse(topUp('g', 1, { recurrence: { everyMs } })).success, false);
  assert.is(Command.safeParse(topUp('g', 1, { recurrence: { everyMs: 1_000 } })).success, true);
});

test('T-11 a grant is of a consumable with a limit, and there are not too many', () => {
  const rig = lab();
  const other = { ...topUp('g', 1, {}), amounts: { memory: 1 } } as CommandInput;
  shows(rig.when(other), { outcome: 'refused' });
  for (let i = 0; i < LIMITS.grantsPerAccountMax; i += 1) rig.when(topUp(`g${i}`, 1, {}));
  shows(rig.when(topUp('more', 1, {})), { code: 'too_many_grants' });
});

/** What grants cover of a list of uses, counted naively: every use by itself, in order of time. */
function naive(
  grants: readonly Grant[],
  uses: readonly (readonly [number, number])[],
  untilMs: number,
) {
  const left = new Map<string, number>();
  let debt = 0;
  const order = [...grants].sort(compareGrants);
  for (let atMs = 0; atMs <= untilMs; atMs += 1) {
    for (const { id, amount, terms } of order) {
      if (terms.endsAtMs === atMs) left.delete(id);
      if (terms.startsAtMs === atMs && atMs < (terms.endsAtMs ?? Infinity)) left.set(id, amount);
    }
    const used = uses.filter(([at]) => at === atMs).reduce((sum, [, amount]) => sum + amount, 0);
    debt += used;
    for (const { id } of order) {
      const burnt = Math.min(left.get(id) ?? 0, debt);
      if (burnt === 0) continue;
      left.set(id, (left.get(id) ?? 0) - burnt);
      debt -= burnt;
    }
  }
  return { debt, left: [...left].sort() };
}

test('T-11 a grant is made whole once at its instant, whatever else changes then', () => {
  const rig = lab();
  rig.when(topUp('g', 100, { recurrence: { everyMs: 1_000 } }));
  rig.pass(1_000);
  rig.when(charge('c', 40));
  rig.when(topUp('h', 10, { priority: 2 }));
  assert.equal(pot(rig), { limit: 110, debt: 0, available: 70, g: 60, h: 10 });
  rig.when({ op: 'voidGrant', path: 'acme/lab', grant: 'h' });
  assert.equal(pot(rig), { limit: 100, debt: 0, available: 60, g: 60, h: 0 });
  rig.pass(1_000);
  assert.equal(pot(rig), { limit: 140, debt: 0, available: 100, g: 100, h: 0 });
  assert.equal(stateOf(rig.replayed()), stateOf(rig.team));
});

const anyGrant = (id: string) =>
  fc
    .record({
      start: fc.nat(20),
      lasts: fc.option(fc.integer({ min: 1, max: 20 })),
      amount: fc.nat(30),
      priority: fc.nat(2),
    })
    .map(
      ({ start, lasts, amount, priority }): Grant => ({
        id,
        amount,
        createdAtMs: 0,
        voidedAtMs: null,
        terms: { priority, startsAtMs: start, endsAtMs: lasts === null ? null : start + lasts },
      }),
    );

test('INV-13 in whatever order use is told, grants cover what they would have in its own order', () => {
  const uses = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 25 })), { maxLength: 8 });
  fc.assert(
    fc.property(fc.tuple(anyGrant('a'), anyGrant('b'), anyGrant('c')), uses, (grants, told) => {
      const book = new GrantBook({ atMs: 0, base: 0, reset: 'none', keepsDebt: true }, 0, 0);
      for (const grant of grants) book.add(grant);
      book.cut(0);
      for (;;) {
        const nextMs = book.nextChangeMs;
        if (nextMs > 40) break;
        book.cut(nextMs);
      }
      for (const [atMs, amount] of told) book.use(amount, atMs);
      const expected = naive(grants, told, 40);
      assert.is(book.debt, expected.debt);
      assert.equal([...book.cover.left].sort(), expected.left);
      const used = told.reduce((sum, [, amount]) => sum + amount, 0);
      assert.is(book.cover.covered + book.cover.uncovered, used);
      for (const [atMs, amount] of told) book.use(-amount, atMs);
      assert.is(book.cover.covered, 0);
    }),
    { numRuns: 500 },
  );
});

test('Z-03 a replay makes the same of grants, and a take-over counts them on', () => {
  const rig = lab(20);
  rig.when(topUp('g', 100, { forMs: 5_000, recurrence: { everyMs: 1_000 } }));
  rig.when(ask('a', { credits: 60 }), 'ann');
  rig.pass(1_500);
  rig.when(settle('a', { credits: 70 }), 'ann');
  rig.when(charge('c', 10, 1_200));
  assert.equal(stateOf(rig.replayed()), stateOf(rig.team));
  const next = rig.takenOver();
  next.pass(4_000);
  assert.is(next.eventsOf('GrantsCounted').at(-1)?.dueAtMs, 1_005_000);
});

test('§6.4 what has fallen due while nobody wrote is recorded a part at a time, all of it in order', () => {
  const rig = lab();
  rig.when(topUp('g', 100, { recurrence: { everyMs: 1_000 } }));
  const before = rig.recorded.length;
  const slept = 1_000;
  rig.nowMs += slept * 1_000;
  const due = rig.timers.takeDue(rig.nowMs);
  assert.ok(due);
  rig.fire(due);
  const atOnce = rig.recorded.length - before;
  assert.ok(atOnce < 200, `${atOnce} events before anybody else has a turn`);
  rig.oversleep(0);
  const counted = rig.eventsOf('GrantsCounted').slice(-slept);
  const dueAtMs = counted.map((event) => event.dueAtMs ?? 0);
  assert.is(new Set(dueAtMs).size, slept);
  assert.equal(
    dueAtMs,
    [...dueAtMs].sort((a, b) => a - b),
  );
});

test.run();
