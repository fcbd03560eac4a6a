import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, open, policy, release, setLimits } from './world.ts';

const test = suite('actors: what is lent comes back');

const owner = { path: 'acme/own/run/s' } as const;
const other = { path: 'acme/rest/run/s' } as const;
const memory = (id: string, amount: number, more: Parameters<typeof ask>[2]) =>
  ask(id, { memory: amount }, more);
type Preemption = Parameters<typeof policy>[0]['preemption'];

/** 100 of memory: 60 guaranteed to `own`, all of it lent; 30 to `kept`; nothing to `rest`. */
function givenLender(...more: readonly CommandInput[]): TeamRig {
  return given(
    open('acme', { memory: 100 }),
    open('acme/own', { memory: { guarantee: 60, lend: null } }),
    open('acme/own/run'),
    open('acme/kept', { memory: { guarantee: 30, lend: null } }),
    open('acme/kept/run'),
    open('acme/rest'),
    open('acme/rest/run'),
    enrol('ann'),
    enrol('bob'),
    policy({}),
    ...more,
  );
}

/** The same, with all of it held by a borrower of some priority. */
function givenLent(priority: number, preemption: Preemption = {}): TeamRig {
  const rig = givenLender(policy({ preemption }));
  rig.when(memory('v', 100, { ...other, priority }), 'ann');
  return rig;
}

for (const priority of [0, 100, 300, 1_000]) {
  test(`S-05 who lends gets its own back from a borrower of priority ${priority}`, () => {
    const rig = givenLent(priority);
    rig.pass(700);
    const shown = rig.when(memory('b', 60, { ...owner, priority: 'low' }), 'bob');
    shows(shown, { outcome: 'granted', preempted: ['v'], rule: 'preempted' }, [
      'ContentionDetected',
      'StrategySelected',
      'PreemptionRequested',
      'AllocationEnded',
      'ResourcesReclaimed',
      'AllocationGranted',
      'ContestEnded',
    ]);
    assert.is(the(shown.events, 'StrategySelected').rule, '5-reclaim');
    const told = the(shown.events, 'PreemptionRequested');
    assert.equal([told.right, told.reasons], ['reclaim', ['reclaim-nominal']]);
    assert.equal([told.lostWorkMs, told.sunk], [700, undefined]);
  });
}

test('S-05 INV-7 who waits for what it takes back is told by which right, each time it asks', () => {
  const rig = givenLent(100, { graceMsMax: 500 });
  rig.when(release('v'), 'ann');
  rig.when(memory('w', 100, { ...other, graceMs: 300 }), 'ann');
  const again = memory('b', 60, { ...owner, priority: 'low' });
  shows(rig.when(again, 'bob'), { outcome: 'preempting', right: 'reclaim' });
  shows(rig.when(again, 'bob'), { outcome: 'preempting', right: 'reclaim' }, []);
});

test('S-05 what goes beyond the guarantee gives no right to take it back', () => {
  const rig = givenLent(100);
  shows(rig.when(memory('b', 61, owner), 'bob'), { outcome: 'denied', preempted: undefined });
  shows(rig.when(memory('c', 50, owner), 'bob'), { outcome: 'granted', preempted: ['v'] });
  // What nobody uses it may have beyond it; what is lent then is others' to keep.
  shows(rig.when(memory('d', 20, owner), 'bob'), { outcome: 'granted', rule: 'fits' });
  rig.when(memory('e', 30, other), 'ann');
  shows(rig.when(memory('f', 1, owner), 'bob'), { outcome: 'denied' });
});

test('S-05 reclaim lower takes from the less urgent alone, never from nobody', () => {
  const outcome = (reclaim: 'never' | 'lower', holder: number, asker: number) => {
    const rig = givenLent(holder, { reclaim });
    return rig.when(memory('b', 60, { ...owner, priority: asker }), 'bob').answer.outcome;
  };
  assert.is(outcome('lower', 50, 51), 'granted');
  assert.is(outcome('lower', 51, 51), 'denied');
  assert.is(outcome('lower', 52, 51), 'denied');
  assert.is(outcome('never', 0, 200), 'denied');
});

test('S-05 what comes back to one is never taken from the guarantee of another', () => {
  const rig = givenLender();
  rig.when(memory('k', 30, { path: 'acme/kept/run/s', priority: 0 }), 'ann');
  rig.when(memory('v', 70, { ...other, priority: 1_000 }), 'ann');
  shows(rig.when(memory('b', 60, owner), 'bob'), { outcome: 'granted', preempted: ['v'] });
  // 10 above its guarantee in one piece, which straddles it: it stays, and nothing else would do.
  const straddling = givenLender();
  straddling.when(memory('k', 40, { path: 'acme/kept/run/s', priority: 0 }), 'ann');
  straddling.when(memory('v', 60, { ...other, preemptible: false }), 'ann');
  shows(straddling.when(memory('b', 40, owner), 'bob'), { outcome: 'denied' });
  const apart = givenLender();
  apart.when(memory('k', 30, { path: 'acme/kept/run/s', priority: 0 }), 'ann');
  apart.when(memory('more', 10, { path: 'acme/kept/run/s', priority: 0 }), 'ann');
  apart.when(memory('v', 60, { ...other, preemptible: false }), 'ann');
  shows(apart.when(memory('b', 10, owner), 'bob'), { outcome: 'granted', preempted: ['more'] });
});

