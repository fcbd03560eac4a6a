import type { AnswerOf } from '../events/answers.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab } from './lab-rig.ts';

const test = suite('contention through NATS');
const lab = new Lab();

test.before(() => lab.start());
test.after(() => lab.close());

const slot = { concurrency: 1 };

/** What was recorded of a contest and its decision: the same rule and factors as in the answer. */
async function assertRecorded(
  answer: AnswerOf<'denied' | 'partial' | 'queued' | 'preempting'>,
  types: readonly string[],
): Promise<void> {
  const events = await lab.behind(answer);
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
  const run = await lab.openRun({ credits: 100 });
  const fits = await lab.ann.expect('granted', lab.request(run, { credits: 100 }));
  assert.equal(fits.granted, { credits: 100 });
  assert.equal(
    (await lab.behind(fits)).map(({ type }) => type),
    ['AllocationGranted'],
  );

  const other = await lab.openRun({ credits: 100 });
  const denied = await lab.ann.expect('denied', lab.request(other, { credits: 101 }));
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
  const run = await lab.openRun({ credits: 100 });
  await lab.ann.expect('granted', lab.request(run, { credits: 70 }));
  const whole = await lab.bob.expect('denied', lab.request(run, { credits: 40 }));
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
  const part = await lab.bob.expect('partial', lab.request(run, { credits: 40 }, divisible));
  assert.equal(part.granted, { credits: 30 });
  assert.equal([part.rule, part.factors?.['divisible']], ['7-equal-divisible', true]);
  await assertRecorded(part, [
    'ContentionDetected',
    'StrategySelected',
    'AllocationGranted',
    'ContestEnded',
  ]);
  assert.equal(await lab.bob.use(run), { held: 100, spent: 0 });
});

test('D-05 S-12 O-05/O-06 time to wait: with it the request is queued, without it denied', async () => {
  const run = await lab.openRun(slot);
  const holder = await lab.ann.expect('granted', lab.request(run, slot, { ttlMs: 20_000 }));
  const denied = await lab.bob.expect('denied', lab.request(run, slot));
  assert.is(denied.reason, 'concurrency_limit_reached');
  assert.ok((denied.retryAfterMs ?? 0) > 15_000 && (denied.retryAfterMs ?? 0) <= 20_000);
  assert.equal([denied.retryOn, denied.factors?.['maxWaitMs']], ['release', 0]);
  assert.match(denied.advice, /Try in \d+ ms/);

  const waits = lab.request(run, slot, { maxWaitMs: 9_000 });
  const queued = await lab.bob.expect('queued', waits);
  assert.equal(queued.account, { path: run, resource: 'concurrency' });
  assert.equal([queued.position, queued.rule, queued.factors?.['maxWaitMs']], [1, '7-wait', 9_000]);
  await assertRecorded(queued, ['ContentionDetected', 'StrategySelected', 'RequestQueued']);
  const { waiting } = await lab.operator.expect('queue', { op: 'queue', path: run });
  assert.equal(
    waiting.map(({ id, state, position }) => [id, state, position]),
    [[waits.id, 'queued', 1]],
  );

  await lab.ann.expect('released', { op: 'release', allocation: holder.id });
  const notice = await lab.told('granted', waits.id);
  assert.equal(
    [notice.kind, notice.subject, notice.team],
    ['granted', 'bursar.notice.bob.acme.granted', 'acme'],
  );
  const status = await lab.bob.expect('granted', { op: 'status', of: waits.id });
  const told = notice.answer as AnswerOf<'granted'>;
  for (const field of ['outcome', 'id', 'granted', 'rule', 'waitedMs', 'path'] as const) {
    assert.equal(status[field], told[field], field);
  }
  assert.is(status.rule, 'queue-head');
});

test('O-05 the end of the wait is a denial by notice, and status says the same', async () => {
  const run = await lab.openRun(slot);
  await lab.ann.expect('granted', lab.request(run, slot));
  const waits = lab.request(run, slot, { maxWaitMs: 150 });
  await lab.bob.expect('queued', waits);
  const notice = await lab.told('denied', waits.id);
  const told = notice.answer as AnswerOf<'denied'>;
  assert.equal([notice.kind, told.reason], ['denied', 'wait_timeout']);
  assert.ok((told.waitedMs ?? 0) >= 150 && (told.waitedMs ?? 0) < 1_000);
  const status = await lab.bob.expect('denied', { op: 'status', of: waits.id });
  assert.equal(
    [status.reason, status.waitedMs, status.rule],
    [told.reason, told.waitedMs, told.rule],
  );
});

