import type { BursarEvent, EventOf } from '../../events/events.ts';
import { assert, suite } from '../harness/suite.ts';
import { apply, end, fails, grant, header } from './breaches.ts';
import { play, type TeamRig } from './rig.ts';
import { ask, givenLab, policy, RUN, release, STEP } from './world.ts';

const test = suite('actors: invariants of events');

test('INV-3 what has ended ends no second time, nor is it settled late twice', () => {
  const rig = givenLab(ask('a', { credits: 10 }), release('a'));
  assert.is(fails('INV-3', STEP, () => apply(rig, end(rig, 'released'))).breach.found, 'released');
  const late: BursarEvent = {
    ...header(rig),
    type: 'LateSettled',
    allocation: 'a',
    path: RUN,
    booked: { credits: 3 },
  };
  apply(rig, late);
  fails('INV-3', RUN, () => apply(rig, late));
  fails('INV-3', 'acme', () => apply(rig, end(rig, 'released', 'never')));
});

test('INV-7 an id that is decided is decided by no second event', () => {
  const rig = givenLab(ask('a', { credits: 1 }));
  const charge = { ...header(rig), type: 'Charged', path: RUN, amounts: {} } as const;
  fails('INV-7', RUN, () => apply(rig, { ...charge, id: 'a', by: 'ann', digest: 1 }));
  apply(rig, { ...charge, id: 'new', by: 'ann', digest: 1 });
  fails('INV-7', RUN, () => apply(rig, { ...charge, id: 'new', by: 'ann', digest: 1 }));
  fails('INV-7', 'acme', () => apply(rig, grant(rig, 1, { id: 'a' })));
});

test('INV-9 nothing is admitted beneath a freeze, a closing or a stop', () => {
  const frozen = givenLab({ op: 'freeze', path: 'acme/lab', id: 'f' });
  fails('INV-9', 'acme/lab', () => apply(frozen, grant(frozen, 1)));
  const stopped = givenLab({ op: 'stop', path: 'acme', id: 's', below: 'high' });
  fails('INV-9', 'acme', () => apply(stopped, grant(stopped, 1)));
  apply(stopped, grant(stopped, 1, { priority: 200 }));
  const closing = givenLab(ask('a', { credits: 1 }), { op: 'close', path: 'acme/lab' });
  fails('INV-9', 'acme/lab', () => apply(closing, grant(closing, 1, { id: 'b' })));
  const set: BursarEvent = {
    ...header(frozen),
    type: 'LimitsSet',
    path: RUN,
    limits: { credits: { guarantee: 5 } },
  };
  fails('INV-9', 'acme/lab', () => apply(frozen, set));
  const opened: BursarEvent = {
    ...header(frozen),
    type: 'NodeOpened',
    path: `${RUN}/new`,
    tier: 'step',
  };
  fails('INV-9', 'acme/lab', () => apply(frozen, opened));
});

test('INV-9 a freeze that the phase does not show still bars', () => {
  const rig = givenLab({ op: 'freeze', path: 'acme/lab', id: 'f' });
  const lab = rig.team.nodes.get('acme/lab');
  if (lab !== undefined) lab.phase = 'open';
  fails('INV-9', 'acme/lab', () => rig.when(ask('a', { credits: 1 })));
});

test('INV-10 time does not fall, and nothing ends by itself before its time', () => {
  const rig = givenLab(ask('a', { credits: 10 }, { ttlMs: 5_000 }));
  fails('INV-10', 'acme', () => apply(rig, { ...grant(rig, 1), atMs: rig.nowMs - 1 }));
  for (const as of ['expired', 'unclaimed', 'preempted', 'fenced'] as const) {
    fails('INV-10', STEP, () => apply(rig, end(rig, as)));
  }
  const atMs = rig.nowMs + 5_000;
  fails('INV-10', STEP, () => apply(rig, { ...end(rig, 'expired'), atMs: atMs - 1 }));
  apply(rig, { ...end(rig, 'expired'), atMs });
});