test('S-05 by what it lends a node takes from other branches, not from its own less urgent', () => {
  const rig = givenLender();
  rig.when(memory('mine', 40, { ...owner, priority: 0 }), 'bob');
  rig.when(memory('v', 60, { ...other, priority: 200 }), 'ann');
  shows(rig.when(memory('b', 20, owner), 'bob'), { outcome: 'granted', preempted: ['v'] });
  assert.ok(rig.team.allocations.has('mine'));
  const fixed = givenLender();
  fixed.when(memory('mine', 40, { ...owner, priority: 0 }), 'bob');
  fixed.when(memory('v', 60, { ...other, preemptible: false }), 'ann');
  shows(fixed.when(memory('b', 20, owner), 'bob'), { outcome: 'denied' });
});

test('S-05 a run takes back by the guarantee of its swarm, and by one of its own', () => {
  const rig = givenLender(
    open('acme/own/sub', { memory: { guarantee: 20, lend: null } }),
    open('acme/rest/sub'),
  );
  rig.when(memory('w', 60, { path: 'acme/own/run/s', priority: 200 }), 'ann');
  rig.when(memory('v', 40, { ...other, priority: 200 }), 'ann');
  // Its swarm has no room left of its own; the run has, and so its swarm gives it.
  shows(rig.when(memory('b', 20, { path: 'acme/own/sub/s' }), 'bob'), { outcome: 'granted' });
  assert.is(rig.eventsOf('PreemptionRequested').at(-1)?.right, 'reclaim');
});

test('S-05 of a bundle only what falls short has to be its own', () => {
  const rig = givenLender(setLimits('acme', { credits: 1_000 }));
  rig.when(memory('v', 100, { ...other, priority: 200 }), 'ann');
  const bundle = { memory: 60, credits: 500 };
  shows(rig.when(ask('b', bundle, owner), 'bob'), { outcome: 'granted', preempted: ['v'] });
  const short = givenLender(setLimits('acme', { credits: 100 }));
  short.when(ask('v', { memory: 100, credits: 80 }, { ...other, priority: 200 }), 'ann');
  shows(short.when(ask('b', { memory: 60, credits: 50 }, owner), 'bob'), { outcome: 'denied' });
});

test('S-05 those who wait for more than their own do not stand before who asks for his', () => {
  const rig = givenLent(100);
  const queued = { ...other, priority: 200, maxWaitMs: 60_000 } as const;
  rig.when(memory('w', 50, queued), 'ann');
  shows(rig.when(memory('b', 40, { ...owner, priority: 0 }), 'bob'), { outcome: 'granted' });
  // What is free beside it is lent again; what it asks for next it takes back, or has at once.
  assert.ok(rig.team.allocations.has('w'));
  rig.when(memory('x', 20, queued), 'ann');
  shows(rig.when(memory('c', 10, { ...owner, priority: 0 }), 'bob'), {
    outcome: 'granted',
    rule: '5-reclaim',
  });
  rig.when(memory('d', 10, { ...owner, priority: 0 }), 'bob');
  assert.not.ok(rig.team.allocations.has('w') && rig.team.allocations.has('d'));
});

test('S-05 what fits, and is free, is had at once only as far as it is its own', () => {
  const rig = givenLender(policy({ backfill: 'none' }));
  rig.when(memory('v', 60, other), 'ann');
  rig.when(memory('w', 50, { ...other, maxWaitMs: 60_000 }), 'ann');
  const kept = { path: 'acme/kept/run/s', priority: 0 } as const;
  shows(rig.when(memory('b', 31, kept), 'bob'), { outcome: 'denied', reason: 'queued_ahead' });
  shows(rig.when(memory('c', 30, kept), 'bob'), { outcome: 'granted', rule: '5-reclaim' });
});

test('S-05 a caller who would rather wait does, and a configured strategy goes before', () => {
  const patient = { ...owner, strategy: 'queue_and_wait', maxWaitMs: 9_000 } as const;
  shows(givenLent(100).when(memory('b', 60, patient), 'bob'), { outcome: 'queued' });
  const rig = givenLender(policy({ strategies: { memory: 'first_come_first_served' } }));
  rig.when(memory('v', 100, other), 'ann');
  shows(rig.when(memory('b', 60, owner), 'bob'), { outcome: 'denied' });
});

