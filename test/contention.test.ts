import type { Answer, AnswerOf, Notice } from '../events/answers.ts';
import type { BursarEvent } from '../events/events.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, eventsOf, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('contention through NATS');
const rig = new WriterRig();
let operator: Caller;
let ann: Caller;
let bob: Caller;
let annHeard: Notice[];
let bobHeard: Notice[];

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  await operator.expect('opened', { op: 'open', path: 'acme' });
  await operator.expect('opened', { op: 'open', path: 'acme/lab' });
  ann = await rig.enrolled('ann', 'acme/lab', { priorityMax: 'emergency' });
  bob = await rig.enrolled('bob', 'acme/lab', { priorityMax: 'emergency' });
  annHeard = await ann.notices();
  bobHeard = await bob.notices();
});
test.after(() => rig.close());

let runCount = 0;

/** A fresh run with limits of its own. */
async function openRun(limits: Record<string, number>): Promise<string> {
  runCount += 1;
  const path = `acme/lab/run-${runCount}`;
  const entries = Object.entries(limits).map(([resource, limit]) => [resource, { limit }]);
  await operator.expect('opened', { op: 'open', path, limits: Object.fromEntries(entries) });
  return path;
}

let idCount = 0;
function request(path: string, items: Record<string, number>, more: object = {}): Sent {
  idCount += 1;
  const asked = Object.entries(items).map(([resource, amount]) => [resource, { amount }]);
  return { op: 'request', id: `q-${idCount}`, path, items: Object.fromEntries(asked), ...more };
}

const slot = { concurrency: 1 };

/** The events that stand in the block that an answer names. */
async function behind(answer: Answer): Promise<BursarEvent[]> {
  assert.ok(answer.evidence, `${answer.outcome} has evidence`);
  return eventsOf(await rig.log(), answer.evidence?.seq ?? 0);
}

/** What was recorded of a contest and its decision: the same rule and factors as in the answer. */
async function assertRecorded(
  answer: AnswerOf<'denied' | 'partial' | 'queued' | 'preempting'>,
  types: readonly string[],
): Promise<void> {
  const events = await behind(answer);
  assert.equal(
    events.map(({ type }) => type),
    types,
  );
  const selected = events.find((event) => event.type === 'StrategySelected');
  const decision = events.find((event) => 'id' in event && event.id === answer.id);
  assert.ok(decision !== undefined && 'rule' in decision && 'factors' in decision);
  assert.is(decision.rule, answer.rule);
  assert.equal(decision.factors, answer.factors);
  if (selected?.type === 'StrategySelected') {
    for (const [name, value] of Object.entries(selected.factors ?? {})) {
      assert.equal(answer.factors?.[name], value, name);
    }
  }
}

test('T-02 I-03 D-02 F-03 O-01/O-04 scarcity: one unit decides between granted and denied', async () => {
  const run = await openRun({ credits: 100 });
  const fits = await ann.expect('granted', request(run, { credits: 100 }));
  assert.equal(fits.granted, { credits: 100 });
  assert.equal(
    (await behind(fits)).map(({ type }) => type),
    ['AllocationGranted'],
  );

  const other = await openRun({ credits: 100 });
  const denied = await ann.expect('denied', request(other, { credits: 101 }));
  assert.is(denied.reason, 'never_fits');
  assert.equal(denied.short, [{ path: other, resource: 'credits', needed: 101, available: 100 }]);
  assert.is(denied.factors?.['scarcityPermille'], 0);
  await assertRecorded(denied, [
    'ContentionDetected',
    'StrategySelected',
    'RequestDenied',
    'ContestEnded',
  ]);
});

