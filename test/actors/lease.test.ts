import { plainRuntime } from '../../actors/runtime.ts';
import { LIMITS } from '../../events/limits.ts';
import { assert, suite } from '../harness/suite.ts';
import { START_MS, shows, the } from './rig.ts';
import { ask, givenLab, policy, RUN, release, setLimits, settle } from './world.ts';

const test = suite('actors: leases');

const renew = (allocation: string, more: { byMs?: number; ttlMs?: number }) =>
  ({ op: 'renew', allocation, ...more }) as const;
const resize = (allocation: string, items: Record<string, number>) =>
  ({ op: 'resize', allocation, items }) as const;

test('INV-10 T-20 a lease ends at its end, not a millisecond before', () => {
  const rig = givenLab();
  shows(rig.when(ask('a', { credits: 100 }, { ttlMs: 500 }), 'ann'), { expiresInMs: 500 });
  assert.equal(rig.pass(499), []);
  const ended = the(rig.pass(1), 'AllocationEnded');
  assert.equal([ended.as, ended.booked, ended.atMs], ['expired', {}, START_MS + 500]);
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 0);
});

test('T-20 what has ended leaves the timers, so that they stay as few as the leases', () => {
  const rig = givenLab();
  for (let n = 0; n < 50; n += 1) {
    rig.when(ask(`a${n}`, { credits: 1 }), 'ann');
    rig.when(renew(`a${n}`, { byMs: 50 }), 'ann');
    rig.when(settle(`a${n}`, { credits: 1 }), 'ann');
  }
  assert.is(rig.timers.size, 0);
});

test('T-20 renew: byMs adds to the end, ttlMs counts from now, neither shortens', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 100 }, { ttlMs: 1_000 }), 'ann');
  rig.pass(400);
  shows(rig.when(renew('a', { byMs: 300 }), 'ann'), { outcome: 'renewed', expiresInMs: 900 });
  shows(rig.when(renew('a', { ttlMs: 950 }), 'ann'), { expiresInMs: 950 });
  shows(rig.when(renew('a', { ttlMs: 50 }), 'ann'), { expiresInMs: 950 });
  assert.equal(rig.pass(949), []);
  the(rig.pass(1), 'AllocationEnded');
  shows(rig.when(renew('a', { byMs: 300 }), 'ann'), { code: 'allocation_ended' }, []);
});

test('T-20 renew reaches no further than the longest lease from now', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 100 }, { ttlMs: 1_000 }), 'ann');
  shows(rig.when(renew('a', { byMs: LIMITS.leaseMsMax }), 'ann'), {
    expiresInMs: LIMITS.leaseMsMax,
  });
  shows(rig.when(renew('a', { byMs: 5_000 }), 'ann'), { expiresInMs: LIMITS.leaseMsMax });
});

test('T-20 a repeated grant tells the lease as it is now, 0 once it is over', () => {
  const rig = givenLab();
  const first = ask('a', { credits: 100 }, { ttlMs: 1_000 });
  rig.when(first, 'ann');
  rig.pass(400);
  shows(rig.when(first, 'ann'), { outcome: 'granted', expiresInMs: 600, replayed: true }, []);
  rig.when(renew('a', { ttlMs: 2_000 }), 'ann');
  shows(rig.when(first, 'ann'), { expiresInMs: 2_000 });
  rig.when(settle('a', { credits: 1 }), 'ann');
  shows(rig.when(first, 'ann'), { outcome: 'granted', expiresInMs: 0 });
});

test('T-18 resize: growth must fit on every tier, shrinking always may', () => {
  const rig = givenLab(setLimits(RUN, { credits: 300 }));
  rig.when(ask('a', { credits: 100, memory: 50 }), 'ann');
  rig.when(ask('b', { credits: 100 }), 'ann');
  shows(rig.when(resize('a', { credits: 201 }), 'ann'), { code: 'does_not_fit' }, []);
  shows(rig.when(resize('a', { credits: 200 }), 'ann'), { outcome: 'resized' }, [
    'AllocationResized',
  ]);
  assert.equal(rig.team.allocations.get('a')?.items, { credits: 200, memory: 50 });
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 300);
  rig.when({ op: 'charge', id: 'c', path: RUN, amounts: { credits: 500 } });
  shows(rig.when(resize('a', { credits: 150 }), 'ann'), { outcome: 'resized' });
  shows(rig.when(resize('a', { gold: 1 }), 'ann'), { code: 'unknown_resource' }, []);
  shows(rig.when(resize('b', { memory: Number.MAX_SAFE_INTEGER }), 'ann'), {
    code: 'amount_out_of_range',
  });
});