test('S-06 grace, compensation and the name of the right when what is lent comes back', () => {
  const rig = givenLender(policy({ preemption: { extendDeadline: true } }));
  const lent = { ...other, priority: 300, graceMs: 1_000, maxWaitMs: 90_000, deadlineMs: 60_000 };
  rig.when(ask('v', { memory: 100, compute_ms: 40 }, { ...lent, ttlMs: 30_000 }), 'ann');
  rig.pass(400);
  rig.when({ op: 'report', allocation: 'v', used: { compute_ms: 15 } }, 'ann');
  const shown = rig.when(memory('b', 60, { ...owner, maxWaitMs: 9_000 }), 'bob');
  shows(shown, { outcome: 'preempting', victims: ['v'], graceMs: 1_000, right: 'reclaim' });
  const told = the(shown.events, 'PreemptionRequested');
  assert.equal([told.rule, told.lostWorkMs, told.sunk], ['5-reclaim', 400, { compute_ms: 15 }]);
  const events = rig.pass(1_000);
  assert.is(the(events, 'AllocationEnded').as, 'preempted');
  assert.is(the(events, 'AllocationGranted').id, 'b');
  const again = the(events, 'RequestQueued');
  assert.equal([again.of, again.evictions, again.rule], ['v', 1, 'compensation-requeue']);
  // 60 s less the 1.4 s that passed, and those given back.
  assert.is(again.ask.deadlineMs, 60_000);
});

test('S-07 without extendDeadline the evicted loses the time that it ran', () => {
  const rig = givenLender();
  rig.when(memory('v', 100, { ...other, maxWaitMs: 90_000, deadlineMs: 60_000 }), 'ann');
  rig.pass(400);
  const { events } = rig.when(memory('b', 60, owner), 'bob');
  assert.is(the(events, 'RequestQueued').ask.deadlineMs, 59_600);
});

test('S-07 a demand that was evicted so often is left alone, even by whose own it is', () => {
  const rig = givenLender(policy({ preemption: { evictionsMax: 2 } }));
  rig.when(memory('v', 100, { ...other, maxWaitMs: 600_000 }), 'ann');
  for (const turn of [1, 2]) {
    shows(rig.when(memory(`b${turn}`, 60, owner), 'bob'), { outcome: 'granted' });
    rig.when(release(`b${turn}`), 'bob');
    assert.is([...rig.team.allocations.values()].at(-1)?.evictions, turn);
  }
  shows(rig.when(memory('b3', 60, owner), 'bob'), { outcome: 'denied' });
});

test('S-05 a node may have other rules than its team, and counts with the boost of its operator', () => {
  const nodes = (rules: NonNullable<Preemption>['nodes'], holder = 100) => {
    const rig = givenLender(policy({ preemption: { reclaim: 'lower', nodes: rules ?? {} } }));
    rig.when(memory('v', 100, { ...other, priority: holder }), 'ann');
    return rig.when(memory('b', 60, owner), 'bob').answer.outcome;
  };
  assert.is(nodes({}), 'denied');
  assert.is(nodes({ 'acme/own': { reclaim: 'any' } }), 'granted');
  assert.is(
    nodes({ 'acme/own': { reclaim: 'any' }, 'acme/own/run': { reclaim: 'never' } }),
    'denied',
  );
  assert.is(nodes({ 'acme/own': { boost: 1 } }), 'granted');
  assert.is(nodes({ 'acme/own': { boost: 1 }, 'acme/rest': { boost: 1 } }), 'denied');
  assert.is(nodes({ acme: { boost: 50 }, 'acme/rest': { boost: -1 } }), 'granted');
  assert.is(nodes({ 'acme/own': { boost: 1 } }, 101), 'denied');
});

test('S-05 minimum run time and preemptible false protect a borrower too', () => {
  const young = givenLent(100, { minRuntimeMs: 500 });
  young.pass(499);
  shows(young.when(memory('b', 60, owner), 'bob'), { outcome: 'denied' });
  young.pass(1);
  shows(young.when(memory('c', 60, owner), 'bob'), { outcome: 'granted' });
  const fixed = givenLender();
  fixed.when(memory('v', 100, { ...other, preemptible: false }), 'ann');
  shows(fixed.when(memory('b', 60, owner), 'bob'), { outcome: 'denied' });
});

test('S-05 by fair shares too what is its own comes back first of all', () => {
  const rig = givenLent(1_000, { by: 'fair' });
  shows(rig.when(memory('b', 60, { ...owner, priority: 0 }), 'bob'), {
    outcome: 'granted',
    preempted: ['v'],
  });
  assert.is(rig.eventsOf('PreemptionRequested').at(-1)?.right, 'reclaim');
});

test.run();