test('S-13 O-02 divisibility: with a minimum it gets a part, without one it is denied', async () => {
  const run = await openRun({ credits: 100 });
  await ann.expect('granted', request(run, { credits: 70 }));
  const whole = await bob.expect('denied', request(run, { credits: 40 }));
  assert.equal([whole.reason, whole.rule], ['insufficient_credits', '7-wait']);
  assert.is(whole.factors?.['divisible'], false);
  assert.is(whole.factors?.['scarcityPermille'], 700);
  await assertRecorded(whole, [
    'ContentionDetected',
    'StrategySelected',
    'RequestDenied',
    'ContestEnded',
  ]);

  const divisible = { items: { credits: { amount: 40, min: 10 } } };
  const part = await bob.expect('partial', request(run, { credits: 40 }, divisible));
  assert.equal(part.granted, { credits: 30 });
  assert.equal([part.rule, part.factors?.['divisible']], ['7-equal-divisible', true]);
  await assertRecorded(part, [
    'ContentionDetected',
    'StrategySelected',
    'AllocationGranted',
    'ContestEnded',
  ]);
  assert.equal(await bob.use(run), { held: 100, spent: 0 });
});

test('D-05 S-12 O-05/O-06 time to wait: with it the request is queued, without it denied', async () => {
  const run = await openRun(slot);
  const holder = await ann.expect('granted', request(run, slot, { ttlMs: 20_000 }));
  const denied = await bob.expect('denied', request(run, slot));
  assert.is(denied.reason, 'concurrency_limit_reached');
  assert.ok((denied.retryAfterMs ?? 0) > 15_000 && (denied.retryAfterMs ?? 0) <= 20_000);
  assert.equal([denied.retryOn, denied.factors?.['maxWaitMs']], ['release', 0]);
  assert.match(denied.advice, /Try in \d+ ms/);

  const waits = request(run, slot, { maxWaitMs: 9_000 });
  const queued = await bob.expect('queued', waits);
  assert.equal(queued.account, { path: run, resource: 'concurrency' });
  assert.equal([queued.position, queued.rule, queued.factors?.['maxWaitMs']], [1, '7-wait', 9_000]);
  await assertRecorded(queued, ['ContentionDetected', 'StrategySelected', 'RequestQueued']);
  const { waiting } = await operator.expect('queue', { op: 'queue', path: run });
  assert.equal(
    waiting.map(({ id, state, position }) => [id, state, position]),
    [[waits['id'], 'queued', 1]],
  );

  await ann.expect('released', { op: 'release', allocation: holder.id });
  await until('bob hears of his grant', () => bobHeard.some(({ id }) => id === waits['id']));
  const notice = bobHeard.find(({ id }) => id === waits['id']);
  assert.equal(
    [notice?.kind, notice?.subject, notice?.team],
    ['granted', 'bursar.notice.bob.acme.granted', 'acme'],
  );
  const status = await bob.expect('granted', { op: 'status', of: waits['id'] });
  const told = notice?.answer as AnswerOf<'granted'>;
  for (const field of ['outcome', 'id', 'granted', 'rule', 'waitedMs', 'path'] as const) {
    assert.equal(status[field], told[field], field);
  }
  assert.is(status.rule, 'queue-head');
});

test('O-05 the end of the wait is a denial by notice, and status says the same', async () => {
  const run = await openRun(slot);
  await ann.expect('granted', request(run, slot));
  const waits = request(run, slot, { maxWaitMs: 150 });
  await bob.expect('queued', waits);
  await until('bob hears of it', () => bobHeard.some(({ id }) => id === waits['id']));
  const notice = bobHeard.find(({ id }) => id === waits['id']);
  const told = notice?.answer as AnswerOf<'denied'>;
  assert.equal([notice?.kind, told.reason], ['denied', 'wait_timeout']);
  assert.ok((told.waitedMs ?? 0) >= 150 && (told.waitedMs ?? 0) < 1_000);
  const status = await bob.expect('denied', { op: 'status', of: waits['id'] });
  assert.equal(
    [status.reason, status.waitedMs, status.rule],
    [told.reason, told.waitedMs, told.rule],
  );
});