test('T-18 resize does not overtake who waits, and what it frees serves them', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 900, concurrency: 1 }), 'ann');
  rig.when(ask('w', { credits: 300 }, { maxWaitMs: 5_000 }), 'bob');
  shows(rig.when(resize('a', { credits: 901 }), 'ann'), { code: 'does_not_fit' });
  // Grows one resource and shrinks another at once: the room is noticed all the same.
  const shown = rig.when(resize('a', { credits: 700, concurrency: 2 }), 'ann');
  shows(shown, { outcome: 'resized' }, ['AllocationResized', 'AllocationGranted', 'ContestEnded']);
  assert.is(the(shown.events, 'AllocationGranted').id, 'w');
});

test('T-18 an allocation names no more resources than a bundle may', () => {
  const rig = givenLab();
  const tools = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`tool.t${from + i}`, 1]));
  rig.when(ask('a', tools(0, LIMITS.itemsMax)), 'ann');
  shows(rig.when(resize('a', tools(1, LIMITS.itemsMax)), 'ann'), { code: 'malformed' }, []);
  shows(rig.when(resize('a', tools(0, LIMITS.itemsMax)), 'ann'), { outcome: 'resized' });
  rig.when({ op: 'report', allocation: 'a', used: tools(0, LIMITS.itemsMax) }, 'ann');
  const report = { op: 'report', allocation: 'a', used: tools(LIMITS.itemsMax, 1) } as const;
  shows(rig.when(report, 'ann'), { code: 'malformed' }, []);
});

test('T-18 report is cumulative and never falls; above what is held it marks an overrun', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 100 }), 'ann');
  const report = (credits: number) =>
    ({ op: 'report', allocation: 'a', used: { credits } }) as const;
  shows(rig.when(report(60), 'ann'), {
    outcome: 'reported',
    used: { credits: 60 },
    overrun: false,
  });
  shows(rig.when(report(40), 'ann'), { used: { credits: 60 } });
  shows(rig.when(report(101), 'ann'), { used: { credits: 101 }, overrun: true });
  shows(rig.when(report(0), 'ann'), { used: { credits: 101 }, overrun: true });
  const account = rig.team.nodes.get('acme')?.accounts.get('credits');
  assert.equal([account?.held, account?.spentTree], [0, 0], 'changes no balance');
  assert.is(account?.heldTree, 100);
  shows(rig.when(release('a'), 'ann'), { outcome: 'released', booked: { credits: 101 } });
  assert.is(account?.spentTree, 101);
});

test('O-05 a grant out of the queue is revoked unless its agent is heard within claimMs', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when(ask('w', { credits: 10 }, { maxWaitMs: 600_000, ttlMs: 600_000 }), 'bob');
  rig.when(release('a'), 'ann');
  assert.equal(rig.pass(LIMITS.claimMs - 1), []);
  const events = rig.pass(1);
  assert.is(the(events, 'AllocationEnded').as, 'unclaimed');
  const again = the(events, 'RequestQueued');
  assert.equal([again.id, again.after, again.attempt], ['w', 'unclaimed', 1]);
  assert.is(the(events, 'AllocationGranted').id, 'w', 'nobody else waits');
});

test('INV-7 a request that was put back unclaimed is still the one that was sent: a repeat is one', () => {
  const rig = givenLab();
  const command = ask('w', { credits: 10 }, { maxWaitMs: 600_000, ttlMs: 600_000 });
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when(command, 'bob');
  rig.when(release('a'), 'ann');
  rig.when(ask('b', { credits: 990 }), 'ann');
  rig.pass(LIMITS.claimMs);
  shows(rig.when(command, 'bob'), { outcome: 'granted', replayed: true }, ['AllocationClaimed']);
});

test('INV-7 a log in which a demand was put back without the digest of its content is followed', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when(ask('w', { credits: 10 }, { maxWaitMs: 600_000, ttlMs: 600_000 }), 'bob');
  rig.when(release('a'), 'ann');
  rig.when(ask('b', { credits: 990 }), 'ann');
  rig.pass(LIMITS.claimMs);
  let isAfter = false;
  for (const { event } of rig.recorded) {
    isAfter ||= event.type === 'RequestQueued' && event.after === 'unclaimed';
    if (isAfter && 'digest' in event && event.id === 'w') delete event.digest;
  }
  assert.ok(isAfter);
  assert.equal([...rig.replayed(plainRuntime).waiting.keys()], [...rig.team.waiting.keys()]);
});

