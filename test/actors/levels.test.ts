import { emergencyOf } from '../../actors/emergencies/emergency.ts';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, shows, type TeamRig, the } from './rig.ts';
import { ask, givenLab, open, policy, RUN, release, setLimits, settle } from './world.ts';

const test = suite('actors: levels of degradation');

const LADDER = [
  { kind: 'notice', onPermille: 600, offPermille: 550 },
  { kind: 'warning', onPermille: 750, offPermille: 700 },
  { kind: 'critical', onPermille: 900, offPermille: 850 },
  { kind: 'exhausted', onPermille: 1000, offPermille: 990 },
] as const;
type Policy = Extract<CommandInput, { op: 'setPolicy' }>['policy'];
type Degradation = NonNullable<Policy['degradation']>;

/** Reduced: parts of half; basic: high and above; emergency: critical and above. */
const LEVELS: Degradation['levels'] = [
  { partialPermilleMax: 500, modelHint: 'use the small model' },
  { admit: 'high', newRuns: false, toolsDenied: ['web_*'], modelHint: 'finish what is begun' },
  { admit: 'critical', reserve: true },
];
const levelled = (fields: Partial<Degradation> = {}, rest: Policy = {}) =>
  policy({
    ladder: [...LADDER],
    degradation: { levels: LEVELS, dwellMs: 1_000, ...fields },
    ...rest,
  });

/** Changes of level of a path, in order. */
function levels(rig: TeamRig, path = 'acme'): string[] {
  return rig
    .eventsOf('DegradationChanged')
    .filter((event) => event.path === path)
    .map(({ from, to, cause }) => `${from}>${to} ${cause}`);
}

test('X-03 off unless the policy has levels: thresholds alone change nothing', () => {
  const rig = givenLab(policy({ ladder: [...LADDER] }));
  rig.when(ask('a', { credits: 1_000 }), 'ann');
  assert.is(rig.eventsOf('ThresholdCrossed').length, 4);
  assert.equal(levels(rig), []);
});

test('X-03 a node falls in the same decision as the crossing, by as many levels as it takes', () => {
  const rig = givenLab(levelled());
  const { events } = rig.when(ask('a', { credits: 750 }), 'ann');
  has(the(events, 'DegradationChanged'), {
    path: 'acme',
    from: 0,
    to: 1,
    cause: 'threshold',
    resource: 'credits',
  });
  rig.when(ask('b', { credits: 250 }, { priority: 'critical' }), 'ann');
  assert.equal(levels(rig), ['0>1 threshold', '1>3 threshold']);
  const { answer } = rig.when({ op: 'balance', path: 'acme' });
  has('crisis' in answer ? answer.crisis : undefined, { state: 'emergency', level: 3 });
});

test('X-03 V-02 it rises by one level at a time, each when nothing has held it for the dwell', () => {
  const rig = givenLab(levelled());
  rig.when(ask('a', { credits: 940 }), 'ann');
  assert.equal(levels(rig), ['0>2 threshold']);
  rig.when(release('a'), 'ann');
  rig.pass(999);
  assert.is(levels(rig).length, 1, 'not before the dwell');
  rig.pass(1);
  assert.equal(levels(rig).slice(1), ['2>1 recovery']);
  rig.pass(1_000);
  assert.equal(levels(rig).slice(2), ['1>0 recovery']);
  rig.pass(5_000);
  assert.is(levels(rig).length, 3);
});

test('X-03 an alarm that comes back begins the dwell anew', () => {
  const rig = givenLab(levelled());
  rig.when(ask('a', { credits: 760 }), 'ann');
  rig.when(release('a'), 'ann');
  rig.pass(900);
  rig.when(ask('b', { credits: 760 }), 'ann');
  rig.when(release('b'), 'ann');
  rig.pass(900);
  assert.equal(levels(rig), ['0>1 threshold']);
  rig.pass(100);
  assert.equal(levels(rig).slice(1), ['1>0 recovery']);
});

test('X-03 INV-19 below the admitted priority all is denied, with the level and what is admitted', () => {
  const rig = givenLab(levelled());
  rig.when(ask('a', { credits: 900 }), 'ann');
  const { answer, events } = rig.when(ask('b', { credits: 1 }), 'ann');
  has(answer, {
    outcome: 'denied',
    reason: 'degraded',
    retryOn: 'recover',
    rule: 'barrier-degraded',
  });
  has(the(events, 'RequestDenied').factors, { at: 'acme', level: 2, admit: 200 });
  assert.match('message' in answer ? answer.message : '', /acme is at level 2.*priority 200/);
  shows(rig.when(ask('c', { credits: 1 }, { priority: 'high' }), 'ann'), { outcome: 'granted' });
});