test('D-07 S-10 F-01 priority: the higher one preempts, the equal one waits', async () => {
  const outcomes: string[] = [];
  for (const priority of ['normal', 'high']) {
    const run = await openRun(slot);
    const victim = request(run, slot, { graceMs: 60_000, priority: 'normal' });
    await ann.expect('granted', victim);
    const strategy = 'preemption_allowed';
    const ask = request(run, slot, { priority, strategy, maxWaitMs: 60_000 });
    const answer = await bob.ask(ask);
    outcomes.push(answer.outcome);
    if (answer.outcome !== 'queued' && answer.outcome !== 'preempting') continue;
    assert.is(answer.rule, '4-caller');
    assert.is(answer.factors?.['priority'], priority === 'high' ? 200 : 100);
    const last = answer.outcome === 'queued' ? 'RequestQueued' : 'PreemptionRequested';
    await assertRecorded(answer, ['ContentionDetected', 'StrategySelected', last]);
    if (answer.outcome !== 'preempting') continue;
    assert.equal(
      [answer.victims, answer.right, answer.graceMs],
      [[victim['id']], 'priority', 60_000],
    );
    assert.is(answer.factors?.['preemptionVictims'], 1);
    const status = await bob.expect('preempting', { op: 'status', of: ask['id'] });
    assert.equal([status.victims, status.right], [answer.victims, answer.right]);
    assert.ok(status.graceMs > 50_000 && status.graceMs <= 60_000);
  }
  assert.equal(outcomes, ['queued', 'preempting']);
});

test('F-02 deadline: critical work preempts only when it cannot wait', async () => {
  const outcomes: unknown[] = [];
  for (const deadlineMs of [3_600_000, 5_000]) {
    const run = await openRun(slot);
    await ann.expect('granted', request(run, slot, { graceMs: 1_000, ttlMs: 30_000 }));
    const more = { priority: 'critical', deadlineMs, expectedMs: 2_000, maxWaitMs: 60_000 };
    const answer = await bob.ask(request(run, slot, more));
    if (answer.outcome !== 'queued' && answer.outcome !== 'preempting') throw new Error('neither');
    outcomes.push([answer.outcome, answer.rule, answer.factors?.['slackMs']]);
  }
  assert.equal(outcomes, [
    ['queued', '7-wait', 3_598_000],
    ['preempting', '5-critical-urgent', 3_000],
  ]);
});

test('F-04 what may not be preempted makes the other wait', async () => {
  const outcomes: string[] = [];
  for (const preemptible of [true, false]) {
    const run = await openRun(slot);
    await ann.expect('granted', request(run, slot, { graceMs: 60_000, preemptible }));
    const more = { priority: 'high', strategy: 'preemption_allowed', maxWaitMs: 60_000 };
    outcomes.push((await bob.ask(request(run, slot, more))).outcome);
  }
  assert.equal(outcomes, ['preempting', 'queued']);
});

test('F-05 F-06 who waits already: a request that fits goes behind it', async () => {
  const outcomes: unknown[] = [];
  for (const isWaiting of [false, true]) {
    const run = await openRun({ credits: 100 });
    await ann.expect('granted', request(run, { credits: 60 }));
    if (isWaiting) await ann.expect('queued', request(run, { credits: 90 }, { maxWaitMs: 60_000 }));
    const answer = await bob.ask(request(run, { credits: 30 }));
    outcomes.push(
      answer.outcome === 'denied'
        ? [answer.outcome, answer.reason, answer.factors?.['aheadCount']]
        : [answer.outcome],
    );
  }
  assert.equal(outcomes, [['granted'], ['denied', 'queued_ahead', 1]]);
});