test('O-05 an unclaimed grant is requeued twice at most', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when(ask('w', { credits: 10 }, { maxWaitMs: 600_000, ttlMs: 600_000 }), 'bob');
  rig.when(release('a'), 'ann');
  for (let round = 0; round < 5; round += 1) rig.pass(LIMITS.claimMs);
  assert.is(rig.eventsOf('AllocationEnded').filter(({ as }) => as === 'unclaimed').length, 3);
  assert.is(rig.team.waiting.size, 0);
  assert.is(rig.team.allocations.size, 0);
});

test('O-05 a requeued grant stands back behind others of its priority', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when(ask('w', { credits: 1_000 }, { maxWaitMs: 600_000, ttlMs: 600_000 }), 'bob');
  rig.when(ask('x', { credits: 1_000 }, { maxWaitMs: 600_000 }), 'ann');
  rig.when(release('a'), 'ann');
  const events = rig.pass(LIMITS.claimMs);
  assert.is(the(events, 'RequestQueued').position, 2);
  assert.is(the(events, 'AllocationGranted').id, 'x');
});

for (const [what, command] of [
  ['status', { op: 'status', of: 'w' }],
  ['renew', renew('w', { byMs: 10 })],
  ['report', { op: 'report', allocation: 'w', used: { credits: 1 } }],
  ['resize', resize('w', { credits: 9 })],
  ['the same request again', ask('w', { credits: 10 }, { maxWaitMs: 5_000, ttlMs: 600_000 })],
  ['cancel', { op: 'cancel', request: 'w' }],
] as const) {
  test(`O-05 ${what} of its agent claims a grant; of the operator it does not`, () => {
    const given = () => {
      const rig = givenLab();
      rig.when(ask('a', { credits: 1_000 }), 'ann');
      rig.when(ask('w', { credits: 10 }, { maxWaitMs: 5_000, ttlMs: 600_000 }), 'bob');
      rig.when(release('a'), 'ann');
      return rig;
    };
    const claimed = given();
    claimed.when(command as never, 'bob');
    claimed.pass(LIMITS.claimMs);
    assert.ok(claimed.team.allocations.has('w'));
    const unclaimed = given();
    unclaimed.when(command as never);
    unclaimed.pass(LIMITS.claimMs);
    assert.not.ok(unclaimed.team.allocations.get('w')?.attempt === 0);
  });
}

test('O-05 status and a repeat of a claimed grant answer the grant', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  const wait = ask('w', { credits: 10 }, { maxWaitMs: 5_000 });
  rig.when(wait, 'bob');
  shows(rig.when(wait, 'bob'), { outcome: 'queued', replayed: true, timeoutInMs: 5_000 }, []);
  rig.when(release('a'), 'ann');
  shows(rig.when({ op: 'status', of: 'w' }, 'bob'), { outcome: 'granted', id: 'w' }, [
    'AllocationClaimed',
  ]);
  shows(rig.when(wait, 'bob'), { outcome: 'granted', granted: { credits: 10 } }, []);
});

test('§6.4 an outage moves leases, claims and queue time-outs, not deadlines', () => {
  const rig = givenLab(policy({ preemption: { graceMsMax: 10_000 } }));
  rig.when(ask('a', { credits: 1_000 }, { ttlMs: 2_000 }), 'ann');
  rig.when(ask('w', { credits: 10 }, { maxWaitMs: 1_000 }), 'bob');
  rig.when(ask('d', { credits: 10 }, { maxWaitMs: 1_500, deadlineMs: 1_500 }), 'bob');
  rig.record({ type: 'LeasesExtended', v: 1, team: 'acme', atMs: rig.nowMs, byMs: 700 });
  assert.equal(rig.pass(1_500), []);
  const late = the(rig.pass(1), 'RequestDenied');
  assert.equal([late.id, late.reason], ['d', 'deadline_unreachable']);
  const timedOut = the(rig.passTo(START_MS + 1_700), 'RequestDenied');
  assert.equal(
    [timedOut.id, timedOut.reason, timedOut.atMs],
    ['w', 'wait_timeout', START_MS + 1_700],
  );
  assert.equal(rig.passTo(START_MS + 2_699), []);
  assert.is(the(rig.passTo(START_MS + 2_700), 'AllocationEnded').as, 'expired');
});

test.run();
