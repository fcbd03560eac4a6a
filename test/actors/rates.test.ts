import type { CommandInput } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import type { RateMeter } from '../../events/resources.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, START_MS, shows, type TeamRig, the } from './rig.ts';
import { stateOf } from './state.ts';
import { ask, givenLab, open, policy, RUN, release, STEP, settle } from './world.ts';

const test = suite('actors: rates');

const MINUTE: RateMeter = { ms: 60_000, by: 'sliding' };
const rated = (path: string, limit: number | null, per?: RateMeter): CommandInput => ({
  op: 'setLimits',
  path,
  limits: { 'rate.search': { limit, ...(per === undefined ? {} : { per }) } },
});
const call = (id: string, count = 1, more = {}) => ask(id, { 'rate.search': count }, more);

function rateAt(rig: TeamRig, path: string) {
  const { answer } = rig.when({ op: 'balance', path });
  assert.is(answer.outcome, 'balance');
  return answer.outcome === 'balance' ? answer.rates?.[0] : undefined;
}

test('R-17 a sliding window gives an amount back exactly its time after the grant, no earlier', () => {
  const rig = givenLab(rated('acme', 3, MINUTE));
  shows(rig.when(call('a'), 'ann'), { outcome: 'granted', granted: { 'rate.search': 1 } });
  rig.pass(20_000);
  for (const id of ['b', 'c']) shows(rig.when(call(id), 'ann'), { outcome: 'granted' });
  shows(rig.when(call('d'), 'ann'), {
    outcome: 'denied',
    reason: 'tool_limit_reached',
    retryOn: 'time',
    retryAfterMs: 40_000,
  });
  rig.passTo(START_MS + 59_999);
  shows(rig.when(call('d2'), 'ann'), { outcome: 'denied', retryAfterMs: 1 });
  rig.pass(1);
  shows(rig.when(call('e'), 'ann'), { outcome: 'granted' });
  shows(rig.when(call('f'), 'ann'), { outcome: 'denied', retryAfterMs: 20_000 });
  has(rateAt(rig, 'acme'), { counted: 3, available: 0, limit: 3, retryAfterMs: 20_000 });
  rig.pass(20_000);
  has(rateAt(rig, 'acme'), { counted: 1, available: 2, retryAfterMs: 0 });
});

test('R-17 what is counted comes back by time alone: no end of an allocation returns it', () => {
  const rig = givenLab(rated(RUN, 1, MINUTE));
  rig.when(call('a'), 'ann');
  rig.when(release('a'), 'ann');
  shows(rig.when(call('b'), 'ann'), { outcome: 'denied', retryAfterMs: 60_000 });
  assert.is(rig.team.nodes.get(RUN)?.accounts.has('rate.search'), false);
});

test('R-17 R-19 every tier of the path is asked at once, and a refused request costs nothing anywhere', () => {
  const rig = givenLab(rated('acme', 5, MINUTE), rated(RUN, 2, { ms: 1_000, by: 'sliding' }));
  shows(rig.when(ask('a', { 'rate.search': 2, credits: 10 }), 'ann'), { outcome: 'granted' });
  const { answer, events } = rig.when(ask('b', { 'rate.search': 1, credits: 10 }), 'ann');
  has(answer, { outcome: 'denied', retryAfterMs: 1_000 });
  has(the(events, 'RequestDenied').short?.[0], { path: RUN, needed: 1, available: 0 });
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 10);
  has(rateAt(rig, 'acme'), { counted: 2 });
  // And the other way about: no room for credits, so nothing is counted.
  rig.pass(1_000);
  shows(rig.when(ask('c', { 'rate.search': 1, credits: 5_000 }), 'ann'), { reason: 'never_fits' });
  shows(rig.when(ask('d', { 'rate.search': 1, concurrency: 5 }), 'ann'), { outcome: 'denied' });
  has(rateAt(rig, 'acme'), { counted: 2 });
  shows(rig.when(call('e', 3), 'ann'), { reason: 'never_fits' });
});

