import { Command } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { givenBusy, gpu, served, wait } from './busy.ts';
import { shows, the } from './rig.ts';
import { ask, givenLab, open, policy, RUN, release, STEP, setLimits } from './world.ts';

const test = suite('actors: contention');

test('O-02 a waiting divisible request takes a part as soon as its least fits', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 600 }), 'ann');
  rig.when(ask('b', { credits: 380 }), 'ann');
  rig.when(ask('w', { credits: { amount: 700, min: 300 } }, wait), 'bob');
  rig.when(release('b'), 'ann');
  const granted = rig.eventsOf('AllocationGranted').at(-1);
  assert.equal([granted?.id, granted?.items, granted?.partial], ['w', { credits: 400 }, true]);
});

for (const strategy of ['queue_and_wait', 'first_come_first_served'] as const) {
  test(`S-11 ${strategy}: its caller, or policy, waits for all of it`, () => {
    for (const rig of [
      givenLab(),
      givenLab(policy({ strategies: { credits: strategy } })),
      givenLab(policy({ strategies: { '*': strategy } })),
    ]) {
      const own = rig.team.policy.strategies['credits'] ?? rig.team.policy.strategies['*'];
      rig.when(ask('a', { credits: 600 }), 'ann');
      rig.when(ask('b', { credits: 300 }), 'ann');
      const items = { credits: { amount: 700, min: 50 } };
      const asked = ask('w', items, own === undefined ? { ...wait, strategy } : wait);
      shows(rig.when(asked, 'bob'), { outcome: 'queued' });
      rig.when(release('b'), 'ann');
      assert.equal(served(rig), []);
      rig.when(release('a'), 'ann');
      assert.equal(rig.eventsOf('AllocationGranted').at(-1)?.items, { credits: 700 });
    }
  });
}

test('S-09 a strategy of a scope: the innermost wins, on it the resource over *', () => {
  const strategies = {
    '*': 'queue_and_wait',
    'acme/lab|*': 'first_come_first_served',
    'acme/lab/two|credits': 'proportional_sharing',
    'acme/lab/two/s|memory': 'proportional_sharing',
  } as const;
  const rig = givenLab(open('acme/lab/two'), open('acme/other'), policy({ strategies }));
  rig.when(ask('a', { credits: 900 }), 'ann');
  const items = { credits: { amount: 200, min: 50 } };
  const of = (id: string, path: string) => rig.when(ask(id, items, { path }), 'bob');
  const chosen = (shown: ReturnType<typeof of>) => the(shown.events, 'StrategySelected').strategy;
  assert.is(chosen(of('x', 'acme/other')), 'queue_and_wait');
  assert.is(chosen(of('y', STEP)), 'first_come_first_served');
  const shared = of('z', 'acme/lab/two/s');
  shows(shared, { outcome: 'partial', granted: { credits: 100 }, rule: '4-configured' });
  const malformed = {
    op: 'setPolicy',
    path: 'acme',
    policy: { strategies: { 'acme/|x': 'queue_and_wait' } },
  };
  assert.not.ok(Command.safeParse(malformed).success);
});

test('S-09 what cannot be followed is refused where that is known, else passed over and said', () => {
  const set = (strategies: object, resources: object = {}) =>
    Command.safeParse({ op: 'setPolicy', path: 'acme', policy: { strategies, resources } }).success;
  const share = 'proportional_sharing';
  const gpu = { gpu: { class: 'capacity', unit: 'cards', exclusive: true } };
  assert.not.ok(set({ gpu: share }, gpu));
  assert.not.ok(set({ 'acme/lab|rate.search': share }));
  assert.ok(set({ gpu: 'priority_based' }, gpu));
  assert.ok(set({ '*': share }, gpu));
  const rig = givenLab(policy({ strategies: { '*': share } }));
  rig.when(ask('a', { credits: 900 }), 'ann');
  const chosen = the(rig.when(ask('b', { credits: 200 }, wait), 'bob').events, 'StrategySelected');
  assert.is(chosen.rule, '7-wait', 'it cannot be divided');
  assert.is(chosen.factors?.['passedOver'], share);
});

