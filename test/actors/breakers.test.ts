import type { CommandInput } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, shows, type TeamRig, the } from './rig.ts';
import { stateOf } from './state.ts';
import { ask, givenLab, policy, RUN, release, setLimits, settle } from './world.ts';

const test = suite('actors: breakers');

const SEARCH = 'tool.search';
type Rule = NonNullable<Extract<CommandInput, { op: 'setPolicy' }>['policy']['breakers']>[number];
const rule = (more: Partial<Rule> = {}): Rule => ({
  resource: SEARCH,
  failures: 2,
  windowMs: 1_000,
  openMs: 500,
  ...more,
});
const withRules = (...breakers: Rule[]) => givenLab(policy({ breakers }));

/** One use of a resource that did not work. */
function fail(rig: TeamRig, id: string, resource = SEARCH) {
  shows(rig.when(ask(id, { [resource]: 1 }), 'ann'), { outcome: 'granted' });
  return rig.when({ ...settle(id, { [resource]: 1 }), failed: [resource] }, 'ann');
}

/** A team in which the breaker has just opened, at the default for 500 ms. */
function opened(...rules: Rule[]): TeamRig {
  const rig = withRules(...(rules.length === 0 ? [rule()] : rules));
  fail(rig, 'f1');
  has(the(fail(rig, 'f2').events, 'BreakerOpened'), { path: 'acme', resource: SEARCH });
  return rig;
}

test('I-10 failures within the time of a rule open the breaker, and denials say until when', () => {
  const rig = withRules(rule());
  assert.equal(
    fail(rig, 'f1').events.map(({ type }) => type),
    ['AllocationEnded'],
  );
  rig.pass(999);
  const { events } = fail(rig, 'f2');
  has(the(events, 'BreakerOpened'), {
    path: 'acme',
    resource: SEARCH,
    why: 'failures',
    failures: 2,
    unresolved: 0,
    untilMs: rig.nowMs + 500,
  });
  rig.pass(200);
  shows(rig.when(ask('a', { [SEARCH]: 1 }), 'ann'), {
    outcome: 'denied',
    reason: 'breaker_open',
    rule: '1-breaker',
    retryAfterMs: 300,
    retryOn: 'time',
    factors: { at: 'acme', resource: SEARCH, state: 'open' },
  });
  // A bundle is refused whole, another resource is not.
  shows(rig.when(ask('b', { credits: 1, [SEARCH]: 1 }), 'ann'), { reason: 'breaker_open' });
  shows(rig.when(ask('c', { credits: 1 }), 'ann'), { outcome: 'granted' });
});

test('I-10 a failure at the edge of the time counts no more', () => {
  const rig = withRules(rule());
  fail(rig, 'f1');
  rig.pass(1_000);
  assert.is(fail(rig, 'f2').events.length, 1);
  rig.pass(999);
  the(fail(rig, 'f3').events, 'BreakerOpened');
});

test('I-10 half-open one probe tries it: settled well it closes, and all is served again', () => {
  const rig = opened();
  assert.equal(
    rig.pass(500).map(({ type }) => type),
    ['BreakerHalfOpened'],
  );
  shows(rig.when(ask('p', { [SEARCH]: 1 }), 'ann'), { outcome: 'granted', probe: true });
  shows(rig.when(ask('q', { [SEARCH]: 1 }), 'ann'), {
    reason: 'breaker_open',
    retryOn: 'release',
    factors: { at: 'acme', resource: SEARCH, state: 'half-open' },
  });
  const { events } = rig.when(settle('p', { [SEARCH]: 1 }), 'ann');
  has(the(events, 'BreakerClosed'), { path: 'acme', resource: SEARCH, why: 'probe' });
  shows(rig.when(ask('r', { [SEARCH]: 1 }), 'ann'), { outcome: 'granted', probe: undefined });
});

test('I-10 a probe that fails opens it anew, each time twice as long up to the most', () => {
  const rig = opened(rule({ openMsMax: 1_500 }));
  for (const [n, openMs] of [1_000, 1_500, 1_500].entries()) {
    the(
      rig.passTo((rig.team.breakers.get(`acme|${SEARCH}`)?.untilMs as number) ?? 0),
      'BreakerHalfOpened',
    );
    has(the(fail(rig, `p${n}`).events, 'BreakerOpened'), {
      why: 'probe',
      untilMs: rig.nowMs + openMs,
    });
  }
});

