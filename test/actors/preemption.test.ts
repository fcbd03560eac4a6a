import { LIMITS } from '../../events/limits.ts';
import { assert, suite } from '../harness/suite.ts';
import { START_MS, shows, type TeamRig, the } from './rig.ts';
import { ask, givenLab, open, policy, RUN, release, settle } from './world.ts';

const test = suite('actors: preemption');

const vip = { priority: 'emergency' } as const;
const low = { priority: 'low' } as const;
const grace = (graceMs: number) => ({ ...low, graceMs });
const endedAs = (rig: TeamRig) =>
  rig.eventsOf('AllocationEnded').map(({ allocation, as }) => `${allocation} ${as}`);
const creditsOf = (rig: TeamRig) => rig.team.nodes.get('acme')?.accounts.get('credits');

test('O-07 grace 0: reclaimed and granted in the same decision', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, low), 'ann');
  const shown = rig.when(ask('b', { credits: 500 }, vip), 'bob');
  shows(shown, { outcome: 'granted', granted: { credits: 500 }, preempted: ['v'] }, [
    'ContentionDetected',
    'StrategySelected',
    'PreemptionRequested',
    'AllocationEnded',
    'ResourcesReclaimed',
    'AllocationGranted',
    'ContestEnded',
  ]);
  assert.equal(the(shown.events, 'PreemptionRequested').earmarked, { credits: 100 });
  assert.equal(the(shown.events, 'ResourcesReclaimed').earmarked, { credits: 400 });
  assert.is(the(shown.events, 'ContestEnded').outcome, 'preempted');
  assert.is(rig.team.allocations.get('b')?.claimUntilMs, null, 'its agent has the answer');
});

test('O-07 grace 0 in the same decision although other teams have timers due', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, low), 'ann');
  const theirs = rig.timers.add({ atMs: rig.nowMs + 5, kind: 'expire', team: 'globex', id: 'x' });
  rig.nowMs += 5;
  shows(rig.decide(ask('b', { credits: 500 }, vip), 'bob'), { outcome: 'granted' });
  assert.is(rig.timers.takeDue(rig.nowMs), theirs, 'which is still theirs');
});

test('S-06 grace: victims yield by settling, the beneficiary gets what they give', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, grace(1_000)), 'ann');
  const asked = ask('b', { credits: 500 }, { ...vip, maxWaitMs: 5_000 });
  const shown = rig.when(asked, 'bob');
  shows(shown, { outcome: 'preempting', victims: ['v'], graceMs: 1_000, right: 'priority' });
  shows(rig.when({ op: 'status', of: 'v' }), { outcome: 'allocation' });
  rig.pass(400);
  shows(rig.when(asked, 'bob'), { outcome: 'preempting', graceMs: 600, replayed: true }, []);
  // Neither what is free nor what the victim gives goes to anybody else.
  shows(rig.when(ask('x', { credits: 1 }), 'ann'), { outcome: 'denied' });
  const events = rig.when(settle('v', { credits: 100 }), 'ann').events;
  const granted = the(events, 'AllocationGranted');
  assert.equal([granted.id, granted.via, granted.preempted], ['b', 'preemption', ['v']]);
  assert.is(granted.claimUntilMs, rig.nowMs + LIMITS.claimMs, 'its agent has to be told');
  assert.equal(rig.pass(1_000), [], 'nothing is left to fence');
});

test('S-06 victims that do not yield are made to at the end of their grace', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, grace(1_000)), 'ann');
  rig.when({ op: 'report', allocation: 'v', used: { credits: 150 } }, 'ann');
  rig.when(ask('b', { credits: 500 }, vip), 'bob');
  rig.pass(999);
  shows(rig.when({ op: 'renew', allocation: 'v', byMs: 10 }, 'ann'), { outcome: 'renewed' });
  const events = rig.pass(1);
  const ended = the(events, 'AllocationEnded');
  assert.equal([ended.as, ended.booked, ended.estimated], ['preempted', { credits: 150 }, true]);
  assert.is(the(events, 'AllocationGranted').id, 'b', 'served before it times out');
});

