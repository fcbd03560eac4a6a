import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, open, policy, setLimits } from './world.ts';

const test = suite('actors: distribution');

type Distribute = Extract<CommandInput, { op: 'distribute' }>;
const LAB = 'acme/lab';

const divide = (method: Distribute['method'], more: Partial<Distribute> = {}): Distribute => ({
  ...{ op: 'distribute', path: LAB, amounts: { credits: 'all' }, method },
  ...more,
});

/** A swarm with 80 credits and three runs without limits of their own. */
function givenRuns(...more: CommandInput[]): TeamRig {
  return given(
    open('acme', { credits: 100, concurrency: 8 }),
    open(LAB, { credits: 80 }),
    ...['a', 'b', 'c'].map((name) => open(`${LAB}/${name}`)),
    enrol('ann'),
    ...more,
  );
}

/** Limits of the children after a division, and whether it was recorded. */
function limitsOf(rig: TeamRig, resource = 'credits'): (number | null | undefined)[] {
  return ['a', 'b', 'c'].map(
    (name) => rig.team.nodes.get(`${LAB}/${name}`)?.accounts.get(resource)?.limit,
  );
}

const guaranteesOf = (rig: TeamRig, resource = 'credits') =>
  ['a', 'b', 'c'].map(
    (name) => rig.team.nodes.get(`${LAB}/${name}`)?.accounts.get(resource)?.guarantee,
  );

const needs = (a: number, b: number, c: number) => ({
  a: { need: { credits: a } },
  b: { need: { credits: b } },
  c: { need: { credits: c } },
});

test('A-01 T-14 proportional: one fraction of every need, and one event for all', () => {
  const rig = givenRuns();
  const shown = rig.when(divide('proportional', { children: needs(40, 40, 80) }));
  shows(shown, { outcome: 'distributed', path: LAB, sets: 'limit' }, ['Distributed']);
  assert.equal(limitsOf(rig), [20, 20, 40]);
});

test('A-01 what nobody needs goes to all as limits, and stays the parent’s as guarantees', () => {
  const rig = givenRuns();
  rig.when(divide('proportional', { children: needs(10, 20, 20) }));
  assert.equal(limitsOf(rig), [20, 30, 30]);
  rig.when(divide('proportional', { children: needs(10, 20, 20), sets: 'guarantee' }));
  assert.equal(guaranteesOf(rig), [10, 20, 20]);
  assert.is(rig.team.nodes.get(LAB)?.accounts.get('credits')?.committed, 50);
});

test('A-02 priority: the highest first up to its need, equals in proportion', () => {
  const rig = givenRuns();
  const { a, b, c } = needs(60, 60, 60);
  rig.when(divide('priority', { children: { a, b: { ...b, priority: 'high' }, c } }));
  assert.equal(limitsOf(rig), [10, 60, 10]);
});

test('A-03 fair: by weight, of the command or of the node, nobody above its need', () => {
  const rig = givenRuns(setLimits(`${LAB}/b`, {}, { weightMilli: 3_000 }));
  rig.when(divide('fair'));
  assert.equal(limitsOf(rig), [16, 48, 16]);
  rig.when(
    divide('fair', {
      children: { a: {}, b: { weightMilli: 1_000 }, c: { need: { credits: 20 } } },
    }),
  );
  assert.equal(limitsOf(rig), [30, 30, 20]);
});

test('A-04 demand: by what was spent, is held and is waited for', () => {
  const rig = givenRuns();
  rig.when(ask('s', { credits: 10 }, { path: `${LAB}/a` }), 'ann');
  rig.when({ op: 'settle', allocation: 's', actual: { credits: 6 } }, 'ann');
  rig.when(ask('h', { credits: 14 }, { path: `${LAB}/a/step` }), 'ann');
  rig.when(ask('q', { credits: 70 }, { path: `${LAB}/b`, maxWaitMs: 9_000 }), 'ann');
  const { events } = rig.when(divide('demand', { dryRun: false }));
  const [division] = the(events, 'Distributed').divisions;
  assert.equal(
    division?.shares.map(({ need }) => need),
    [20, 70, 0],
  );
  // 80 of 90: eight ninths of every need, but a has committed 20 already.
  assert.equal(limitsOf(rig), [20, 60, 0]);
});

test('A-05 predictive: estimates with a margin of a fifth', () => {
  const rig = givenRuns();
  const children = { a: { estimate: { credits: 10 } }, b: { estimate: { credits: 30 } } };
  const { events } = rig.when(divide('predictive', { children, sets: 'guarantee' }));
  assert.equal(
    the(events, 'Distributed').divisions[0]?.shares.map(({ need }) => need),
    [12, 36],
  );
  assert.equal(guaranteesOf(rig), [12, 36, undefined]);
});

test('T-08 A-11 goal: by weight times what is left to do', () => {
  const rig = givenRuns();
  const goal = (weightMilli: number, progressPermille: number) => ({
    goal: { weightMilli, progressPermille },
  });
  rig.when(
    divide('goal', {
      children: { a: goal(1_000, 500), b: goal(3_000, 500), c: goal(9_000, 1_000) },
    }),
  );
  assert.equal(limitsOf(rig), [20, 60, 0]);
});

