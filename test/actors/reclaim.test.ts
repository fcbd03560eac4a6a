import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, givenLab, open, policy, RUN, setLimits, settle } from './world.ts';

const test = suite('actors: reclaim after a cut');

const heldBy = (rig: TeamRig, id: string, resource = 'memory') =>
  rig.team.allocations.get(id)?.items[resource];
const cut = (path: string, resource: string, limit: number) =>
  setLimits(path, { [resource]: { limit } }, { reclaim: true });
const divisible = (id: string, path: string, amount: number, min = 0) =>
  ask(id, { memory: { amount, min } }, { path });
const whole = (id: string, path: string, memory: number) => ask(id, { memory }, { path });

function givenRooms(): TeamRig {
  return given(
    open('acme', { memory: 100 }),
    open('acme/a', { memory: { guarantee: 20 } }),
    open('acme/b'),
    enrol('ann'),
    policy({}),
  );
}

test('R-11 §6.6 what may shrink gives in proportion to what is used above guarantees', () => {
  const rig = givenRooms();
  rig.when(divisible('a', 'acme/a', 50), 'ann');
  rig.when(divisible('b', 'acme/b', 40), 'ann');
  rig.when(divisible('c', 'acme/b', 20), 'ann').answer.outcome;
  assert.is(heldBy(rig, 'c'), 10);
  const shown = rig.when(cut('acme', 'memory', 60));
  shows(shown, { outcome: 'limits_set', reclaimed: { memory: 40 } });
  // Above the guarantee a uses 30, b 40 and c 10: half of each.
  assert.equal([heldBy(rig, 'a'), heldBy(rig, 'b'), heldBy(rig, 'c')], [35, 20, 5]);
  assert.is(rig.team.nodes.get('acme')?.accounts.get('memory')?.committed, 60);
  const resized = shown.events.filter((event) => event.type === 'AllocationResized');
  assert.equal(
    resized.map(({ by, reclaimed }) => [by, reclaimed]),
    [
      [undefined, true],
      [undefined, true],
      [undefined, true],
    ],
  );
});

test('§6.6 never below a guarantee, nor below what is of use to the holder', () => {
  const rig = givenRooms();
  rig.when(divisible('a', 'acme/a', 20), 'ann');
  rig.when(divisible('b', 'acme/b', 40, 30), 'ann');
  shows(rig.when(cut('acme', 'memory', 10)), { reclaimed: { memory: 10 } });
  assert.equal([heldBy(rig, 'a'), heldBy(rig, 'b')], [20, 30]);
  // The node stays short and admits nothing.
  shows(rig.when(whole('c', 'acme/b', 1), 'ann'), { outcome: 'denied' });
});

test('§6.6 of what is indivisible the subset goes that comes closest without exceeding', () => {
  const rig = givenRooms();
  for (const [id, amount] of [
    ['x', 35],
    ['y', 30],
    ['z', 25],
  ] as const) {
    rig.when(whole(id, 'acme/b', amount), 'ann');
  }
  const shown = rig.when(cut('acme', 'memory', 33));
  shows(shown, { outcome: 'limits_set', reclaimed: { memory: 55 } });
  const ends = shown.events.flatMap((one) => (one.type === 'AllocationEnded' ? [one] : []));
  assert.equal(ends.map(({ allocation, as }) => [allocation, as]).sort(), [
    ['y', 'reclaimed'],
    ['z', 'reclaimed'],
  ]);
  assert.equal([...rig.team.allocations.keys()], ['x']);
});