test('S-06 what victims leave is too little: the beneficiary waits first in line', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, grace(1_000)), 'ann');
  rig.when(ask('b', { credits: 500 }, { ...vip, maxWaitMs: 60_000 }), 'bob');
  rig.when(settle('v', { credits: 700 }), 'ann');
  assert.not.ok(rig.team.allocations.has('b'));
  assert.is(creditsOf(rig)?.committed, 1_000, '700 spent, 300 set aside');
  rig.when(
    ask('w', { credits: 10 }, { ...vip, strategy: 'queue_and_wait', maxWaitMs: 9_000 }),
    'ann',
  );
  rig.when({ op: 'topUp', id: 't', path: 'acme', amounts: { credits: 199 } });
  assert.not.ok(rig.team.allocations.has('w') || rig.team.allocations.has('b'));
  rig.when({ op: 'topUp', id: 't2', path: 'acme', amounts: { credits: 1 } });
  assert.ok(rig.team.allocations.has('b'));
});

test('S-06 a beneficiary without patience is denied when its victims left too little', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, grace(1_000)), 'ann');
  rig.when(ask('b', { credits: 500 }, vip), 'bob');
  rig.when(settle('v', { credits: 700 }), 'ann');
  assert.is(the(rig.pass(1_000), 'RequestDenied').reason, 'wait_timeout');
  assert.is(creditsOf(rig)?.committed, 700, 'what was set aside is free again');
});

test('S-05 the priority right: strictly lower base priority, aging or not', () => {
  const outcome = (holder: number, asker: number) => {
    const rig = givenLab(policy({ priorityMax: 1_000 }));
    rig.when(ask('v', { credits: 900 }, { priority: holder }), 'ann');
    const by = { priority: asker, strategy: 'preemption_allowed' } as const;
    return rig.when(ask('b', { credits: 500 }, by), 'bob').answer.outcome;
  };
  assert.is(outcome(100, 101), 'granted');
  assert.is(outcome(100, 100), 'denied');
  assert.is(outcome(101, 100), 'denied');
});

test('S-05 preemptible false, a minimum run time and withinNode never protect', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, { ...low, preemptible: false }), 'ann');
  shows(rig.when(ask('b', { credits: 500 }, vip), 'bob'), { outcome: 'denied' });

  const young = givenLab(policy({ preemption: { minRuntimeMs: 5_000 } }));
  young.when(ask('v', { credits: 900 }, low), 'ann');
  young.pass(4_999);
  shows(young.when(ask('b', { credits: 500 }, vip), 'bob'), { outcome: 'denied' });
  young.pass(1);
  shows(young.when(ask('c', { credits: 500 }, vip), 'bob'), { outcome: 'granted' });

  const never = givenLab(policy({ preemption: { withinNode: 'never' } }));
  never.when(ask('v', { credits: 900 }, low), 'ann');
  shows(never.when(ask('b', { credits: 500 }, vip), 'bob'), { outcome: 'denied' });
});

test('S-05 withinNode any evicts its like, but only where the victim cannot turn it round', () => {
  const outcome = (preemption: Parameters<typeof policy>[0]['preemption'], more = {}) => {
    const rig = givenLab(policy({ preemption }));
    rig.when(ask('v', { credits: 900 }), 'ann');
    rig.pass(10);
    const by = { strategy: 'preemption_allowed', ...more } as const;
    return rig.when(ask('b', { credits: 500 }, by), 'bob').answer.outcome;
  };
  assert.is(outcome({ withinNode: 'any' }), 'denied');
  assert.is(outcome({ withinNode: 'any' }, { preemptible: false }), 'granted');
  assert.is(outcome({ withinNode: 'any', minRuntimeMs: 10 }), 'granted');
  assert.is(outcome({ withinNode: 'lower', minRuntimeMs: 10 }), 'denied');
});

test('F-04 the cheapest victims: lower priority, then the youngest', () => {
  const rig = givenLab();
  rig.when(ask('old-low', { credits: 300 }, low), 'ann');
  rig.when(ask('normal', { credits: 300 }), 'ann');
  rig.pass(10);
  rig.when(ask('new-low', { credits: 300 }, low), 'ann');
  const shown = rig.when(ask('b', { credits: 350 }, vip), 'bob');
  shows(shown, { outcome: 'granted', preempted: ['new-low'] });
  shows(rig.when(ask('c', { credits: 600 }, vip), 'bob'), { preempted: ['old-low', 'normal'] });
});

test('R-09 S-05 the set is minimal: who turns out not to be needed is put back', () => {
  const rig = givenLab();
  rig.when(ask('big', { credits: 700 }, low), 'ann');
  rig.pass(10);
  rig.when(ask('small', { credits: 200 }, low), 'ann');
  shows(rig.when(ask('b', { credits: 800 }, vip), 'bob'), {
    outcome: 'granted',
    preempted: ['big'],
  });
  assert.ok(rig.team.allocations.has('small'));
});

