import { LIMITS } from '../../events/limits.ts';
import { assert, suite } from '../harness/suite.ts';
import { givenBusy, gpu, served, wait } from './busy.ts';
import { shows, type TeamRig, the } from './rig.ts';
import {
  ask,
  enrol,
  givenLab,
  open,
  policy,
  RUN,
  release,
  STEP,
  setLimits,
  settle,
} from './world.ts';

const test = suite('actors: queue');

function drain(rig: TeamRig, count: number): string[] {
  rig.when(release('busy'), 'ann');
  for (let n = 0; n < count; n += 1) rig.when(release(served(rig).at(-1) ?? '', {}), 'bob');
  return served(rig);
}

test('S-01 equal requests are served in order of arrival', () => {
  const rig = givenBusy();
  for (const id of ['x', 'b', 'm']) rig.when(gpu(id), 'bob');
  assert.equal(drain(rig, 3), ['x', 'b', 'm']);
});

test('A-02 S-02 a higher priority is served first', () => {
  const rig = givenBusy();
  rig.when(gpu('low', { priority: 'low' }), 'bob');
  rig.when(gpu('high', { priority: 'high' }), 'bob');
  rig.when(gpu('mid'), 'bob');
  assert.equal(drain(rig, 3), ['high', 'mid', 'low']);
});

test('N-03 N-02 then less slack, then more at stake', () => {
  const rig = givenBusy();
  rig.when(gpu('calm'), 'bob');
  rig.when(gpu('stake', { businessImpact: 51 }), 'bob');
  rig.when(gpu('soon', { deadlineMs: 9_000, expectedMs: 5_000 }), 'bob');
  rig.when(gpu('later', { deadlineMs: 8_000, expectedMs: 1_000 }), 'bob');
  assert.equal(drain(rig, 4), ['soon', 'later', 'stake', 'calm']);
});

test('S-03 aging: who waits long enough passes a higher priority that came later', () => {
  const order = (waitedMs: number) => {
    const rig = givenBusy(policy({ aging: { intervalMs: 1_000, step: 10 } }));
    rig.when({ op: 'renew', allocation: 'busy', ttlMs: 600_000 }, 'ann');
    rig.when(gpu('old', { priority: 100, maxWaitMs: 600_000 }), 'bob');
    rig.pass(waitedMs);
    rig.when(gpu('new', { priority: 150, maxWaitMs: 600_000 }), 'bob');
    return drain(rig, 2);
  };
  // At equal effective priority the one that came first is served first.
  assert.equal(order(5_000), ['old', 'new']);
  assert.equal(order(4_000), ['new', 'old']);
});

test('S-03 no waiting reaches emergency', () => {
  const rig = givenBusy(policy({ aging: { intervalMs: 1, step: 10_000 } }));
  rig.when({ op: 'renew', allocation: 'busy', ttlMs: 600_000 }, 'ann');
  rig.when(gpu('old', { maxWaitMs: 600_000 }), 'bob');
  rig.pass(500_000);
  rig.when(gpu('vip', { priority: 'emergency', strategy: 'queue_and_wait' }), 'bob');
  assert.equal(drain(rig, 2), ['vip', 'old']);
});

test('S-03 another aging sorts those who wait anew', () => {
  const rig = givenBusy(policy({ aging: { intervalMs: 1_000, step: 0 } }));
  rig.when(gpu('old', { priority: 100 }), 'bob');
  rig.pass(2_000);
  rig.when(gpu('new', { priority: 110 }), 'bob');
  shows(rig.when({ op: 'status', of: 'old' }, 'bob'), { position: 2 });
  rig.when(policy({ aging: { intervalMs: 1_000, step: 10 } }));
  shows(rig.when({ op: 'status', of: 'old' }, 'bob'), { position: 1 });
});

test('S-08 head of line: a smaller request does not pass the one before it', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 900 }), 'ann');
  rig.when(ask('big', { credits: 500 }, wait), 'bob');
  shows(rig.when(ask('small', { credits: 50 }, wait), 'bob'), { outcome: 'queued', position: 2 });
  shows(rig.when(ask('now', { credits: 50 }), 'bob'), {
    outcome: 'denied',
    reason: 'queued_ahead',
  });
  rig.when(settle('a', { credits: 450 }), 'ann');
  assert.equal(served(rig), ['big', 'small']);
});

