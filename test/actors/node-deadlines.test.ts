import { assert, suite } from '../harness/suite.ts';
import { given, shows, type TeamRig, the } from './rig.ts';
import { stateOf } from './state.ts';
import { ask, enrol, open, policy, settle } from './world.ts';

const test = suite('actors: deadlines of nodes');

const RUN = 'acme/lab/run';

function givenDeadlines(): TeamRig {
  return given(
    open('acme', { credits: 100, concurrency: 2 }),
    open('acme/lab', {}, { deadlineMs: 10_000 }),
    open(RUN, {}, { deadlineMs: 4_000 }),
    open('acme/lab/late', {}, { deadlineMs: 60_000 }),
    enrol('ann'),
    policy({}),
  );
}

const inMs = (rig: TeamRig, path: string) => {
  const { answer } = rig.when({ op: 'balance', path });
  return answer.outcome === 'balance' ? answer.deadlineInMs : undefined;
};

test('R-08 a child has the earlier of its own deadline and its parent, siblings share it', () => {
  const rig = givenDeadlines();
  assert.is(inMs(rig, 'acme'), null);
  assert.is(inMs(rig, RUN), 4_000);
  assert.is(inMs(rig, 'acme/lab/late'), 10_000);
  rig.pass(1_000);
  rig.when(open('acme/lab/third'));
  assert.is(inMs(rig, 'acme/lab/third'), 9_000);
  rig.when(ask('a', { credits: 1 }, { path: `${RUN}/step`, ttlMs: 50 }), 'ann');
  assert.is(inMs(rig, `${RUN}/step`), 3_000);
});

test('R-07 no lease outlives the deadline, granted or renewed', () => {
  const rig = givenDeadlines();
  shows(rig.when(ask('a', { credits: 1 }, { path: RUN, ttlMs: 9_000, expectedMs: 100 }), 'ann'), {
    outcome: 'granted',
    expiresInMs: 4_000,
  });
  shows(rig.when({ op: 'renew', allocation: 'a', byMs: 5_000 }, 'ann'), { expiresInMs: 4_000 });
});

test('R-06 what cannot be done before the deadline is denied at once', () => {
  const rig = givenDeadlines();
  shows(rig.when(ask('a', { credits: 1 }, { path: RUN, expectedMs: 4_001 }), 'ann'), {
    outcome: 'denied',
    reason: 'deadline_unreachable',
  });
  shows(rig.when(ask('b', { credits: 1 }, { path: RUN, ttlMs: 4_001 }), 'ann'), {
    reason: 'deadline_unreachable',
  });
  shows(rig.when(ask('c', { credits: 1 }, { path: RUN, expectedMs: 4_000 }), 'ann'), {
    outcome: 'granted',
  });
});

test('R-08 who waits gives up when it can no longer be done in time', () => {
  const rig = givenDeadlines();
  rig.when(ask('a', { concurrency: 2 }, { path: 'acme' }), 'ann');
  rig.when(
    ask('w', { concurrency: 1 }, { path: RUN, expectedMs: 3_000, maxWaitMs: 60_000 }),
    'ann',
  );
  assert.is(rig.pass(1_000).length, 0);
  assert.is(the(rig.pass(1), 'RequestDenied').reason, 'deadline_unreachable');
});

test('T-20 at its deadline a node closes by force: what lives is timed out, its report booked', () => {
  const rig = givenDeadlines();
  rig.when(ask('a', { credits: 9 }, { path: RUN, ttlMs: 4_000 }), 'ann');
  rig.when(ask('b', { credits: 5 }, { path: `${RUN}/step`, expectedMs: 1 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 3 } }, 'ann');
  assert.equal(rig.pass(3_999), []);
  const events = rig.pass(1);
  const closing = the(events, 'NodeClosing');
  assert.equal([closing.path, closing.why, closing.by], [RUN, 'deadline', undefined]);
  const ends = events.flatMap((one) => (one.type === 'AllocationEnded' ? [one] : []));
  assert.equal(
    ends.map(({ allocation, as, booked }) => [allocation, as, booked]),
    [
      ['a', 'timed_out', { credits: 3 }],
      ['b', 'timed_out', {}],
    ],
  );
  assert.ok(!rig.team.nodes.has(RUN));
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 3);
  // What was really used is booked late.
  shows(rig.when(settle('a', { credits: 4 }), 'ann'), { outcome: 'settled', late: true });
});

test('T-20 a lease that reached to the deadline is timed out, though the writer is late', () => {
  const rig = givenDeadlines();
  rig.when(ask('a', { credits: 9 }, { path: RUN, ttlMs: 4_000 }), 'ann');
  rig.when(ask('b', { credits: 5 }, { path: RUN, ttlMs: 3_999 }), 'ann');
  rig.oversleep(4_020);
  assert.is(rig.team.tombstones.get('b')?.as, 'expired');
  assert.is(rig.team.tombstones.get('a')?.as, 'timed_out');
});

test('T-11 a swarm closes with all beneath it when its time is over', () => {
  const rig = givenDeadlines();
  rig.when(ask('a', { credits: 9 }, { path: 'acme/lab/late', expectedMs: 1 }), 'ann');
  rig.pass(10_000);
  assert.equal([...rig.team.nodes.keys()], ['acme']);
  assert.is(rig.team.tombstones.get('a')?.as, 'timed_out');
  shows(rig.when(open('acme/lab')), { code: 'node_closed' });
});

test('T-20 a node that is closing or frozen keeps its deadline', () => {
  const rig = givenDeadlines();
  rig.when(ask('a', { credits: 9 }, { path: RUN, expectedMs: 1 }), 'ann');
  rig.when({ op: 'close', path: RUN });
  rig.when({ op: 'freeze', path: 'acme/lab' });
  rig.pass(4_000);
  assert.is(rig.team.tombstones.get('a')?.as, 'timed_out');
  assert.ok(!rig.team.nodes.has(RUN));
});

test('§6.4 an outage moves leases but no deadline', () => {
  const rig = givenDeadlines();
  rig.when(ask('a', { credits: 9 }, { path: RUN, ttlMs: 3_500 }), 'ann');
  rig.record({ type: 'LeasesExtended', v: 1, team: 'acme', atMs: rig.nowMs, byMs: 3_000 });
  assert.is(rig.team.allocations.get('a')?.expiresAtMs, rig.nowMs + 4_000);
  rig.pass(4_000);
  assert.is(rig.team.tombstones.get('a')?.as, 'timed_out');
});

test('R-08 a writer that slept, or took over, closes what is overdue', () => {
  const rig = givenDeadlines();
  rig.when(ask('a', { credits: 9 }, { path: RUN, expectedMs: 1 }), 'ann');
  const next = rig.takenOver();
  assert.equal(stateOf(next.team), stateOf(rig.team));
  next.oversleep(20_000);
  assert.equal([...next.team.nodes.keys()], ['acme']);
});

test.run();