test('INV-10 a freeze, a stop and a patience last as long as they were to', () => {
  const rig = givenLab(
    ask('a', { credits: 1_000 }),
    ask('w', { credits: 1 }, { maxWaitMs: 9_000 }),
    { op: 'freeze', path: 'acme', id: 'f', forMs: 100 },
    { op: 'stop', path: RUN, id: 's', below: 'all', ackMs: 700 },
  );
  const thaw = { ...header(rig), type: 'Unfrozen', path: 'acme', freeze: 'f' } as const;
  fails('INV-10', 'acme', () => apply(rig, thaw));
  fails('INV-10', STEP, () => apply(rig, { ...end(rig, 'fenced'), atMs: rig.nowMs + 699 }));
  const waits = givenLab(
    ask('a', { credits: 1_000 }),
    ask('w', { credits: 1 }, { maxWaitMs: 9_000 }),
  );
  const waiting = waits.team.waiting.get('w');
  if (waiting === undefined) throw new Error('w waits');
  const denied: EventOf<'RequestDenied'> = {
    ...header(waits),
    atMs: waits.nowMs + 8_999,
    type: 'RequestDenied',
    id: 'w',
    by: waiting.agent,
    ask: waiting.ask,
    reason: 'wait_timeout',
    waited: true,
    rule: 'waited',
  };
  if (waiting.digest !== undefined) denied.digest = waiting.digest;
  fails('INV-10', STEP, () => apply(waits, denied));
});

test('INV-14 a preemption that its right does not give is not applied', () => {
  const preempt = (rig: TeamRig, more: Partial<EventOf<'PreemptionRequested'>> = {}) =>
    apply(rig, {
      ...header(rig),
      type: 'PreemptionRequested',
      id: 'p',
      by: 'bob',
      ask: { path: RUN, items: { credits: { amount: 900 } } },
      contest: 'c',
      account: { path: 'acme', resource: 'credits' },
      priority: 200,
      right: 'priority',
      victims: ['a'],
      graceEndsAtMs: rig.nowMs + 1_000,
      untilMs: rig.nowMs + 1_000,
      earmarked: {},
      rule: 'test',
      ...more,
    });
  const given = (more: object = {}) => givenLab(ask('a', { credits: 900, concurrency: 1 }, more));
  preempt(given());
  fails('INV-14', RUN, () => preempt(given({ priority: 'high' })));
  fails('INV-14', RUN, () => preempt(given({ preemptible: false })));
  fails('INV-14', RUN, () => preempt(given(), { victims: [] }));
  fails('INV-14', RUN, () => preempt(given(), { victims: ['gone'] }));
  fails('INV-14', RUN, () => preempt(given(), { right: 'reclaim' }));
  fails('INV-14', RUN, () =>
    preempt(given(), { ask: { path: RUN, items: { memory: { amount: 1 } } } }),
  );
  const protectedOnes = given();
  play(protectedOnes, [policy({ preemption: { minRuntimeMs: 10 } })]);
  fails('INV-14', RUN, () => preempt(protectedOnes));
  const never = given();
  play(never, [policy({ preemption: { withinNode: 'never' } })]);
  fails('INV-14', RUN, () => preempt(never));
  const twice = given();
  preempt(twice);
  fails('INV-14', RUN, () => preempt(twice, { id: 'q' }));
});

test('INV-14 who is made to yield yields to a request that preempts', () => {
  const rig = givenLab(ask('a', { credits: 900 }));
  const victim = rig.team.allocations.get('a');
  Object.assign(victim ?? {}, { graceEndsAtMs: rig.nowMs, yieldsTo: 'nobody' });
  fails('INV-14', STEP, () => apply(rig, end(rig, 'preempted')));
});

test('INV-15 a rung is announced once on the way up, and re-armed once on the way down', () => {
  const rig = givenLab();
  const rung = { ...header(rig), path: 'acme', resource: 'credits' } as const;
  const cross = (no: number): BursarEvent => ({
    ...rung,
    type: 'ThresholdCrossed',
    kind: 'notice',
    rung: no,
    usePermille: 600,
    limit: 1_000,
  });
  apply(rig, cross(1));
  fails('INV-15', 'acme', () => apply(rig, cross(1)));
  fails('INV-15', 'acme', () => apply(rig, cross(3)));
  apply(rig, { ...rung, type: 'ThresholdRearmed', rung: 1 });
  fails('INV-15', 'acme', () => apply(rig, { ...rung, type: 'ThresholdRearmed', rung: 1 }));
});

test.run();
