import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { fails, header } from './breaches.ts';
import { START_MS, shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, givenLab, open, policy, RUN, release, STEP, settle } from './world.ts';

const test = suite('actors: stops');

const low = { priority: 'low' } as const;
const critical = { priority: 'critical' } as const;
const stop = (path: string, id: string, more: object = {}): CommandInput => ({
  op: 'stop',
  path,
  id,
  ackMs: 1_000,
  ...more,
});
const acknowledge = (path: string, id: string): CommandInput => ({
  op: 'acknowledgeStop',
  path,
  stop: id,
});
const denials = (rig: TeamRig) =>
  rig.eventsOf('RequestDenied').map(({ id, reason }) => `${id} ${reason}`);
const completed = (rig: TeamRig) => rig.eventsOf('StopCompleted').map((event) => event.stop);

test('X-04 its end is the verification: who had to end, who acknowledged, who was fenced', () => {
  const rig = givenLab(enrol('cy'));
  for (const [agent, ids] of [
    ['ann', ['a1', 'a2']],
    ['bob', ['b1']],
    ['cy', ['c1']],
  ] as const) {
    for (const id of ids) rig.when(ask(id, { credits: 10 }), agent);
  }
  rig.when(stop('acme/lab', 'st'));
  rig.when(acknowledge('acme/lab', 'st'), 'ann');
  rig.when(acknowledge('acme/lab', 'st'), 'operator');
  rig.when(settle('a1', { credits: 4 }), 'ann');
  rig.when(settle('b1', { credits: 4 }), 'bob');
  const { answer } = rig.when({ op: 'balance', path: 'acme/lab' });
  assert.ok(answer.outcome === 'balance');
  assert.equal(answer.stopping, [
    {
      stop: 'st',
      below: 300,
      ackInMs: 1_000,
      allocations: 4,
      remaining: 2,
      fenced: 0,
      agents: 3,
      acknowledged: 1,
      unacknowledged: ['bob', 'cy'],
      complete: false,
    },
  ]);
  const end = the(rig.pass(1_000), 'StopCompleted');
  assert.equal(
    [end.allocationCount, end.agentCount, end.acknowledgedCount, end.fencedCount],
    [4, 3, 1, 2],
  );
  assert.equal(
    [end.unacknowledged, end.fencedAgents],
    [
      ['bob', 'cy'],
      ['ann', 'cy'],
    ],
  );
});

test('X-04 a stop is acknowledged until its deadline, complete or not, and not after it', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when(stop('acme', 'st'));
  rig.when(settle('a', { credits: 1 }), 'ann');
  assert.equal(completed(rig), ['st']);
  shows(rig.when(acknowledge('acme', 'st'), 'ann', START_MS + 999), { outcome: 'acknowledged' });
  shows(rig.when(acknowledge('acme', 'st'), 'bob', START_MS + 1_000), { code: 'lease_over' }, []);
});

test('X-04 stops overlap at every tier: each fences its own at its own time', () => {
  const rig = givenLab(open('acme/two'), open('acme/two/r'));
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when(ask('b', { credits: 10 }, { path: RUN }), 'ann');
  rig.when(ask('c', { credits: 10 }, { path: RUN, priority: 'high' }), 'bob');
  rig.when(ask('d', { credits: 10 }, { path: 'acme/two/r/s' }), 'bob');
  rig.when(stop('acme', 'team', { ackMs: 4_000, below: 'high' }));
  rig.when(stop('acme/lab', 'swarm', { ackMs: 3_000, below: 'all' }));
  rig.when(stop(RUN, 'run', { ackMs: 2_000, below: 'high' }));
  rig.when(stop(STEP, 'step', { ackMs: 1_000 }));
  assert.equal(
    rig.eventsOf('Stopped').map(({ allocationCount }) => allocationCount),
    [3, 3, 2, 1],
  );
  const endsAt = (ms: number) =>
    rig
      .passTo(START_MS + ms)
      .map((event) =>
        'allocation' in event ? event.allocation : 'stop' in event ? event.stop : '',
      );
  assert.equal(endsAt(1_000), ['a', 'step']);
  assert.equal(endsAt(2_000), ['b', 'run']);
  assert.equal(endsAt(3_000), ['c', 'swarm']);
  assert.equal(endsAt(4_000), ['d', 'team']);
  assert.equal(
    rig.eventsOf('StopCompleted').map(({ fencedCount }) => fencedCount),
    [1, 2, 3, 3],
    'what an inner stop fenced is fenced for the outer one too',
  );
  rig.when({ op: 'recover', path: 'acme', stop: 'team' });
  shows(rig.when(ask('still', { credits: 1 }), 'ann'), { reason: 'stopped' });
});

test('X-04 all that waits below is denied before a stop is complete: queue, approval, claim', () => {
  const big = { name: 'big', path: 'acme', resource: 'credits', above: 800 } as const;
  const rig = givenLab(policy({ rules: [{ ...big, effect: 'approve' }] }));
  rig.when(ask('holder', { concurrency: 4 }), 'ann');
  rig.when(ask('waits', { concurrency: 1 }, { maxWaitMs: 9_000 }), 'bob');
  rig.when(
    ask('vip', { concurrency: 1 }, { maxWaitMs: 9_000, ...critical, strategy: 'queue_and_wait' }),
    'bob',
  );
  shows(rig.when(ask('big', { credits: 801 }), 'ann'), { outcome: 'pendingApproval' });
  rig.when(ask('part', { credits: 400 }, { path: RUN }), 'ann');
  const later = { maxWaitMs: 9_000, topUpLater: true } as const;
  rig.when(ask('some', { credits: { amount: 700, min: 1 } }, later), 'bob');
  rig.when(stop('acme/lab', 'st'));
  const claim = rig.eventsOf('AllocationGranted').at(-1)?.topUp;
  assert.equal(denials(rig).sort(), ['big stopped', `${claim} stopped`, 'waits stopped']);
  const end = the(rig.pass(1_000), 'StopCompleted');
  assert.is(end.fencedCount, 3);
  assert.ok(rig.team.allocations.has('vip'), 'what came free goes to whom the stop leaves alone');
});