test('X-03 divisible items are granted in part up to the cap, never below their least', () => {
  const rig = givenLab(levelled());
  rig.when(ask('a', { credits: 760 }), 'ann');
  shows(rig.when(ask('b', { credits: { amount: 40, min: 5 } }), 'ann'), {
    outcome: 'partial',
    granted: { credits: 20 },
  });
  shows(rig.when(ask('c', { credits: { amount: 40, min: 30 } }), 'ann'), {
    outcome: 'partial',
    granted: { credits: 30 },
  });
  shows(rig.when(ask('d', { credits: 10 }), 'ann'), {
    outcome: 'granted',
    granted: { credits: 10 },
  });
});

test('X-03 no new run by command or request, no denied tool', () => {
  const rig = givenLab(levelled({}, { autoOpen: 'runs' }));
  rig.when(ask('a', { credits: 900 }), 'ann');
  shows(rig.when(open('acme/lab/more')), { outcome: 'refused', code: 'degraded' }, []);
  shows(rig.when(open(`${RUN}/inner`, {}, { tier: 'step' })), { outcome: 'opened' });
  const high = { priority: 'high' } as const;
  const inNew = ask('b', { credits: 1 }, { ...high, path: 'acme/lab/fresh/step' });
  shows(rig.when(inNew, 'ann'), { outcome: 'denied', reason: 'degraded' });
  const web = ask('c', { 'tool.web_search': 1 }, high);
  shows(rig.when(web, 'ann'), { outcome: 'denied', reason: 'degraded' });
  shows(rig.when(ask('d', { 'tool.grep': 1 }, high), 'ann'), { outcome: 'granted' });
});

test('X-03 growth of what lives is admitted by its priority as well', () => {
  const rig = givenLab(levelled());
  rig.when(ask('a', { credits: 900 }), 'ann');
  const grow = { op: 'resize', allocation: 'a', items: { credits: 901 } } as const;
  shows(rig.when(grow, 'ann'), { outcome: 'refused', code: 'degraded' }, []);
  shows(rig.when({ ...grow, items: { credits: 890 } }, 'ann'), { outcome: 'resized' });
});

test('X-03 who waits below the level is denied; or stays, out of the line, and is served after it', () => {
  for (const refused of ['deny', 'queue'] as const) {
    const basic = { admit: 'high', refused } as const;
    const rig = givenLab(levelled({ levels: [{}, basic, basic] }));
    rig.when(ask('a', { credits: 600 }), 'ann');
    rig.when(ask('low', { credits: 500 }, { maxWaitMs: 60_000 }), 'bob');
    const { events } = rig.when(ask('b', { credits: 320 }, { priority: 'high' }), 'ann');
    const denied = events.filter(({ type }) => type === 'RequestDenied');
    if (refused === 'deny') {
      has(denied.at(-1), { id: 'low', reason: 'degraded', waited: true });
      continue;
    }
    // It stands before nobody meanwhile: more urgent work passes it.
    assert.equal(
      denied.filter((event) => 'id' in event && event.id === 'low'),
      [],
    );
    shows(rig.when(ask('top', { credits: 10 }, { priority: 'critical' }), 'ann'), {
      outcome: 'granted',
    });
    for (const id of ['a', 'b', 'top']) rig.when(release(id), 'ann');
    assert.is(rig.team.waiting.has('low'), true, 'the level has not risen yet');
    rig.pass(1_000);
    assert.is(rig.team.allocations.get('low')?.items['credits'], 500);
  }
});

test('X-03 a level that lets wait queues a new request too, and denies one that would not wait', () => {
  const rig = givenLab(levelled({ levels: [{ admit: 'high', refused: 'queue' }] }));
  rig.when(ask('a', { credits: 760 }), 'ann');
  shows(rig.when(ask('b', { credits: 1 }, { maxWaitMs: 60_000 }), 'bob'), {
    outcome: 'queued',
    rule: 'barrier-degraded',
    position: 1,
  });
  shows(rig.when(ask('c', { credits: 1 }), 'bob'), { outcome: 'denied', reason: 'degraded' });
  // There is nothing that it could wait for: it asks for nothing that anybody limits.
  const idle = rig.when(ask('d', { credits: 0, memory: 5 }, { maxWaitMs: 60_000 }), 'bob');
  shows(idle, { outcome: 'denied', reason: 'degraded' });
  rig.when(release('a'), 'ann');
  const events = rig.pass(1_000);
  has(the(events, 'AllocationGranted'), { id: 'b', via: 'queue' });
});