test('§6.6 only what is unspent is taken, and what was reported is booked', () => {
  const rig = givenLab(policy({ settleMax: { credits: 1_000 } }));
  rig.when(ask('a', { credits: { amount: 600, min: 10 } }, { path: RUN }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 500 } }, 'ann');
  rig.when(ask('b', { credits: 300 }, { path: RUN }), 'ann');
  rig.when({ op: 'report', allocation: 'b', used: { credits: 290 } }, 'ann');
  shows(rig.when(cut('acme', 'credits', 100)), { reclaimed: { credits: 110 } });
  assert.is(heldBy(rig, 'a', 'credits'), 500);
  const end = rig.team.tombstones.get('b');
  assert.equal([end?.as, end?.booked], ['reclaimed', { credits: 290 }]);
  // Its holder settles late, as after any end by force.
  shows(rig.when(settle('b', { credits: 295 }), 'ann'), { outcome: 'settled', late: true });
});

test('§6.6 what is reserved, told to leave or not preemptible is left alone', () => {
  const rig = givenRooms();
  rig.when({ op: 'reserve', id: 'r', path: 'acme', items: { memory: 30 }, forMs: 9_000 });
  rig.when(ask('a', { memory: 30 }, { path: 'acme/b', reservationId: 'r' }), 'ann');
  rig.when(ask('b', { memory: 30 }, { path: 'acme/b', preemptible: false }), 'ann');
  const { events } = rig.when(cut('acme', 'memory', 10));
  assert.equal(
    events.map(({ type }) => type),
    ['LimitsSet'],
  );
  assert.is(the(events, 'LimitsSet').reclaimed, undefined);
});

test('§6.6 without reclaim a cut takes nothing, and reclaim without a cut neither', () => {
  const rig = givenRooms();
  rig.when(whole('x', 'acme/b', 60), 'ann');
  assert.is(rig.when(setLimits('acme', { memory: 10 })).events.length, 1);
  assert.is(rig.when(cut('acme', 'memory', 60)).events.length, 1);
  shows(rig.when(cut('acme', 'memory', 0)), { reclaimed: { memory: 60 } });
});

test('§6.6 a cut with thousands of holders touches the largest of them, in one decision', () => {
  const rig = given(open('acme', { memory: 1_000_000 }), open('acme/b'), enrol('ann'));
  for (let n = 0; n < 400; n += 1) rig.when(divisible(`a${n}`, 'acme/b', 100 + n), 'ann');
  const { events } = rig.when(cut('acme', 'memory', 0));
  assert.is(events.filter(({ type }) => type === 'AllocationResized').length, 256);
  assert.is(heldBy(rig, 'a399'), 0);
  assert.is(heldBy(rig, 'a0'), 100);
});

test('§6.1 the overrun limit of a node freezes the run like that of the policy, late too', () => {
  const rig = givenLab();
  rig.when(setLimits('acme/lab', { credits: { overrunLimit: 10 } }));
  rig.when(ask('a', { credits: 50 }), 'ann');
  rig.when(ask('b', { credits: 50 }, { ttlMs: 100 }), 'ann');
  shows(rig.when(settle('a', { credits: 60 }), 'ann'), { outcome: 'settled' }, ['AllocationEnded']);
  rig.pass(100);
  shows(rig.when(settle('b', { credits: 61 }), 'ann'), { outcome: 'settled', late: true }, [
    'LateSettled',
    'Frozen',
  ]);
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), { reason: 'frozen' });
});

test('§6.1 of two overrun limits the lower counts, and null takes one away', () => {
  const rig = givenLab(policy({ overrunMax: { credits: 5 } }));
  rig.when(setLimits(RUN, { credits: { overrunLimit: 20 } }));
  rig.when(ask('a', { credits: 50 }), 'ann');
  shows(rig.when(settle('a', { credits: 56 }), 'ann'), {}, ['AllocationEnded', 'Frozen']);
  const free = givenLab();
  free.when(setLimits(RUN, { credits: { overrunLimit: 0 } }));
  free.when(setLimits(RUN, { credits: { overrunLimit: null } }));
  free.when(ask('a', { credits: 50 }), 'ann');
  shows(free.when(settle('a', { credits: 56 }), 'ann'), {}, ['AllocationEnded']);
});

test.run();