test('R-17 a bucket lets its burst through, then what flows in', () => {
  const rig = givenLab(rated('acme', 60, { ms: 60_000, by: 'bucket', burst: 5 }));
  shows(rig.when(call('a', 5), 'ann'), { outcome: 'granted' });
  shows(rig.when(call('b'), 'ann'), { outcome: 'denied', retryAfterMs: 1_000 });
  shows(rig.when(call('c', 3), 'ann'), { outcome: 'denied', retryAfterMs: 3_000 });
  shows(rig.when(call('d', 6), 'ann'), { outcome: 'denied', reason: 'never_fits' });
  rig.pass(2_500);
  shows(rig.when(call('e', 2), 'ann'), { outcome: 'granted' });
  shows(rig.when(call('f'), 'ann'), { outcome: 'denied', retryAfterMs: 500 });
  rig.pass(600_000);
  has(rateAt(rig, 'acme'), { burst: 5, available: 5, counted: 0 });
});

test('R-17 a bucket of a limit that does not divide its time stays exact', () => {
  const rig = givenLab(rated('acme', 7, { ms: 1_000, by: 'bucket', burst: 1 }));
  let grants = 0;
  for (let n = 0; rig.nowMs < START_MS + 10_000; n += 1) {
    const { answer } = rig.when(call(`n${n}`), 'ann');
    if (answer.outcome === 'granted') grants += 1;
    else if (answer.outcome === 'denied') rig.pass(answer.retryAfterMs ?? 0);
  }
  // The first at once, then seven a second, none lost by rounding.
  assert.is(grants, 70);
});

test('R-17 who waits for a rate is served at the instant at which it has room, in line', () => {
  const rig = givenLab(rated('acme', 2, MINUTE));
  rig.when(call('a', 2), 'ann');
  const first = rig.when(call('b', 2, { maxWaitMs: 200_000 }), 'ann');
  has(first.answer, { outcome: 'queued', expectedWaitMs: 60_000 });
  rig.when(call('c', 1, { maxWaitMs: 200_000 }), 'bob');
  shows(rig.when(call('d'), 'bob'), { outcome: 'denied' });
  assert.equal(rig.pass(59_999), []);
  has(the(rig.pass(1), 'AllocationGranted'), {
    id: 'b',
    via: 'queue',
    rates: { 'rate.search': 2 },
  });
  rig.when({ op: 'status', of: 'b' }, 'ann');
  const later = rig.pass(60_000);
  has(the(later, 'AllocationGranted'), { id: 'c' });
  assert.is(rig.team.agenda.wakes.size, 0);
});

test('R-17 after a take-over the queue of a rate goes on by itself', () => {
  const rig = givenLab(rated('acme', 1, MINUTE));
  rig.when(call('a'), 'ann');
  rig.when(call('b', 1, { maxWaitMs: 200_000 }), 'ann');
  const next = rig.takenOver();
  has(the(next.pass(60_000), 'AllocationGranted'), { id: 'b' });
});

test('R-17 a raised or lifted limit serves who waits; a smaller one keeps what is counted', () => {
  const rig = givenLab(rated('acme', 1, MINUTE));
  rig.when(call('a'), 'ann');
  rig.when(call('b', 1, { maxWaitMs: 200_000 }), 'ann');
  rig.when(call('c', 1, { maxWaitMs: 200_000 }), 'ann');
  has(the(rig.when(rated('acme', 2)).events, 'AllocationGranted'), { id: 'b' });
  rig.when(rated('acme', 1));
  has(rateAt(rig, 'acme'), { counted: 2, available: 0 });
  has(the(rig.when(rated('acme', null)).events, 'AllocationGranted'), { id: 'c' });
  assert.is(rateAt(rig, 'acme'), undefined);
  // Another meter begins anew.
  rig.when(rated('acme', 1, { ms: 10, by: 'sliding' }));
  has(rateAt(rig, 'acme'), { counted: 0 });
});

test('R-17 the settle of a rate corrects what was counted, at the instant of the grant', () => {
  const tokens = (limit: number, by: RateMeter['by']): CommandInput => ({
    op: 'setLimits',
    path: 'acme',
    limits: { model_tokens_per_minute: { limit, per: { ms: 60_000, by } } },
  });
  const use = (id: string, amount: number) => ask(id, { model_tokens_per_minute: amount });
  for (const by of ['sliding', 'bucket'] as const) {
    const rig = givenLab(tokens(1_000, by));
    rig.when(use('a', 800), 'ann');
    rig.pass(10_000);
    const { events, answer } = rig.when(settle('a', { model_tokens_per_minute: 300 }), 'ann');
    has(the(events, 'AllocationEnded'), { booked: {}, rates: { model_tokens_per_minute: 300 } });
    has(answer, { outcome: 'settled', booked: {} });
    has(rateAt(rig, 'acme'), { counted: by === 'sliding' ? 300 : 134 });
    rig.when(use('b', 600), 'ann');
    rig.when(settle('b', { model_tokens_per_minute: 900 }), 'ann');
    // Above the limit now, by use that was: nothing is admitted, and it comes back like all else.
    has(rateAt(rig, 'acme'), { available: 0, counted: by === 'sliding' ? 1_200 : 1_034 });
    shows(rig.when(use('c', 1), 'ann'), { outcome: 'denied', reason: 'insufficient_resource' });
    rig.passTo(START_MS + 60_000);
    shows(rig.when(use('d', 100), 'ann'), { outcome: 'granted' });
    assert.equal(stateOf(rig.replayed()), stateOf(rig.team));
  }
});