test('O-07 grace of the victim: without it the grant is in the answer, with it the wait', async () => {
  const outcomes: unknown[] = [];
  for (const graceMs of [0, 300]) {
    const run = await openRun(slot);
    const victim = request(run, slot, { graceMs, priority: 'low' });
    await ann.expect('granted', victim);
    const more = { priority: 'emergency', maxWaitMs: 5_000 };
    const ask = request(run, slot, more);
    const answer = await bob.ask(ask);
    const heardOf = (heard: readonly Notice[], id: unknown) =>
      heard.filter((one) => one.id === id || one.allocations?.includes(String(id)));
    if (answer.outcome === 'granted') {
      outcomes.push([answer.outcome, answer.preempted, answer.rule]);
      assert.equal(
        (await behind(answer)).map(({ type }) => type),
        [
          'ContentionDetected',
          'StrategySelected',
          'PreemptionRequested',
          'AllocationEnded',
          'ResourcesReclaimed',
          'AllocationGranted',
          'ContestEnded',
        ],
      );
    } else if (answer.outcome === 'preempting') {
      outcomes.push([answer.outcome, answer.victims, answer.rule]);
      assert.is(answer.factors?.['graceMs'], 300);
      await until('bob has it', () => heardOf(bobHeard, ask['id']).length > 0);
      const told = heardOf(bobHeard, ask['id'])[0]?.answer as AnswerOf<'granted'>;
      assert.equal([told.outcome, told.preempted], ['granted', [victim['id']]]);
      assert.ok((told.waitedMs ?? 0) >= 300);
      const status = await bob.expect('granted', { op: 'status', of: ask['id'] });
      assert.equal([status.preempted, status.waitedMs], [told.preempted, told.waitedMs]);
    }
    await until('ann hears that it is over', () =>
      heardOf(annHeard, victim['id']).some(({ kind }) => kind === 'preempted'),
    );
    const kinds = heardOf(annHeard, victim['id']).map((one) => [one.kind, one.graceMs]);
    const expected = [['preempted', undefined]];
    assert.equal(kinds, graceMs === 0 ? expected : [['preempt', 300], ...expected]);
    const ended = await ann.expect('ended', { op: 'status', of: victim['id'] });
    assert.is(ended.as, 'preempted');
  }
  assert.equal(
    outcomes.map((one) => (one as unknown[])[0]),
    ['granted', 'preempting'],
  );
});

test('S-06 a victim that yields within its grace lets the other in at once', async () => {
  const run = await openRun(slot);
  const victim = request(run, slot, { graceMs: 30_000, priority: 'low' });
  await ann.expect('granted', victim);
  const ask = request(run, slot, { priority: 'emergency', maxWaitMs: 40_000 });
  await bob.expect('preempting', ask);
  await until('ann is told', () =>
    annHeard.some(({ kind, id }) => kind === 'preempt' && id === ask['id']),
  );
  await ann.expect('settled', { op: 'settle', allocation: victim['id'], actual: {} });
  await until('bob has it', () => bobHeard.some(({ id }) => id === ask['id']));
  const status = await bob.expect('granted', { op: 'status', of: ask['id'] });
  assert.equal([status.preempted, status.rule], [[victim['id']], 'preempted']);
});

test('S-07 a victim that may wait is put back into the queue and gets it again', async () => {
  const run = await openRun(slot);
  const victim = request(run, slot, { graceMs: 0, priority: 'low', maxWaitMs: 20_000 });
  await ann.expect('granted', victim);
  const winner = await bob.expect('granted', request(run, slot, { priority: 'emergency' }));
  const { waiting } = await operator.expect('queue', { op: 'queue', path: run });
  const [requeued] = waiting;
  assert.equal([waiting.length, requeued?.agent], [1, 'ann']);
  await bob.expect('settled', { op: 'settle', allocation: winner.id, actual: {} });
  await until('ann has it again', () => annHeard.some(({ id }) => id === requeued?.id));
  const again = await ann.expect('granted', { op: 'status', of: requeued?.id });
  assert.equal(again.granted, slot);
});

test('D-08 the resource names the kind of conflict', async () => {
  const expected: Record<string, string> = {
    credits: 'insufficient_credits',
    compute_ms: 'insufficient_time',
    memory: 'insufficient_memory',
    concurrency: 'concurrency_limit_reached',
    'tool.search': 'tool_limit_reached',
    'slot.browser': 'exclusive_access_required',
  };
  const found: Record<string, string> = {};
  for (const resource of Object.keys(expected)) {
    const limit = resource === 'slot.browser' ? 1 : 2;
    const run = await openRun({ [resource]: limit });
    await ann.expect('granted', request(run, { [resource]: limit }));
    const denied = await bob.expect('denied', request(run, { [resource]: 1 }));
    found[resource] = denied.reason;
    const { events } = await bob.expect('explained', { op: 'explain', of: denied.id });
    const detected = events.find((one) => (one as BursarEvent).type === 'ContentionDetected');
    assert.is((detected as { conflict?: string }).conflict, expected[resource]);
  }
  assert.equal(found, expected);
});

test('INV-1 after all of it the balances equal a replay from zero', async () => {
  assert.equal(await rig.differences(), []);
});

test.run();