test('S-08 a higher priority that fits passes the queue at once', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 900 }), 'ann');
  rig.when(ask('big', { credits: 500 }, wait), 'bob');
  shows(rig.when(ask('up', { credits: 50 }, { priority: 'high' }), 'bob'), { outcome: 'granted' });
  // It would be served first, but the queue is still before its like.
  shows(rig.when(ask('up2', { credits: 51 }, { priority: 'high' }), 'bob'), { outcome: 'denied' });
});

test('S-08 a queue on one account does not hold up another', () => {
  const rig = givenLab(open('acme/lab/two'), setLimits(RUN, { credits: 100 }));
  rig.when(ask('a', { credits: 100 }), 'ann');
  rig.when(ask('w', { credits: 50 }, wait), 'bob');
  shows(rig.when(ask('x', { credits: 50 }, { path: 'acme/lab/two/s' }), 'bob'), {
    outcome: 'granted',
  });
  shows(rig.when(ask('y', { memory: 50 }), 'bob'), { outcome: 'granted' });
  shows(rig.when(ask('z', { credits: 1 }), 'bob'), { outcome: 'denied' });
});

test('S-08 a request waits at the outermost short account and moves when the bottleneck does', () => {
  const rig = givenLab(setLimits(RUN, { credits: 500 }), open('acme/lab/two'));
  rig.when(ask('run', { credits: 400 }), 'ann');
  rig.when(ask('team', { credits: 600 }, { path: 'acme/lab/two/s' }), 'ann');
  const queued = the(rig.when(ask('w', { credits: 200 }, wait), 'bob').events, 'RequestQueued');
  assert.equal(queued.account, { path: 'acme', resource: 'credits' });
  const freed = rig.when(release('team'), 'ann').events;
  assert.equal(the(freed, 'RequestMoved').account, { path: RUN, resource: 'credits' });
  assert.equal(served(rig), []);
  rig.when(release('run'), 'ann');
  assert.equal(served(rig), ['w']);
});

test('S-08 who waits at a run does not pass who waits at the team', () => {
  const rig = givenLab(setLimits(RUN, { credits: 100 }), open('acme/lab/two'));
  rig.when(ask('run', { credits: 100 }), 'ann');
  rig.when(ask('team', { credits: 800 }, { path: 'acme/lab/two/s' }), 'ann');
  rig.when(ask('first', { credits: 300 }, { ...wait, path: 'acme/lab/two/s' }), 'bob');
  const queued = the(rig.when(ask('w', { credits: 50 }, wait), 'bob').events, 'RequestQueued');
  assert.is(queued.account.path, RUN);
  // 200 are free at the team, but `first` is before it there.
  const events = rig.when(release('run'), 'ann').events;
  assert.is(the(events, 'RequestMoved').account.path, 'acme');
  assert.equal(served(rig), []);
  rig.when(release('team'), 'ann');
  assert.equal(served(rig), ['first', 'w']);
});

test('S-08 a divisible request takes no part past the queue of an outer account', () => {
  const rig = givenLab(setLimits(RUN, { credits: 100 }), open('acme/lab/two'));
  rig.when(ask('team', { credits: 800 }, { path: 'acme/lab/two/s' }), 'ann');
  rig.when(ask('first', { credits: 300 }, { ...wait, path: 'acme/lab/two/s' }), 'bob');
  shows(rig.when(ask('w', { credits: { amount: 150, min: 10 } }, wait), 'bob'), {
    outcome: 'queued',
  });
});