test('S-05 the set is minimal among a hundred and more', () => {
  const rig = givenLab();
  for (let n = 0; n < 150; n += 1) rig.when(ask(`s${n}`, { credits: 1 }, low), 'ann');
  rig.when(ask('big', { credits: 850 }, { priority: 1 }), 'ann');
  shows(rig.when(ask('b', { credits: 850 }, vip), 'bob'), {
    outcome: 'granted',
    preempted: ['big'],
  });
});

test('S-05 no more victims than one event can name', () => {
  const rig = givenLab();
  for (let n = 0; n <= LIMITS.victimsMax; n += 1)
    rig.when(ask(`s${n}`, { credits: 1 }, low), 'ann');
  rig.when(ask('rest', { credits: 1_000 - LIMITS.victimsMax - 1 }, { preemptible: false }), 'ann');
  shows(rig.when(ask('b', { credits: LIMITS.victimsMax + 1 }, vip), 'bob'), { outcome: 'denied' });
  shows(rig.when(ask('c', { credits: LIMITS.victimsMax }, vip), 'bob'), { outcome: 'granted' });
});

test('S-05 nobody is evicted when it would not be enough; spent credits do not come back', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 500 }, low), 'ann');
  rig.when(ask('keep', { credits: 500 }, vip), 'ann');
  shows(rig.when(ask('b', { credits: 501 }, vip), 'bob'), { outcome: 'denied' }, [
    'ContentionDetected',
    'StrategySelected',
    'RequestDenied',
    'ContestEnded',
  ]);
  rig.when({ op: 'report', allocation: 'v', used: { credits: 200 } }, 'ann');
  shows(rig.when(ask('c', { credits: 301 }, vip), 'bob'), { outcome: 'denied' });
  shows(rig.when(ask('d', { credits: 300 }, vip), 'bob'), { outcome: 'granted' });
});

test('S-05 a bundle short on two resources evicts for both, in one plan', () => {
  const rig = givenLab();
  rig.when(ask('credits', { credits: 900 }, low), 'ann');
  rig.when(ask('slots', { concurrency: 4 }, low), 'ann');
  rig.when(ask('other', { memory: 5 }, low), 'ann');
  shows(rig.when(ask('b', { credits: 500, concurrency: 1 }, vip), 'bob'), {
    outcome: 'granted',
    preempted: ['slots', 'credits'],
  });
});

test('S-05 a victim in another run yields to a request short at the team', () => {
  const rig = givenLab(
    open('acme/lab/two'),
    open('acme/lab/kept', { credits: { guarantee: 300 } }),
  );
  rig.when(ask('v', { credits: 600 }, { ...low, path: 'acme/lab/two/s' }), 'ann');
  // What a guarantee keeps set aside does not come free when its holder ends.
  rig.when(ask('g', { credits: 300 }, { ...low, path: 'acme/lab/kept/s' }), 'ann');
  shows(rig.when(ask('b', { credits: 701 }, vip), 'bob'), { reason: 'never_fits' });
  shows(rig.when(ask('c', { credits: 700 }, vip), 'bob'), { outcome: 'granted', preempted: ['v'] });
});

test('S-06 grace is the longest among the victims, within policy and the slack of the asker', () => {
  const graceMs = (more: Parameters<typeof ask>[2], graceMsMax = 60_000) => {
    const rig = givenLab(policy({ preemption: { graceMsMax } }));
    rig.when(ask('v', { credits: 500 }, grace(1_000)), 'ann');
    rig.when(ask('w', { credits: 500 }, grace(3_000)), 'ann');
    const { answer } = rig.when(ask('b', { credits: 900 }, { ...vip, ...more }), 'bob');
    return answer.outcome === 'preempting' ? answer.graceMs : answer.outcome;
  };
  assert.is(graceMs({}), 3_000);
  assert.is(graceMs({}, 2_000), 2_000);
  assert.is(graceMs({ deadlineMs: 1_500, expectedMs: 1_000 }), 500);
  assert.is(graceMs({}, 0), 'granted');
});