test('X-04 a stop during the grace of a preemption: the deadline that comes first holds', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, { ...low, graceMs: 3_000, maxWaitMs: 9_000 }), 'ann');
  const vip = { priority: 'emergency', maxWaitMs: 9_000 } as const;
  shows(rig.when(ask('b', { credits: 500 }, vip), 'bob'), { outcome: 'preempting' });
  rig.when(stop('acme', 'st'));
  rig.when({ op: 'renew', allocation: 'v', byMs: 60_000 }, 'ann', START_MS + 999);
  const events = rig.pass(1);
  const ended = the(events, 'AllocationEnded');
  assert.equal([ended.allocation, ended.as], ['v', 'fenced']);
  assert.is(the(events, 'AllocationGranted').id, 'b');
  assert.equal(
    events.filter(({ type }) => type === 'RequestQueued'),
    [],
    'the demand of what was stopped is not put back',
  );
  assert.equal(completed(rig), ['st']);
});

test('X-04 the beneficiary of a preemption is stopped: its victim is let go on or ends with it', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 900 }, { ...low, graceMs: 3_000 }), 'ann');
  const vip = { priority: 'emergency', maxWaitMs: 9_000 } as const;
  shows(rig.when(ask('b', { credits: 500 }, vip), 'bob'), { outcome: 'preempting' });
  rig.when(stop(RUN, 'st', { below: 'all' }));
  assert.equal(denials(rig), ['b stopped']);
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.earmarked, 0);
  assert.is(the(rig.pass(1_000), 'StopCompleted').fencedCount, 1);
});

test('X-04 a grant out of the queue that nobody has claimed is fenced with the others', () => {
  const rig = givenLab();
  rig.when(ask('holder', { concurrency: 4 }), 'ann');
  rig.when(ask('next', { concurrency: 1 }, { maxWaitMs: 9_000 }), 'bob');
  rig.when(release('holder'), 'ann');
  assert.ok(rig.team.allocations.has('next'));
  shows(rig.when(stop('acme', 'st', { ackMs: 40_000 })), { allocations: 1, agents: 1 });
  const events = rig.pass(30_000);
  assert.equal(
    events.map(({ type }) => type),
    ['AllocationEnded', 'StopCompleted'],
    'unclaimed, and not put back beneath a stop',
  );
  assert.equal(denials(rig), []);
});

test('X-04 what is reserved stays reserved, is not drawn below the stop, and is after it', () => {
  const reserve = { op: 'reserve', id: 'night', path: RUN, items: { concurrency: 2 } } as const;
  const rig = givenLab({ ...reserve, forMs: 60_000 });
  rig.when(ask('drawn', { concurrency: 1 }, { reservationId: 'night' }), 'ann');
  rig.when(stop('acme/lab', 'st'));
  const draw = (id: string, more: object = {}) =>
    rig.when(ask(id, { concurrency: 1 }, { reservationId: 'night', ...more }), 'ann');
  shows(draw('no'), { outcome: 'denied', reason: 'stopped' });
  assert.is(the(rig.pass(1_000), 'StopCompleted').fencedCount, 1);
  assert.equal(rig.team.reservations.get('night')?.left, { concurrency: 2 });
  shows(draw('vip', critical), { outcome: 'granted' });
  rig.when({ op: 'recover', path: 'acme/lab', stop: 'st' });
  shows(draw('again'), { outcome: 'granted' });
});

test('X-04 a stop, then a close: the stop is over with its node, whatever comes first', () => {
  const rig = givenLab(ask('a', { credits: 10 }));
  rig.when(ask('b', { credits: 10 }), 'ann');
  rig.when(stop('acme/lab', 'st', { ackMs: 2_000 }));
  shows(rig.when({ op: 'close', path: 'acme/lab', force: true, graceMs: 1_000 }), {
    outcome: 'closing',
  });
  assert.equal(
    rig.pass(1_000).map(({ type }) => type),
    ['AllocationEnded', 'AllocationEnded', 'StopCompleted', 'NodeClosed'],
  );
  shows(rig.when({ op: 'recover', path: 'acme/lab', stop: 'st' }), { code: 'unknown_stop' }, []);
  assert.equal(rig.pass(5_000), []);
});

test('INV-9 a stop is not complete while something that it stops lives or waits', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 10 }), 'ann');
  rig.when(stop('acme/lab', 'st'));
  const end = { ...header(rig), type: 'StopCompleted', stop: 'st', fencedCount: 0 } as const;
  const breach = fails('INV-9', 'acme/lab', () => rig.record({ ...end, path: 'acme/lab' }));
  assert.is(breach.breach.found, 'a');
  fails('INV-9', RUN, () => rig.record({ ...end, path: RUN }));
});

test.run();