test('O-05 the expected wait: what is missing for those ahead too, against the ends that are known', () => {
  const rig = givenLab(setLimits('acme', { 'slot.pool': 10 }));
  const hold = (id: string, slots: number, expectedMs: number) =>
    rig.when(ask(id, { 'slot.pool': slots }, { expectedMs, ttlMs: 600_000 }), 'ann');
  hold('long', 4, 500_000);
  hold('mid', 3, 40_000);
  hold('short', 3, 10_000);
  const expected = (id: string, slots: number) => {
    const { answer } = rig.when(ask(id, { 'slot.pool': slots }, wait), 'bob');
    assert.ok(answer.outcome === 'queued');
    return answer.expectedWaitMs;
  };
  assert.is(expected('w1', 2), 10_000, 'the first end gives 3');
  assert.is(expected('w2', 2), 40_000, 'of which one is left for it');
  assert.is(expected('w3', 4), 500_000);
  assert.is(expected('w4', 10), 900_000, 'all once, and 8 of 10 again');
  rig.pass(20_000);
  // Who works longer than told may do so until its lease ends.
  shows(rig.when({ op: 'status', of: 'w1' }, 'bob'), { expectedWaitMs: 20_000 });
});

test('O-05 of a consumable nothing is promised that may be spent', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 600 }, { ttlMs: 5_000 }), 'ann');
  rig.when({ op: 'report', allocation: 'a', used: { credits: 500 } }, 'ann');
  shows(rig.when(ask('w', { credits: 450 }, wait), 'bob'), { expectedWaitMs: 5_000 });
  shows(rig.when(ask('x', { credits: 100 }, wait), 'bob'), { expectedWaitMs: null });
});

test('O-02 a part of a bundle is one common fraction, items no less than their least', () => {
  const rig = givenLab(setLimits('acme', { memory: 100 }));
  rig.when(ask('a', { credits: 700 }), 'ann');
  shows(
    rig.when(
      ask('p', { credits: { amount: 600, min: 100 }, memory: { amount: 50, min: 10 } }),
      'ann',
    ),
    { outcome: 'partial', granted: { credits: 300, memory: 25 } },
  );
  rig.when(release('p'), 'ann');
  shows(rig.when(ask('q', { credits: { amount: 600, min: 100 }, memory: 50 }), 'ann'), {
    outcome: 'partial',
    granted: { credits: 300, memory: 50 },
  });
  rig.when(release('q'), 'ann');
  shows(rig.when(ask('r', { credits: { amount: 600, min: 301 }, memory: 50 }), 'ann'), {
    outcome: 'denied',
  });
});

test('D-01 contention is recorded once, its strategy when it changes, its end when the queue is empty', () => {
  const rig = givenBusy();
  const types = (id: string, more = {}) => rig.when(gpu(id, more), 'bob').events.map((e) => e.type);
  assert.equal(types('w1'), ['ContentionDetected', 'StrategySelected', 'RequestQueued']);
  assert.equal(types('w2'), ['RequestQueued']);
  assert.equal(types('w3', { strategy: 'queue_and_wait' }), ['StrategySelected', 'RequestQueued']);
  const detected = the(
    rig.recorded.map(({ event }) => event),
    'ContentionDetected',
  );
  assert.equal(
    [detected.account, detected.conflict, detected.requested, detected.available, detected.live],
    [{ path: 'acme', resource: 'slot.gpu' }, 'exclusive_access_required', 1, 0, ['busy']],
  );
  assert.is(rig.team.contests.size, 1);
  rig.when(release('busy'), 'ann');
  rig.when({ op: 'cancel', request: 'w2' }, 'bob');
  assert.is(rig.eventsOf('ContestEnded').length, 0);
  rig.when({ op: 'cancel', request: 'w3' }, 'bob');
  assert.is(
    the(
      rig.recorded.map(({ event }) => event),
      'ContestEnded',
    ).outcome,
    'cancelled',
  );
  assert.is(rig.team.contests.size, 0);
});