test('S-07 a preempted request with patience is requeued with what remains, one aging step ahead', () => {
  const rig = givenLab();
  const asked = { ...low, maxWaitMs: 90_000, ttlMs: 50_000, deadlineMs: 600_000 };
  rig.when(ask('v', { credits: { amount: 900, min: 300 }, memory: 7 }, asked), 'ann');
  rig.when({ op: 'report', allocation: 'v', used: { credits: 250 } }, 'ann');
  rig.pass(1_000);
  const shown = rig.when(ask('b', { credits: 500 }, vip), 'bob');
  const again = the(shown.events, 'RequestQueued');
  assert.equal(again.ask.items, { credits: { amount: 650, min: 300 }, memory: { amount: 7 } });
  assert.equal(
    [again.after, again.of, again.by, again.priority, again.ask.deadlineMs],
    ['preempted', 'v', 'ann', 0, 599_000],
  );
  assert.is(again.queuedAtMs, rig.nowMs - rig.team.policy.aging.intervalMs);
  assert.is(again.untilMs, rig.nowMs + 90_000);
  rig.when(release('b'), 'bob');
  const granted = rig.eventsOf('AllocationGranted').at(-1);
  assert.equal([granted?.id, granted?.items], [again.id, { credits: 650, memory: 7 }]);
});

test('S-07 room that the beneficiary leaves serves its requeued victim at once', () => {
  const rig = givenLab();
  const v = ask('v', { credits: { amount: 900, min: 300 } }, { ...low, maxWaitMs: 90_000 });
  rig.when(v, 'ann');
  rig.when(ask('b', { credits: 500 }, vip), 'bob');
  const granted = rig.eventsOf('AllocationGranted').at(-1);
  assert.equal([granted?.by, granted?.items], ['ann', { credits: 500 }]);
});

test('S-07 nothing is requeued without patience, beyond its deadline, or where it is barred', () => {
  const requeued = (more: Parameters<typeof ask>[2], bar?: Parameters<TeamRig['when']>[0]) => {
    const rig = givenLab();
    rig.when(ask('v', { credits: 900 }, { ...low, graceMs: 100, ...more }), 'ann');
    rig.when(ask('b', { credits: 500 }, { ...vip, path: 'acme' }), 'bob');
    if (bar !== undefined) rig.when(bar);
    return rig.pass(100).filter(({ type }) => type === 'RequestQueued').length;
  };
  assert.is(requeued({ maxWaitMs: 1_000 }), 1);
  assert.is(requeued({}), 0);
  assert.is(requeued({ maxWaitMs: 1_000, deadlineMs: 1_000, expectedMs: 900 }), 1);
  assert.is(requeued({ maxWaitMs: 1_000, deadlineMs: 999, expectedMs: 900 }), 0);
  assert.is(requeued({ maxWaitMs: 1_000 }, { op: 'freeze', path: RUN }), 0);
  assert.is(requeued({ maxWaitMs: 1_000 }, { op: 'close', path: RUN }), 0);
});

test('S-07 a name that the writer makes is never one that a client took', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, { ...low, maxWaitMs: 1_000 }), 'ann');
  const { seq } = rig.recorder.next;
  for (let n = 0; n < 9; n += 1) {
    rig.when(ask(`w-${seq + 9}-${n}`, { memory: 1 }), 'ann');
  }
  const shown = rig.when(ask('b', { credits: 500 }, vip), 'bob');
  assert.is(the(shown.events, 'AllocationEnded').as, 'preempted');
  assert.not.ok(rig.team.allocations.has(the(shown.events, 'RequestQueued').id));
});

test('S-05 victims who are no longer needed may stay', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 400 }, grace(5_000)), 'ann');
  rig.when(ask('w', { credits: 600 }, vip), 'ann');
  rig.when(ask('b', { credits: 300 }, { ...vip, maxWaitMs: 9_000 }), 'bob');
  rig.when(release('w'), 'ann');
  assert.ok(rig.team.allocations.has('b'), 'it came from somebody else');
  rig.pass(5_000);
  assert.ok(rig.team.allocations.has('v'));
});

for (const [how, act] of [
  ['cancelled', (rig: TeamRig) => rig.when({ op: 'cancel', request: 'b' }, 'bob')],
  ['frozen', (rig: TeamRig) => rig.when({ op: 'freeze', path: `${RUN}/vip` })],
] as const) {
  test(`S-05 victims of a beneficiary that is ${how} may stay, what it collected is free`, () => {
    const rig = givenLab(open(`${RUN}/vip`, {}, { tier: 'step' }));
    rig.when(ask('v', { credits: 900 }, grace(5_000)), 'ann');
    rig.when(ask('b', { credits: 500 }, { ...vip, maxWaitMs: 9_000, path: `${RUN}/vip` }), 'bob');
    shows(rig.when(ask('x', { credits: 100 }), 'ann'), { outcome: 'denied' });
    shows(rig.when({ op: 'status', of: 'v' }), { outcome: 'allocation' });
    assert.is(rig.team.allocations.get('v')?.yieldsTo, 'b');
    act(rig);
    shows(rig.when(ask('y', { credits: 100 }), 'ann'), { outcome: 'granted' });
    rig.pass(5_000);
    assert.equal(endedAs(rig), []);
    // And may be told to yield to somebody else.
    shows(rig.when(ask('c', { credits: 500 }, { ...vip, path: `${RUN}/c` }), 'bob'), {
      outcome: 'preempting',
      victims: ['v'],
    });
  });
}