test('I-10 a probe that is given back shows nothing: another may try', () => {
  const rig = opened();
  rig.pass(500);
  rig.when(ask('p', { [SEARCH]: 1 }), 'ann');
  assert.equal(
    rig.when({ op: 'release', id: 'x', allocation: 'p' }, 'ann').events.map(({ type }) => type),
    ['AllocationEnded'],
  );
  shows(rig.when(ask('q', { [SEARCH]: 1 }), 'ann'), { outcome: 'granted', probe: true });
});

test('I-10 in mode queue who may wait does, and is served in order when it is tried', () => {
  const rig = opened(rule({ mode: 'queue' }));
  const wait = { maxWaitMs: 60_000 };
  shows(rig.when(ask('a', { [SEARCH]: 1 }, wait), 'ann'), {
    outcome: 'queued',
    rule: '1-breaker',
    account: { path: 'acme', resource: SEARCH },
    position: 1,
    expectedWaitMs: 500,
  });
  shows(rig.when(ask('b', { [SEARCH]: 1 }, wait), 'bob'), { outcome: 'queued', position: 2 });
  shows(rig.when(ask('c', { [SEARCH]: 1 }), 'bob'), { reason: 'breaker_open' });
  const probe = the(rig.pass(500), 'AllocationGranted');
  has(probe, { id: 'a', via: 'queue', probe: true });
  assert.ok(rig.team.waiting.has('b'));
  const { events } = rig.when(settle('a', { [SEARCH]: 1 }), 'ann');
  has(the(events, 'AllocationGranted'), { id: 'b', probe: undefined });
});

test('I-10 who waits already is denied when supply is taken away', () => {
  const gpu = 'slot.gpu';
  const rig = givenLab(policy({ breakers: [rule({ resource: 'slot.*', failures: 1 })] }), {
    op: 'setLimits',
    path: 'acme',
    limits: { [gpu]: { limit: 1 } },
  });
  rig.when(ask('a', { [gpu]: 1 }), 'ann');
  rig.when(ask('w', { [gpu]: 1 }, { maxWaitMs: 60_000 }), 'bob');
  const { events } = rig.when({ op: 'report', allocation: 'a', used: {}, failed: [gpu] }, 'ann');
  the(events, 'BreakerOpened');
  has(the(events, 'RequestDenied'), { id: 'w', reason: 'breaker_open', waited: true });
});

test('I-10 a fallback is asked for instead, and the answer says so', () => {
  const rig = opened(rule({ mode: { fallback: 'tool.other' } }));
  const { answer, events } = rig.when(ask('a', { credits: 2, [SEARCH]: 1 }), 'ann');
  has(answer, {
    outcome: 'granted',
    granted: { credits: 2, 'tool.other': 1 },
    instead: { [SEARCH]: 'tool.other' },
  });
  has(the(events, 'AllocationGranted').ask, { instead: { [SEARCH]: 'tool.other' } });
  // The same content gets the same answer, whatever stands open by then.
  rig.pass(10_000);
  shows(rig.when(ask('a', { credits: 2, [SEARCH]: 1 }), 'ann'), { replayed: true });
  // A rule without an end of its chain denies.
  const ring = opened(
    rule({ mode: { fallback: 'tool.other' } }),
    rule({ resource: 'tool.other', mode: { fallback: SEARCH }, failures: 1 }),
  );
  fail(ring, 'o', 'tool.other');
  shows(ring.when(ask('b', { [SEARCH]: 1 }), 'ann'), { reason: 'breaker_open' });
});

test('I-10 conflicts of capacities that come to nothing open it, where a rule counts them', () => {
  const gpu = 'slot.gpu';
  const rules = [rule({ resource: '*', counts: ['unresolved'] })];
  const rig = givenLab(policy({ breakers: rules }), {
    op: 'setLimits',
    path: 'acme',
    limits: { [gpu]: { limit: 1 }, [SEARCH]: { limit: 1 } },
  });
  rig.when(ask('g', { [gpu]: 1 }, { ttlMs: 60_000 }), 'ann');
  rig.when(ask('s', { [SEARCH]: 1 }, { ttlMs: 60_000 }), 'ann');
  // Refused at once, and a quota that is used up: neither says that something is broken.
  for (const n of [1, 2, 3]) {
    shows(rig.when(ask(`n${n}`, { [gpu]: 1 }), 'bob'), { outcome: 'denied' });
    rig.when(ask(`q${n}`, { [SEARCH]: 1 }, { maxWaitMs: 10 }), 'bob');
  }
  assert.is(rig.pass(10).filter(({ type }) => type === 'RequestDenied').length, 3);
  assert.is(rig.team.breakers.size, 0);
  rig.when(ask('w1', { [gpu]: 1 }, { maxWaitMs: 10 }), 'bob');
  rig.when(ask('w2', { [gpu]: 1 }, { maxWaitMs: 20 }), 'bob');
  const late = rig.pass(20);
  has(the(late, 'BreakerOpened'), { resource: gpu, why: 'failures', failures: 0, unresolved: 2 });
});