test('A-06 auto: the method goes by what is known, and is recorded with its factors', () => {
  const { a, b, c } = needs(60, 60, 60);
  const cases: [Distribute['children'], string, string][] = [
    [{ a: { goal: {} }, b, c }, 'goal', '1-goals'],
    [{ a, b: { ...b, priority: 'high' }, c }, 'priority', '2-scarce-by-priority'],
    [{ a, b: { estimate: { credits: 5 } }, c }, 'predictive', '3-estimates'],
    [{ a, b, c }, 'proportional', '4-needs'],
    [undefined, 'fair', '6-nothing-known'],
  ];
  for (const [children, method, rule] of cases) {
    const rig = givenRuns();
    const more = children === undefined ? {} : { children };
    const { events } = rig.when(divide(undefined, more));
    const [division] = the(events, 'Distributed').divisions;
    assert.equal([division?.method, division?.rule], [method, rule]);
    assert.is(division?.factors['children'], 3);
  }
  const rig = givenRuns();
  rig.when(ask('h', { credits: 14 }, { path: `${LAB}/a` }), 'ann');
  const { events } = rig.when(divide('auto'));
  assert.is(the(events, 'Distributed').divisions[0]?.rule, '5-demand');
});

test('INV-2 nobody gets less than it has committed, whatever its need', () => {
  const rig = givenRuns();
  rig.when(ask('h', { credits: 50 }, { path: `${LAB}/a` }), 'ann');
  rig.when(divide('proportional', { children: needs(0, 40, 40) }));
  assert.equal(limitsOf(rig), [50, 15, 15]);
});

test('INV-2 nothing is divided that others have, and no more than the tiers above have', () => {
  const rig = givenRuns(open('acme/shop', { credits: { limit: 50, guarantee: 40 } }));
  rig.when(ask('h', { credits: 20 }, { path: `${LAB}/c` }), 'ann');
  const children = { a: {}, b: {} };
  const { events } = rig.when(divide('fair', { children }));
  assert.is(the(events, 'Distributed').divisions[0]?.total, 40);
  shows(rig.when(divide('fair', { children, amounts: { credits: 41 } })), {
    outcome: 'refused',
    code: 'does_not_fit',
  });
  shows(rig.when(divide('fair', { children, amounts: { credits: 7 } })), {
    outcome: 'distributed',
  });
  assert.equal(limitsOf(rig), [4, 3, null]);
});

test('INV-2 shares that have less room than what is used and promised are refused', () => {
  const rig = givenRuns();
  rig.when(ask('h', { credits: 50 }, { path: `${LAB}/a` }), 'ann');
  const refused = { outcome: 'refused', code: 'does_not_fit' };
  shows(rig.when(divide('fair', { amounts: { credits: 49 } })), refused, []);
  const children = { a: {}, b: { min: { credits: 31 } } };
  shows(rig.when(divide('fair', { children })), refused, []);
});

test('T-14 a part is held back by the parent, but nothing of what is used', () => {
  const rig = givenRuns();
  const { events } = rig.when(divide('fair', { keepPermille: 250 }));
  assert.is(the(events, 'Distributed').divisions[0]?.kept, 20);
  assert.equal(limitsOf(rig), [20, 20, 20]);
  rig.when(ask('h', { credits: 20 }, { path: `${LAB}/a` }), 'ann');
  rig.when(divide('fair', { keepPermille: 1_000 }));
  assert.equal(limitsOf(rig), [20, 0, 0]);
});

test('T-14 several resources at once, consumable and capacity, or none of them', () => {
  const rig = givenRuns();
  rig.when(divide('fair', { amounts: { credits: 'all', concurrency: 6 } }));
  assert.equal(limitsOf(rig, 'concurrency'), [2, 2, 2]);
  shows(rig.when(divide('fair', { amounts: { credits: 30, concurrency: 9 } })), {
    code: 'does_not_fit',
  });
  assert.equal(limitsOf(rig), [27, 27, 26]);
});

test('T-14 the guarantee of a capacity is lent while it is idle, where nothing was said before', () => {
  const rig = givenRuns();
  rig.when(divide('fair', { amounts: { concurrency: 6 }, sets: 'guarantee' }));
  assert.equal(guaranteesOf(rig, 'concurrency'), [2, 2, 2]);
  const account = rig.team.nodes.get(`${LAB}/a`)?.accounts.get('concurrency');
  assert.is(account?.lend, null);
  shows(rig.when(divide('fair', { amounts: { concurrency: 9 }, sets: 'guarantee' })), {
    code: 'does_not_fit',
  });
});

test('T-14 a dry run says how and records nothing, and uses no id', () => {
  const rig = givenRuns();
  shows(rig.when(divide('fair', { dryRun: true, id: 'd' })), { outcome: 'would_distribute' }, []);
  assert.equal(limitsOf(rig), [undefined, undefined, undefined]);
  shows(rig.when(divide('fair', { id: 'd' })), { outcome: 'distributed' }, ['Distributed']);
  const again = rig.when(divide('fair', { id: 'd' }));
  shows(again, { outcome: 'distributed', replayed: true }, []);
});