test('S-05 two beneficiaries: what a victim gives goes to the one it yields to', () => {
  const rig = givenLab();
  rig.when(ask('v1', { credits: 500 }, grace(5_000)), 'ann');
  rig.when(ask('v2', { credits: 500 }, { priority: 50 }), 'ann');
  rig.when(ask('b1', { credits: 500 }, { ...vip, maxWaitMs: 9_000 }), 'bob');
  const shown = rig.when(ask('b2', { credits: 500 }, { ...vip, maxWaitMs: 9_000 }), 'bob');
  shows(shown, { outcome: 'granted', preempted: ['v2'] });
  assert.not.ok(rig.team.allocations.has('b1'));
  rig.when(release('v1'), 'ann');
  assert.ok(rig.team.allocations.has('b1'));
});

test('S-05 an allocation yields to one request at a time', () => {
  const rig = givenLab();
  rig.when(ask('v1', { credits: 1_000 }, grace(5_000)), 'ann');
  shows(rig.when(ask('b1', { credits: 500 }, { ...vip, maxWaitMs: 9_000 }), 'bob'), {
    outcome: 'preempting',
  });
  shows(rig.when(ask('b2', { credits: 500 }, { ...vip, maxWaitMs: 9_000 }), 'bob'), {
    outcome: 'queued',
  });
  rig.pass(5_000);
  assert.ok(rig.team.allocations.has('b1') && rig.team.allocations.has('b2'));
});

test('S-05 a queue of its rank bars preemption, a lower one does not', () => {
  const outcome = (priority: number) => {
    const rig = givenLab();
    rig.when(ask('v', { credits: 1_000 }), 'ann');
    const queued = { priority, maxWaitMs: 60_000, strategy: 'queue_and_wait' } as const;
    rig.when(ask('w', { credits: 10 }, queued), 'ann');
    const by = { priority: 250, strategy: 'preemption_allowed' } as const;
    return rig.when(ask('b', { credits: 500 }, by), 'bob').answer.outcome;
  };
  assert.is(outcome(249), 'granted');
  assert.is(outcome(250), 'denied');
});

test('S-05 a divisible request that can evict nobody takes the part that is free', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, vip), 'ann');
  shows(rig.when(ask('b', { credits: { amount: 500, min: 50 } }, vip), 'bob'), {
    outcome: 'partial',
    granted: { credits: 100 },
  });
});

test('S-05 the account that is short changes while a request collects: it moves there', () => {
  const rig = givenLab();
  rig.when(ask('v', { concurrency: 4 }, grace(1_000)), 'ann');
  const b = ask('b', { concurrency: 2, credits: 500 }, { ...vip, maxWaitMs: 60_000 });
  shows(rig.when(b, 'bob'), { outcome: 'preempting' });
  rig.when({ op: 'setLimits', path: RUN, limits: { credits: { limit: 400 } } });
  rig.pass(1_000);
  assert.not.ok(rig.team.allocations.has('b'), 'the limit was cut below what it collected');
  assert.equal(rig.eventsOf('RequestMoved').at(-1)?.account, { path: RUN, resource: 'credits' });
  rig.when({ op: 'setLimits', path: RUN, limits: { credits: { limit: 500 } } });
  assert.ok(rig.team.allocations.has('b'));
});

test('§6.4 an outage moves the grace too', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, grace(1_000)), 'ann');
  rig.when(ask('b', { credits: 500 }, { ...vip, maxWaitMs: 9_000 }), 'bob');
  rig.record({ type: 'LeasesExtended', v: 1, team: 'acme', atMs: rig.nowMs, byMs: 500 });
  assert.equal(rig.pass(1_499), []);
  assert.is(the(rig.pass(1), 'AllocationEnded').atMs, START_MS + 1_500);
});

test.run();