test('I-10 denials that a breaker causes do not count towards it', () => {
  const gpu = 'slot.gpu';
  const counts: Rule['counts'] = ['failure', 'unresolved'];
  const rig = givenLab(
    policy({ breakers: [rule({ resource: gpu, counts, failures: 1, mode: 'queue' })] }),
  );
  fail(rig, 'f', gpu);
  rig.when(ask('w', { [gpu]: 1 }, { maxWaitMs: 499 }), 'bob');
  has(the(rig.pass(499), 'RequestDenied'), { reason: 'wait_timeout' });
  rig.pass(1);
  rig.when(ask('p', { [gpu]: 1 }), 'ann');
  the(rig.when(settle('p', {}), 'ann').events, 'BreakerClosed');
  assert.equal(rig.team.breakers.get(`acme|${gpu}`)?.counted, []);
});

test('I-10 an operator opens and closes it, rule or none; nobody else may', () => {
  const rig = givenLab();
  const open = { op: 'openBreaker', path: 'acme/lab', resource: SEARCH } as const;
  shows(rig.when(open, 'ann'), { outcome: 'refused', code: 'not_permitted' });
  shows(
    rig.when({ ...open, reason: 'looks odd' }),
    { outcome: 'breaker_opened', retryInMs: null },
    ['BreakerOpened'],
  );
  shows(rig.when(ask('a', { [SEARCH]: 1 }), 'ann'), { reason: 'breaker_open', retryOn: 'recover' });
  shows(rig.when({ op: 'balance', path: RUN }), {
    breakers: [
      {
        path: 'acme/lab',
        resource: SEARCH,
        state: 'open',
        failures: 0,
        unresolved: 0,
        mode: 'deny',
        retryInMs: null,
        probes: [],
      },
    ],
  });
  const close = { op: 'closeBreaker', path: 'acme/lab', resource: SEARCH } as const;
  shows(rig.when(close), { outcome: 'breaker_closed' }, ['BreakerClosed']);
  shows(rig.when(close), { outcome: 'refused', code: 'unknown_breaker' });
  // For a time: then it is tried, and opens again for as long when that fails.
  shows(rig.when({ ...open, forMs: 70 }), { outcome: 'breaker_opened', retryInMs: 70 });
  the(rig.pass(70), 'BreakerHalfOpened');
  has(the(fail(rig, 'p').events, 'BreakerOpened'), { why: 'probe', untilMs: rig.nowMs + 70 });
});

test('I-10 an operator opens one however many count; refusals that list open ones stay short', () => {
  const rig = withRules(rule({ resource: 'tool.*', failures: 9 }));
  for (let no = 0; no < LIMITS.breakersMax; no += 10) {
    const tools = Array.from({ length: 10 }, (_, place) => `tool.t${no + place}`);
    const used = Object.fromEntries(tools.map((tool) => [tool, 1]));
    rig.when(ask(`f${no}`, used), 'ann');
    rig.when({ ...settle(`f${no}`, used), failed: tools }, 'ann');
  }
  assert.is(rig.team.breakers.size, LIMITS.breakersMax);
  const open = (resource: string): CommandInput => ({ op: 'openBreaker', path: RUN, resource });
  shows(rig.when(open(SEARCH)), { outcome: 'breaker_opened' });
  assert.is(rig.team.breakers.size, LIMITS.breakersMax, 'the oldest that is closed made room');
  for (let no = 1; no < LIMITS.breakersMax; no += 1) rig.when(open(`tool.o${no}`));
  const full = rig.when(open('tool.more'));
  shows(full, { outcome: 'refused', code: 'overloaded' }, []);
  const wrong = rig.when({ op: 'closeBreaker', path: 'acme', resource: SEARCH });
  shows(wrong, { outcome: 'refused', code: 'unknown_breaker' }, []);
  for (const { answer } of [full, wrong]) {
    const { message = '' } = answer as { message?: string };
    assert.match(message, /open: tool.search on acme\/lab\/run, tool.o1 on .* and 992 more$/);
    assert.ok(message.length < 600, message);
  }
});

