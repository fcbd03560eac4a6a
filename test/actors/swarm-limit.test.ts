import { assert, suite } from '../harness/suite.ts';
import { given, shows, the } from './rig.ts';
import { ask, enrol, givenLab, open, release, STEP, setLimits } from './world.ts';

const test = suite('actors: how many allocations may live');

const givenTwo = () => givenLab(setLimits('acme/lab', { allocations: 2 }));

test('T-10 a limit on allocations counts every grant beneath the node, whatever it asks for', () => {
  const rig = givenTwo();
  const { events } = rig.when(ask('a', { credits: 1 }), 'ann');
  assert.equal(the(events, 'AllocationGranted').items, { credits: 1, allocations: 1 });
  shows(rig.when(ask('b', { concurrency: 1 }, { path: 'acme/lab' }), 'bob'), {
    outcome: 'granted',
  });
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), {
    outcome: 'denied',
    reason: 'concurrency_limit_reached',
    short: [{ path: 'acme/lab', resource: 'allocations', needed: 1, available: 0 }],
  });
  // Beside it nothing is counted.
  const free = rig.when(ask('d', { credits: 1 }, { path: 'acme' }), 'ann');
  assert.equal(the(free.events, 'AllocationGranted').items, { credits: 1 });
  rig.when(release('a'), 'ann');
  shows(rig.when(ask('e', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('T-10 who waits for a place is served when one ends, and may be preempted for', () => {
  const rig = givenTwo();
  rig.when(ask('a', { credits: 1 }, { priority: 0 }), 'ann');
  rig.when(ask('b', { credits: 1 }), 'ann');
  shows(rig.when(ask('w', { credits: 1 }, { maxWaitMs: 5_000 }), 'bob'), {
    outcome: 'queued',
    account: { path: 'acme/lab', resource: 'allocations' },
  });
  rig.when(release('b'), 'ann');
  assert.ok(rig.team.allocations.has('w'));
  const shown = rig.when(ask('e', { credits: 1 }, { priority: 'emergency' }), 'bob');
  shows(shown, { outcome: 'granted', preempted: ['a'] });
});

test('T-10 nobody names it, and it is limited before anything lives uncounted', () => {
  const rig = givenTwo();
  shows(rig.when(ask('a', { allocations: 1 }), 'ann'), { outcome: 'refused', code: 'malformed' });
  rig.when(ask('b', { credits: 1 }), 'ann');
  const resize = { op: 'resize', allocation: 'b', items: { allocations: 5 } } as const;
  shows(rig.when(resize, 'ann'), { code: 'malformed' });
  shows(rig.when(setLimits('acme/lab', { allocations: 1 })), { outcome: 'limits_set' });
  const late = givenLab();
  late.when(ask('a', { credits: 1 }), 'ann');
  shows(late.when(setLimits('acme/lab', { allocations: 2 })), {
    outcome: 'refused',
    code: 'allocation_live',
  });
  shows(late.when(setLimits('acme/lab/run', { credits: 9 })), { outcome: 'limits_set' });
});

test('T-10 the tightest tier counts, and a guarantee of places is kept', () => {
  const rig = given(
    open('acme', { allocations: 3 }),
    open('acme/lab', { allocations: { limit: 2, guarantee: 2, lend: 0 } }),
    open('acme/shop'),
    enrol('ann'),
  );
  const take = (id: string, path: string) => rig.when(ask(id, { memory: 1 }, { path }), 'ann');
  shows(take('a', 'acme/shop'), { outcome: 'granted' });
  shows(take('b', 'acme/shop'), { outcome: 'denied' });
  shows(take('c', 'acme/lab'), { outcome: 'granted' });
  shows(take('d', 'acme/lab'), { outcome: 'granted' });
  shows(take('e', 'acme/lab'), { outcome: 'denied' });
});

test('T-10 places are reserved like any capacity', () => {
  const rig = givenTwo();
  rig.when({ op: 'reserve', id: 'r', path: 'acme/lab', items: { allocations: 2 }, forMs: 900 });
  shows(rig.when(ask('a', { credits: 1 }), 'ann'), { outcome: 'denied' });
  const drawn = rig.when(ask('b', { credits: 1 }, { path: STEP, reservationId: 'r' }), 'ann');
  assert.equal(the(drawn.events, 'AllocationGranted').drawn, { allocations: 1 });
});

test.run();