test('S-08 every kind of room serves the queue: settle, expiry, top-up, limit, guarantee, close', () => {
  const cases: [string, (rig: TeamRig) => unknown][] = [
    ['settle', (rig) => rig.when(settle('a', { credits: 10 }), 'ann')],
    ['release', (rig) => rig.when(release('a'), 'ann')],
    ['expiry', (rig) => rig.pass(60_000)],
    ['resize', (rig) => rig.when({ op: 'resize', allocation: 'a', items: { credits: 9 } }, 'ann')],
    [
      'top-up',
      (rig) => rig.when({ op: 'topUp', id: 't', path: 'acme', amounts: { credits: 200 } }),
    ],
    ['limit', (rig) => rig.when(setLimits('acme', { credits: 1_200 }))],
    ['no limit', (rig) => rig.when(setLimits('acme', { credits: { limit: null } }))],
    ['guarantee', (rig) => rig.when(setLimits('acme/kept', { credits: { guarantee: 0 } }))],
    ['close', (rig) => rig.when({ op: 'close', path: 'acme/kept' })],
    [
      'adjust',
      (rig) => rig.when({ op: 'adjust', id: 'j', allocation: 'old', actual: { credits: 0 } }),
    ],
    ['late settle', (rig) => rig.when(settle('late', { credits: 0 }), 'ann')],
    ['cancel of the head', (rig) => rig.when({ op: 'cancel', request: 'head' }, 'bob')],
  ];
  for (const [name, act] of cases) {
    const rig = givenLab(open('acme/kept', { credits: { guarantee: 200 } }));
    rig.when(ask('old', { credits: 200 }), 'ann');
    rig.when(settle('old', { credits: 200 }), 'ann');
    rig.when(ask('late', { credits: 200 }, { ttlMs: 10 }), 'ann');
    rig.when({ op: 'report', allocation: 'late', used: { credits: 200 } }, 'ann');
    rig.pass(10);
    rig.when(ask('a', { credits: 350 }), 'ann');
    if (name === 'cancel of the head') rig.when(ask('head', { credits: 700 }, wait), 'bob');
    const w = name === 'cancel of the head' ? 50 : 200;
    shows(rig.when(ask('w', { credits: w }, { maxWaitMs: 100_000 }), 'bob'), { outcome: 'queued' });
    act(rig);
    assert.equal(served(rig), ['w'], name);
  }
});

test('O-05 wait_timeout: denied when its patience ends, told what it waited', () => {
  const rig = givenBusy();
  rig.when(gpu('w', { maxWaitMs: 700 }), 'bob');
  assert.equal(rig.pass(699), []);
  const denied = the(rig.pass(1), 'RequestDenied');
  assert.equal([denied.reason, denied.waitedMs, denied.retryOn], ['wait_timeout', 700, 'release']);
  shows(rig.when(gpu('w', { maxWaitMs: 700 }), 'bob'), { outcome: 'denied', replayed: true });
  assert.is(rig.timers.size, 1, 'the lease alone');
});

test('R-08 a waiting request whose deadline cannot be met any more is denied at once', () => {
  const rig = givenBusy();
  rig.when(gpu('w', { deadlineMs: 1_000, expectedMs: 400 }), 'bob');
  assert.equal(rig.pass(600), [], 'at its latest start it could still be met');
  assert.is(the(rig.pass(1), 'RequestDenied').reason, 'deadline_unreachable');
});

test('R-08 nothing is granted beyond its deadline by a writer that slept', () => {
  const rig = givenBusy();
  rig.when(gpu('w', { deadlineMs: 60_500, expectedMs: 400, maxWaitMs: 600_000 }), 'bob');
  const events = rig.oversleep(100_000);
  assert.is(the(events, 'RequestDenied').reason, 'deadline_unreachable');
  assert.equal(served(rig), []);
});

test('O-05 a release at the very instant of the time-out still serves', () => {
  const rig = givenBusy();
  rig.when(gpu('w', { maxWaitMs: 60_000 }), 'bob');
  rig.pass(60_000);
  assert.equal(served(rig), ['w'], 'the lease ends first, in the order of kinds');
});

test('S §6.3 whoever asks for a cancelled request again is told so, by status too', () => {
  const rig = givenBusy();
  rig.when(gpu('w'), 'bob');
  rig.when({ op: 'cancel', request: 'w', id: 'c' }, 'bob');
  const told = { outcome: 'cancelled', id: 'w', request: 'w', replayed: true };
  shows(rig.when(gpu('w'), 'bob'), told, []);
  shows(rig.when({ op: 'status', of: 'w' }, 'bob'), told, []);
});

test('S §6.3 so is whoever asks for one that was granted, not claimed, put back and cancelled', () => {
  const rig = givenBusy();
  rig.when(gpu('w', { maxWaitMs: 600_000, ttlMs: 600_000 }), 'bob');
  rig.when(release('busy'), 'ann');
  rig.when(ask('next', { 'slot.gpu': 1 }, { maxWaitMs: 600_000, ttlMs: 600_000 }), 'ann');
  rig.pass(LIMITS.claimMs);
  shows(rig.when({ op: 'cancel', request: 'w' }, 'bob'), { outcome: 'cancelled' });
  shows(rig.when({ op: 'status', of: 'w' }, 'bob'), { outcome: 'cancelled', request: 'w' }, []);
});

test('S §7 who asks for nothing of a resource takes no turn in its queue', () => {
  const rig = givenBusy();
  rig.when(gpu('w'), 'bob');
  shows(rig.when(ask('z', { 'slot.gpu': 0, credits: 1 }), 'ann'), { outcome: 'granted' }, [
    'AllocationGranted',
  ]);
});