test('R-17 one wild number counts no more than could ever be granted at once', () => {
  const rig = givenLab(rated('acme', 10, { ms: 60_000, by: 'bucket' }));
  rig.when(call('a'), 'ann');
  rig.when(settle('a', { 'rate.search': Number.MAX_SAFE_INTEGER }), 'ann');
  has(rateAt(rig, 'acme'), { counted: 10, retryAfterMs: 6_000 });
});

test('R-17 a preemption waits for its rate too, and takes nobody where only the rate is short', () => {
  const rig = givenLab(rated('acme', 1, MINUTE), policy({ ladder: [] }));
  rig.when(ask('low', { concurrency: 4 }, { priority: 'low' }), 'bob');
  rig.when(call('a'), 'ann');
  const more = { priority: 'emergency', maxWaitMs: 200_000 } as const;
  const { events } = rig.when(ask('top', { concurrency: 4, 'rate.search': 1 }, more), 'ann');
  assert.equal(
    events.map(({ type }) => type),
    ['ContentionDetected', 'StrategySelected', 'RequestQueued'],
  );
  assert.is(rig.team.allocations.has('low'), true);
});

test('R-17 what a rate cannot have is refused with what to do', () => {
  const rig = givenLab(rated('acme', 3, MINUTE));
  const refused = (command: CommandInput) => {
    const { answer, events } = rig.when(command);
    assert.equal(events, []);
    return answer.outcome === 'refused' ? answer.code : answer.outcome;
  };
  const limits = (limit: object): CommandInput => ({
    op: 'setLimits',
    path: RUN,
    limits: { 'rate.search': limit },
  });
  assert.is(refused(limits({ limit: 3, guarantee: 1 })), 'malformed');
  assert.is(refused(limits({ per: MINUTE })), 'malformed');
  const long = { ms: LIMITS.rateWindowMsMax, by: 'sliding' };
  assert.is(refused(limits({ limit: LIMITS.rateEntriesMax + 1, per: long })), 'rate_not_exact');
  const capacity = { op: 'setLimits', path: RUN, limits: { memory: { limit: 1, per: MINUTE } } };
  assert.is(refused(capacity as CommandInput), 'malformed');
  assert.is(
    refused({ op: 'topUp', id: 't', path: 'acme', amounts: { 'rate.search': 1 } }),
    'unknown_resource',
  );
  assert.is(
    refused({ op: 'charge', id: 'c', path: RUN, amounts: { 'rate.search': 1 } }),
    'unknown_resource',
  );
  assert.is(refused(ask('p', { 'rate.search': { amount: 2, min: 1 } })), 'rate_counted_at_grant');
  rig.when(call('a'), 'ann');
  assert.is(
    refused({ op: 'resize', allocation: 'a', items: { 'rate.search': 2 } }),
    'rate_counted_at_grant',
  );
});

test('R-17 a rate without a meter is so many in any minute, and the event says so', () => {
  const rig = givenLab();
  const { events } = rig.when(open(`${RUN}/sub`, { tool_calls_per_minute: 2 }));
  assert.equal(the(events, 'NodeOpened').limits, {
    tool_calls_per_minute: { limit: 2, per: MINUTE },
  });
  // Beneath it, not beside it.
  const use = (id: string, path: string) => ask(id, { tool_calls_per_minute: 2 }, { path });
  shows(rig.when(use('a', `${RUN}/sub/step`), 'ann'), { outcome: 'granted' });
  shows(rig.when(use('b', `${RUN}/sub/other`), 'ann'), { outcome: 'denied' });
  shows(rig.when(use('c', STEP), 'ann'), { outcome: 'granted' });
});

test.run();