test('X-03 what can never fit is denied at once, at a level that lets wait as well', () => {
  const rig = givenLab(levelled({ levels: [{}, { admit: 'high', refused: 'queue' }] }));
  rig.when(ask('a', { credits: 900 }, { priority: 'critical' }), 'ann');
  const wait = { maxWaitMs: 600_000 };
  shows(rig.when(ask('huge', { credits: 1_001 }, wait), 'ann'), { reason: 'never_fits' });
  shows(rig.when(ask('b', { credits: 1_000 }, wait), 'ann'), { outcome: 'queued' });
  rig.when(release('a'), 'ann');
  rig.pass(2_000);
  assert.ok(rig.team.allocations.has('b'), 'nobody stands before it in vain');
});

test('X-03 whom a level keeps out of the line keeps no contest open', () => {
  const rig = givenLab(levelled({ levels: [{ admit: 'high', refused: 'queue' }] }));
  rig.when(ask('a', { credits: 760 }), 'ann');
  rig.when(ask('b', { credits: 1 }, { maxWaitMs: 60_000 }), 'bob');
  const { events } = rig.when(ask('c', { credits: 241 }, { priority: 'high' }), 'ann');
  const contest = the(events, 'ContentionDetected');
  has(contest, { account: { path: 'acme', resource: 'credits' }, waitingCount: 0 });
  has(the(events, 'ContestEnded'), { contest: contest.contest, outcome: 'denied' });
  assert.is(rig.team.contests.size, 0);
});

test('X-03 on a path the strictest of team and swarm is in force', () => {
  const rig = givenLab(levelled(), setLimits('acme/lab', { credits: 100 }));
  rig.when(ask('a', { credits: 90 }), 'ann');
  assert.equal(levels(rig), []);
  assert.equal(levels(rig, 'acme/lab'), ['0>2 threshold']);
  shows(rig.when(ask('b', { credits: 1 }), 'ann'), { reason: 'degraded' });
  rig.when(open('acme/two'));
  rig.when(open('acme/two/r'));
  shows(rig.when(ask('c', { credits: 1 }, { path: 'acme/two/r/s' }), 'ann'), {
    outcome: 'granted',
  });
});

test('X-03 X-04 a stop of all work is level 4, which ends with it; another policy ends all levels', () => {
  const rig = givenLab(levelled());
  rig.when({ op: 'stop', path: 'acme', id: 's1', below: 'all' });
  assert.equal(levels(rig), ['0>4 stop']);
  rig.when({ op: 'recover', path: 'acme', stop: 's1' });
  assert.equal(levels(rig).slice(1), ['4>0 recovery']);
  rig.when(ask('a', { credits: 800 }), 'ann');
  rig.when(policy({ ladder: [...LADDER] }));
  assert.equal(levels(rig).slice(2), ['0>1 threshold', '1>0 policy']);
});

test('X-03 thresholds of an account of its own lead to levels as the ladder does', () => {
  const thresholds = [{ usagePercent: 50, kind: 'critical' as const }];
  const rig = givenLab(levelled(), setLimits('acme', { credits: { thresholds } }));
  rig.when(ask('a', { credits: 501 }), 'ann');
  assert.equal(levels(rig), ['0>2 alert']);
  rig.when(settle('a', { credits: 1 }), 'ann');
  rig.pass(2_000);
  assert.equal(levels(rig).slice(1), ['2>1 recovery', '1>0 recovery']);
});

test('X-01 X-03 a fall is told as `degraded` with its level, the end as `recovered`', () => {
  const rig = givenLab(levelled());
  rig.when(ask('a', { credits: 760 }), 'ann');
  rig.when(release('a'), 'ann');
  rig.pass(1_000);
  const told = rig.eventsOf('DegradationChanged').map((event, index) => {
    const { kind, level, subject } = emergencyOf(event, 0, { seq: 1, index });
    return { kind, level, subject };
  });
  assert.equal(told, [
    { kind: 'degraded', level: 1, subject: 'bursar.emergency.acme.~.degraded' },
    { kind: 'recovered', level: 0, subject: 'bursar.emergency.acme.~.recovered' },
  ]);
});

test('X-03 a replay and another process stand where this one does, and rise at the same time', () => {
  const rig = givenLab(levelled({ levels: [{}, { admit: 'high', refused: 'queue' }] }));
  rig.when(ask('a', { credits: 900 }), 'ann');
  rig.when(ask('b', { credits: 1 }, { maxWaitMs: 60_000 }), 'bob');
  rig.when(release('a'), 'ann');
  rig.pass(400);
  const next = rig.takenOver();
  assert.is(next.team.waiting.get('b')?.isHeld, true);
  assert.equal(next.team.nodes.get('acme')?.standing, rig.team.nodes.get('acme')?.standing);
  assert.is(next.pass(599).length, 0);
  assert.equal(
    next.pass(1).map(({ type }) => type),
    ['DegradationChanged', 'AllocationGranted'],
  );
});

test.run();