test('S §4 an ask inside a guarantee waits for nobody who waits for what is beyond it', () => {
  const rig = givenLab(open('acme/lab/kept', { credits: { guarantee: 100 } }));
  rig.when(ask('a', { credits: 850 }), 'ann');
  shows(rig.when(ask('w', { credits: 200 }, { maxWaitMs: 60_000 }), 'bob'), { outcome: 'queued' });
  const kept = (id: string, amount: number) =>
    ask(id, { credits: amount }, { path: 'acme/lab/kept/s' });
  shows(rig.when(kept('k', 60), 'ann'), { outcome: 'granted' });
  shows(rig.when(kept('l', 41), 'ann'), { outcome: 'denied', reason: 'queued_ahead' });
});

test('S-08 cancel takes a request out; after the grant it answers already_granted', () => {
  const rig = givenBusy();
  rig.when(gpu('w'), 'bob');
  shows(rig.when({ op: 'cancel', request: 'w' }, 'ann'), { code: 'not_permitted' }, []);
  rig.pass(10);
  shows(rig.when({ op: 'cancel', request: 'w', id: 'c' }, 'bob'), {
    outcome: 'cancelled',
    id: 'c',
  });
  shows(rig.when({ op: 'cancel', request: 'w', id: 'c' }, 'bob'), { replayed: true }, []);
  shows(rig.when({ op: 'cancel', request: 'w' }, 'bob'), { code: 'unknown_request' }, []);
  shows(rig.when({ op: 'cancel', request: 'busy' }, 'ann'), { outcome: 'already_granted' });
  rig.when(release('busy'), 'ann');
  shows(rig.when({ op: 'cancel', request: 'busy' }, 'ann'), { outcome: 'already_granted' }, []);
  shows(rig.when({ op: 'cancel', request: 'none' }, 'ann'), { code: 'unknown_request' }, []);
});

test('S-08 waiting requests are denied when their node cannot admit them any more', () => {
  for (const [command, reason] of [
    [{ op: 'freeze', path: 'acme' }, 'frozen'],
    [{ op: 'stop', path: 'acme' }, 'stopped'],
    [{ op: 'close', path: RUN }, 'closing'],
    [policy({ autoOpen: 'none' }), 'unknown_node'],
    [policy({ bounds: {} }), 'unbounded'],
  ] as const) {
    const rig = givenLab(policy({ bounds: { credits: 800 } }));
    rig.when(ask('a', { credits: 900 }, { path: RUN }), 'ann');
    const items = reason === 'unbounded' ? { credits: {} } : { credits: 800 };
    shows(rig.when(ask('w', items, { ...wait, path: STEP }), 'bob'), { outcome: 'queued' });
    const denied = the(rig.when(command).events, 'RequestDenied');
    assert.equal([denied.id, denied.reason, denied.waited], ['w', reason, true]);
    assert.is(rig.team.waiting.size, 0);
  }
});

test('S-08 denying more than goes into one block is done in several, each looked at once', () => {
  const rig = givenLab(setLimits('acme', { concurrency: 1 }));
  rig.when(ask('a', { concurrency: 1 }), 'ann');
  for (let n = 0; n < 300; n += 1) rig.when(ask(`w${n}`, { concurrency: 1 }, wait), 'bob');
  rig.when({ op: 'freeze', path: 'acme' });
  assert.is(rig.eventsOf('RequestDenied').length, 300);
  assert.is(rig.team.waiting.size, 0);
});

test('§5 queue shows who waits, account by account in order of service', () => {
  const rig = givenBusy(enrol('eve', { prefix: 'acme/other' }));
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  rig.when(gpu('g1', { priority: 'low' }), 'bob');
  rig.when(ask('c1', { credits: 5 }, wait), 'bob');
  rig.when(gpu('g2'), 'bob');
  const { answer } = rig.when({ op: 'queue', path: 'acme/lab' }, 'ann');
  assert.ok(answer.outcome === 'queue');
  assert.equal(
    answer.waiting.map(({ id, position }) => [id, position]),
    [
      ['c1', 1],
      ['g2', 1],
      ['g1', 2],
    ],
  );
  assert.is(answer.total, 3);
  shows(rig.when({ op: 'queue', path: 'acme/lab' }, 'eve'), { code: 'not_permitted' });
});

test.run();