test('I-10 R-09 what victims give while a breaker bars their beneficiary goes to nobody else', () => {
  const rig = withRules(rule({ mode: 'queue', probes: 2 }));
  rig.when(setLimits('acme', { memory: 20 }));
  const holds = { graceMs: 5_000, ttlMs: 600_000 };
  for (const id of ['v1', 'v2']) rig.when(ask(id, { memory: 10 }, holds), 'ann');
  const urgent = {
    priority: 'critical',
    strategy: 'preemption_allowed',
    maxWaitMs: 60_000,
  } as const;
  for (const id of ['p1', 'p2']) {
    const { answer } = rig.when(ask(id, { memory: 10, [SEARCH]: 1 }, urgent), 'bob');
    has(answer, { outcome: 'preempting' });
  }
  rig.when({ op: 'openBreaker', path: 'acme', resource: SEARCH, forMs: 500 });
  const [victim = ''] = rig.team.waiting.get('p2')?.victims ?? [];
  has(the(rig.when(release(victim), 'ann').events, 'ResourcesReclaimed'), { request: 'p2' });
  // It is tried by the one who has all that it needs, though another stands before it.
  has(the(rig.pass(500), 'AllocationGranted'), { id: 'p2', probe: true });
  has(the(rig.pass(5_000), 'AllocationGranted'), { id: 'p1', probe: true });
});

test('I-10 who waits is denied as soon as the last probe bars it, not when a new writer looks', () => {
  const rig = withRules(rule(), rule({ resource: 'memory', mode: 'queue' }));
  rig.when({ op: 'openBreaker', path: 'acme', resource: 'memory' });
  rig.when({ op: 'openBreaker', path: 'acme', resource: SEARCH, forMs: 500 });
  rig.pass(500);
  const both = ask('w', { memory: 1, [SEARCH]: 1 }, { maxWaitMs: 60_000 });
  shows(rig.when(both, 'bob'), { outcome: 'queued' });
  const { events } = rig.when(ask('p', { [SEARCH]: 1 }), 'ann');
  has(the(events, 'RequestDenied'), { id: 'w', reason: 'breaker_open', retryOn: 'release' });
  assert.is(rig.takenOver().recorded.length, rig.recorded.length);
});

test('I-10 R-09 a beneficiary whom a breaker bars sets aside what comes free, as ever', () => {
  const rig = withRules(rule({ mode: 'queue' }));
  rig.when(setLimits('acme', { memory: 20 }));
  for (const [id, graceMs] of [
    ['v', 5_000],
    ['free', 0],
  ] as const) {
    const isVictim = { preemptible: id === 'v', graceMs, ttlMs: 600_000 };
    rig.when(ask(id, { memory: 10 }, isVictim), 'ann');
  }
  const urgent = {
    priority: 'critical',
    strategy: 'preemption_allowed',
    maxWaitMs: 60_000,
  } as const;
  has(rig.when(ask('p', { memory: 10, [SEARCH]: 1 }, urgent), 'bob').answer, {
    outcome: 'preempting',
  });
  rig.when({ op: 'openBreaker', path: 'acme', resource: SEARCH });
  const { events } = rig.when(release('free'), 'ann');
  has(the(events, 'ResourcesReclaimed'), { request: 'p', earmarked: { memory: 10 } });
  assert.is(rig.takenOver().recorded.length, rig.recorded.length);
});

test('I-10 nothing grows by a resource whose breaker is not closed', () => {
  const rig = withRules(rule());
  rig.when(ask('h', { [SEARCH]: 1 }, { ttlMs: 60_000 }), 'ann');
  fail(rig, 'f1');
  fail(rig, 'f2');
  const grow = { op: 'resize', allocation: 'h', items: { [SEARCH]: 2 } } as const;
  shows(rig.when({ ...grow, id: 'g1' }, 'ann'), { code: 'breaker_open', retryAfterMs: 500 });
  rig.pass(500);
  shows(rig.when({ ...grow, id: 'g2' }, 'ann'), { code: 'breaker_open' });
});

test('I-10 a failure of what was never granted is refused', () => {
  const rig = withRules(rule());
  rig.when(ask('a', { credits: 1 }), 'ann');
  shows(rig.when({ ...settle('a', { credits: 1 }), failed: [SEARCH] }, 'ann'), {
    outcome: 'refused',
    code: 'malformed',
    field: 'failed',
  });
});

test('I-10 a replay comes to the same breakers, and a new writer goes on with them', () => {
  const rig = opened(rule({ mode: 'queue' }));
  rig.when(ask('a', { [SEARCH]: 1 }, { maxWaitMs: 60_000 }), 'ann');
  rig.pass(500);
  assert.equal(stateOf(rig.replayed()), stateOf(rig.team));
  const next = rig.takenOver();
  const { events } = next.when({ ...settle('a', {}), failed: [SEARCH] }, 'ann');
  has(the(events, 'BreakerOpened'), { why: 'probe' });
  assert.equal(stateOf(next.replayed()), stateOf(next.team));
});

test.run();