test('D-07 S-10 F-01 priority: the higher one preempts, the equal one waits', async () => {
  const outcomes: string[] = [];
  for (const priority of ['normal', 'high']) {
    const run = await lab.openRun(slot);
    const victim = lab.request(run, slot, { graceMs: 60_000, priority: 'normal' });
    await lab.ann.expect('granted', victim);
    const strategy = 'preemption_allowed';
    const ask = lab.request(run, slot, { priority, strategy, maxWaitMs: 60_000 });
    const answer = await lab.bob.ask(ask);
    outcomes.push(answer.outcome);
    if (answer.outcome !== 'queued' && answer.outcome !== 'preempting') continue;
    assert.is(answer.rule, '4-caller');
    assert.is(answer.factors?.['priority'], priority === 'high' ? 200 : 100);
    const last = answer.outcome === 'queued' ? 'RequestQueued' : 'PreemptionRequested';
    await assertRecorded(answer, ['ContentionDetected', 'StrategySelected', last]);
    if (answer.outcome !== 'preempting') continue;
    assert.equal([answer.victims, answer.right, answer.graceMs], [[victim.id], 'priority', 60_000]);
    assert.is(answer.factors?.['preemptionVictims'], 1);
    const status = await lab.bob.expect('preempting', { op: 'status', of: ask.id });
    assert.equal([status.victims, status.right], [answer.victims, answer.right]);
    assert.ok(status.graceMs > 50_000 && status.graceMs <= 60_000);
  }
  assert.equal(outcomes, ['queued', 'preempting']);
});

test('F-04 what may not be preempted makes the other wait', async () => {
  const outcomes: string[] = [];
  for (const preemptible of [true, false]) {
    const run = await lab.openRun(slot);
    await lab.ann.expect('granted', lab.request(run, slot, { graceMs: 60_000, preemptible }));
    const more = { priority: 'high', strategy: 'preemption_allowed', maxWaitMs: 60_000 };
    outcomes.push((await lab.bob.ask(lab.request(run, slot, more))).outcome);
  }
  assert.equal(outcomes, ['preempting', 'queued']);
});

test('O-07 grace of the victim: without it the grant is in the answer, with it the wait', async () => {
  const outcomes: unknown[] = [];
  for (const graceMs of [0, 300]) {
    const run = await lab.openRun(slot);
    const victim = lab.request(run, slot, { graceMs, priority: 'low' });
    await lab.ann.expect('granted', victim);
    const more = { priority: 'emergency', maxWaitMs: 5_000 };
    const ask = lab.request(run, slot, more);
    const answer = await lab.bob.ask(ask);
    if (answer.outcome === 'granted') {
      outcomes.push([answer.outcome, answer.preempted, answer.rule]);
      assert.equal(
        (await lab.behind(answer)).map(({ type }) => type),
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
      const told = (await lab.told('granted', ask.id)).answer as AnswerOf<'granted'>;
      assert.equal([told.outcome, told.preempted], ['granted', [victim.id]]);
      assert.ok((told.waitedMs ?? 0) >= 300);
      const status = await lab.bob.expect('granted', { op: 'status', of: ask.id });
      assert.equal([status.preempted, status.waitedMs], [told.preempted, told.waitedMs]);
    }
    await lab.told('preempted', victim.id);
    const kinds = lab.heardOf(victim.id).map((one) => [one.kind, one.graceMs]);
    const expected = [['preempted', undefined]];
    assert.equal(kinds, graceMs === 0 ? expected : [['preempt', 300], ...expected]);
    const ended = await lab.ann.expect('ended', { op: 'status', of: victim.id });
    assert.is(ended.as, 'preempted');
  }
  assert.equal(
    outcomes.map((one) => (one as unknown[])[0]),
    ['granted', 'preempting'],
  );
});

test('S-06 a victim that yields within its grace lets the other in at once', async () => {
  const run = await lab.openRun(slot);
  const victim = lab.request(run, slot, { graceMs: 30_000, priority: 'low' });
  await lab.ann.expect('granted', victim);
  const ask = lab.request(run, slot, { priority: 'emergency', maxWaitMs: 40_000 });
  await lab.bob.expect('preempting', ask);
  await lab.told('preempt', ask.id);
  await lab.ann.expect('settled', { op: 'settle', allocation: victim.id, actual: {} });
  await lab.told('granted', ask.id);
  const status = await lab.bob.expect('granted', { op: 'status', of: ask.id });
  assert.equal([status.preempted, status.rule], [[victim.id], 'preempted']);
});

test('INV-1 after all of it the balances equal a replay from zero', async () => {
  assert.equal(await lab.rig.differences(), []);
});

test.run();