test('S §4 grants are part of a share: what they add stays beneath it', () => {
  const rig = givenRuns(setLimits(`${LAB}/a`, { credits: 5 }));
  rig.when({
    op: 'topUp',
    id: 'g',
    path: `${LAB}/a`,
    amounts: { credits: 10 },
    grant: { forMs: 500 },
  });
  rig.when(divide('fair', { amounts: { credits: 60 } }));
  assert.equal(limitsOf(rig), [20, 20, 20]);
  rig.pass(500);
  assert.equal(limitsOf(rig), [10, 20, 20]);
});

test('S §4 with overcommit refused the limits of all children stay within the parent’s', () => {
  const rig = givenRuns(setLimits(`${LAB}/c`, { credits: 50 }), policy({ overcommit: 'refuse' }));
  rig.when(divide('fair', { children: { a: {}, b: {} } }));
  assert.equal(limitsOf(rig), [15, 15, 50]);
  shows(rig.when(divide('fair', { children: { a: {}, b: {} }, amounts: { credits: 31 } })), {
    code: 'overcommit_refused',
  });
});

test('T-14 who waits for a child is served by what it gets', () => {
  const rig = givenRuns(setLimits(`${LAB}/a`, { credits: 5 }));
  rig.when(ask('h', { credits: 3 }, { path: `${LAB}/a` }), 'ann');
  rig.when(ask('q', { credits: 4 }, { path: `${LAB}/a`, maxWaitMs: 5_000 }), 'ann');
  assert.ok(!rig.team.allocations.has('q'));
  rig.when(divide('fair'));
  assert.ok(rig.team.allocations.has('q'));
});

test('T-14 what cannot be divided is refused and changes nothing', () => {
  const rig = givenRuns(
    setLimits(`${LAB}/b`, { credits: { limit: 30, window: { every: 'manual' } } }),
    open('acme/void'),
    policy({ resources: { gpu: { class: 'capacity', unit: 'boards', exclusive: true } } }),
  );
  const cases: [Partial<Distribute>, string][] = [
    [{ path: 'acme/gone' }, 'unknown_node'],
    [{ path: 'acme/void' }, 'unknown_node'],
    [{ children: { nobody: {} } }, 'unknown_node'],
    [{ children: { b: {} } }, 'window_not_possible'],
    [{ amounts: { gold: 1 } }, 'unknown_resource'],
    [{ amounts: { memory: 'all' } }, 'unknown_resource'],
    [{ amounts: { tool_calls_per_minute: 1 } }, 'malformed'],
    [{ amounts: { gpu: 1 } }, 'exclusive_resource'],
    [{ children: { a: { min: { credits: 2 }, max: { credits: 1 } } } }, 'malformed'],
  ];
  for (const [more, code] of cases) {
    shows(rig.when(divide('fair', more)), { outcome: 'refused', code }, []);
  }
  // A window of its own takes no part unless it is named.
  shows(rig.when(divide('fair')), { outcome: 'distributed' });
  assert.equal(limitsOf(rig), [40, 30, 40]);
});

test('§6.7 INV-9 nothing is divided beneath a freeze or a closing, nor to one', () => {
  for (const path of ['acme', LAB]) {
    shows(givenRuns({ op: 'freeze', path }).when(divide('fair')), { code: 'node_frozen' });
  }
  const rig = givenRuns({ op: 'freeze', path: `${LAB}/a` });
  shows(rig.when(divide('fair', { children: { a: {} } })), { code: 'node_frozen' });
  rig.when(divide('fair'));
  assert.equal(limitsOf(rig), [undefined, 40, 40]);
});

test('T-14 steps of a run that opened themselves take part when they are named, and stay', () => {
  const rig = givenRuns(open(`${LAB}/a/x`, {}, { tier: 'step' }));
  rig.when(ask('h', { credits: 5 }, { path: `${LAB}/a/auto` }), 'ann');
  rig.when(divide('fair', { path: `${LAB}/a` }));
  const limitOf = (name: string) =>
    rig.team.nodes.get(`${LAB}/a/${name}`)?.accounts.get('credits')?.limit;
  assert.equal([limitOf('x'), limitOf('auto')], [75, null]);
  rig.when(divide('fair', { path: `${LAB}/a`, children: { x: {}, auto: {} } }));
  assert.equal([limitOf('x'), limitOf('auto')], [40, 40]);
  rig.when({ op: 'release', allocation: 'h' }, 'ann');
  assert.ok(rig.team.nodes.has(`${LAB}/a/auto`));
});

test('I-07 a lead divides its own node and what is beneath, an agent nothing', () => {
  const rig = givenRuns(enrol('lea', { role: 'lead', prefix: LAB }));
  shows(rig.when(divide('fair'), 'lea'), { outcome: 'distributed' });
  shows(rig.when(divide('fair', { path: 'acme' }), 'lea'), { code: 'not_permitted' });
  shows(rig.when(divide('fair'), 'ann'), { code: 'not_permitted' });
});

test.run();