test('D-02 contention tells demand and supply of its own account, where others are short too', () => {
  const rig = givenLab(setLimits('acme', { credits: 100, tool_calls: 3 }));
  rig.when(ask('a', { tool_calls: 3 }), 'ann');
  const items = { credits: { amount: 150, min: 50 }, tool_calls: { amount: 9, min: 4 } };
  const { events } = rig.when(ask('b', items), 'bob');
  const { account, requested, available } = the(events, 'ContentionDetected');
  assert.equal([account.resource, requested, available], ['tool_calls', 9, 0]);
});

test('S-05 nobody is evicted whose end books more than it held', () => {
  const rig = givenLab();
  rig.when(ask('v', { credits: 60, concurrency: 4 }, { priority: 'low' }), 'ann');
  rig.when({ op: 'report', allocation: 'v', used: { credits: 300 } }, 'ann');
  const vip = { priority: 'emergency' } as const;
  shows(rig.when(ask('b', { credits: 800, concurrency: 1 }, vip), 'bob'), { outcome: 'denied' });
  shows(rig.when(ask('c', { credits: 700, concurrency: 1 }, vip), 'bob'), { outcome: 'granted' });
});

test('D-08 each kind of conflict', () => {
  const limits = {
    memory: 1,
    compute_ms: 1,
    tool_calls: 1,
    'tool.web': 1,
    'slot.gpu': 1,
    'slot.pool': 2,
  };
  const rig = givenLab(setLimits('acme', limits));
  rig.when(ask('a', { ...limits, concurrency: 4, credits: 1_000 }), 'ann');
  for (const [resource, reason] of [
    ['credits', 'insufficient_credits'],
    ['compute_ms', 'insufficient_time'],
    ['memory', 'insufficient_memory'],
    ['concurrency', 'concurrency_limit_reached'],
    ['slot.pool', 'concurrency_limit_reached'],
    ['tool_calls', 'tool_limit_reached'],
    ['tool.web', 'tool_limit_reached'],
    ['slot.gpu', 'exclusive_access_required'],
  ] as const) {
    shows(rig.when(ask(`q-${resource}`, { [resource]: 1 }), 'bob'), { outcome: 'denied', reason });
  }
});

test('O-06 a denial says when to ask again: the first lease that ends', () => {
  const rig = givenBusy();
  rig.pass(10_000);
  shows(rig.when(ask('n', { 'slot.gpu': 1 }), 'bob'), {
    outcome: 'denied',
    retryAfterMs: 50_000,
    retryOn: 'release',
  });
  const spent = givenLab();
  spent.when({ op: 'charge', id: 'c', path: RUN, amounts: { credits: 995 } });
  shows(spent.when(ask('n', { credits: 10 }), 'bob'), {
    outcome: 'denied',
    retryOn: 'top_up',
    retryAfterMs: undefined,
  });
});

test('E-03 E-04 what a contest comes to is looked at with each event, and its strategy is chosen anew', () => {
  const rig = givenLab(setLimits('acme', { concurrency: 1 }));
  rig.when(ask('a', { concurrency: 1 }, { priority: 'low' }), 'ann');
  const wait = { maxWaitMs: 60_000 } as const;
  rig.when(ask('b', { concurrency: 1 }, wait), 'bob');
  rig.when(ask('c', { concurrency: 1 }, { ...wait, priority: 'emergency' }), 'bob');
  const chosen = rig
    .eventsOf('StrategySelected')
    .map(({ strategy, rule }) => `${rule} ${strategy}`);
  assert.equal(chosen, ['7-wait queue_and_wait', '5-emergency preemption_allowed']);
  const [contest] = rig.eventsOf('ContentionDetected').map(({ contest: id }) => id);
  assert.equal(
    rig.eventsOf('StrategySelected').map((one) => one.contest),
    [contest, contest],
  );
  // Room that comes free is given to whose turn it is, until nobody waits: then it is over.
  rig.when(release('c'), 'bob');
  assert.is(rig.eventsOf('AllocationGranted').at(-1)?.id, 'b');
  assert.equal(
    rig.eventsOf('ContestEnded').map((one) => [one.contest, one.outcome]),
    [[contest, 'granted']],
  );
});

test.run();
