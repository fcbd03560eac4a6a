import type { Answer } from '../events/answers.ts';
import type { Factors } from '../events/events.ts';
import { assert, suite } from './harness/suite.ts';
import { AGELESS, Lab, wait } from './lab-rig.ts';

const test = suite('factors through NATS: pairs that differ in one alone');
const lab = new Lab();

test.before(async () => {
  await lab.start();
  // Who waits gains nothing by the time that a test takes.
  await lab.policy(AGELESS);
});
test.after(() => lab.close());

const slot = { concurrency: 1 };

/** Durations differ by the time between two commands of a test. */
const CLOCKED_MS = 2_000;

/** The names of the factors in which two decisions differ, by what is recorded of them. */
async function differing(answers: readonly Answer[]): Promise<string[]> {
  const [one = {}, two = {}] = await Promise.all(answers.map(factorsBehind));
  const isSame = (a: unknown, b: unknown) =>
    a === b || (typeof a === 'number' && typeof b === 'number' && isNear(a, b));
  const names = new Set([...Object.keys(one), ...Object.keys(two)]);
  return [...names].filter((name) =>
    name.endsWith('Ms') ? !isSame(one[name], two[name]) : one[name] !== two[name],
  );
}

const isNear = (a: number, b: number) => Math.abs(a - b) < CLOCKED_MS;

/** What its decision looked at, without what it then did. */
async function factorsBehind(answer: Answer): Promise<Factors> {
  const decisions = await lab.behind(answer);
  const decision = decisions.find((event) => 'factors' in event && event.factors !== undefined);
  assert.ok(decision !== undefined && 'factors' in decision);
  const { preemptionVictims: _, graceMs: __, ...looked } = decision.factors ?? {};
  return looked;
}

/** Outcome and rule of each answer. */
async function outcomesOf(answers: readonly Answer[]): Promise<string[]> {
  const all: string[] = [];
  for (const answer of answers)
    all.push(`${answer.outcome} ${(await lab.selectedFor(answer)).rule}`);
  return all;
}

test('F-01 priority alone: an ask that cannot wait evicts only when it is critical', async () => {
  const answers: Answer[] = [];
  for (const priority of ['high', 'critical']) {
    const run = await lab.openRun(slot);
    await lab.ann.expect('granted', lab.request(run, slot));
    const cannotWait = { ...wait, deadlineMs: 10_000, expectedMs: 1_000 };
    answers.push(await lab.bob.ask(lab.request(run, slot, { ...cannotWait, priority })));
  }
  assert.equal(await differing(answers), ['priority']);
  assert.equal(await outcomesOf(answers), ['queued 8-mixed', 'granted 5-critical-urgent']);
});

test('F-02 deadline alone: critical work evicts only when it cannot wait', async () => {
  const answers: Answer[] = [];
  for (const deadlineMs of [3_600_000, 10_000]) {
    const run = await lab.openRun(slot);
    await lab.ann.expect('granted', lab.request(run, slot));
    const critical = { ...wait, priority: 'critical', expectedMs: 1_000 };
    answers.push(await lab.bob.ask(lab.request(run, slot, { ...critical, deadlineMs })));
  }
  assert.equal(await differing(answers), ['slackMs']);
  assert.equal(await outcomesOf(answers), ['queued 7-wait', 'granted 5-critical-urgent']);
});

test('F-03 scarcity alone: how much is left decides between a part and none', async () => {
  const answers: Answer[] = [];
  for (const credits of [70, 90]) {
    const swarm = await lab.openSwarm({ credits: 100 });
    const [hers, his] = [await lab.open(swarm), await lab.open(swarm)];
    await lab.ann.expect('granted', lab.request(hers, { credits }));
    const items = { credits: { amount: 40, min: 20 } };
    answers.push(await lab.bob.ask(lab.request(his, items)));
  }
  assert.equal(await differing(answers), ['scarcityPermille']);
  const [part, denied] = answers;
  assert.equal(part?.outcome === 'partial' && part.granted, { credits: 30 });
  assert.is(denied?.outcome === 'denied' && denied.reason, 'insufficient_credits');
});

test('F-04 cost of preemption alone: who has nothing left to give is not evicted', async () => {
  const answers: Answer[] = [];
  for (const isUsedUp of [false, true]) {
    const run = await lab.openRun({ credits: 100 });
    const holder = lab.request(run, { credits: 80 });
    await lab.ann.expect('granted', holder);
    const used = { credits: isUsedUp ? 80 : 30 };
    await lab.ann.expect('reported', { op: 'report', allocation: holder.id, used });
    const more = { ...wait, priority: 'emergency' };
    answers.push(await lab.bob.ask(lab.request(run, { credits: 60 }, more)));
  }
  // Who has used up what it held is no victim, and nothing comes back at its end.
  assert.equal(await differing(answers), ['expectedWaitMs', 'victimPriority', 'victimRanMs']);
  const [evicts, waits] = answers as [Answer, Answer];
  assert.equal([evicts.outcome, waits.outcome], ['granted', 'queued']);
  const { sunk, lostWorkMs } = await lab.eventBehind(evicts, 'PreemptionRequested');
  assert.equal(sunk, { credits: 30 }, 'what the eviction costs is recorded');
  assert.ok(lostWorkMs !== undefined && lostWorkMs >= 0);
});

test('F-05 load alone: what is free is given only where nobody waits before', async () => {
  const answers: Answer[] = [];
  for (const isBusy of [false, true]) {
    const run = await lab.openRun({ credits: 100 });
    await lab.ann.expect('granted', lab.request(run, { credits: 70 }));
    if (isBusy) await lab.ann.expect('queued', lab.request(run, { credits: 50 }, wait));
    const items = { credits: { amount: 40, min: 10 } };
    answers.push(await lab.bob.ask(lab.request(run, items)));
  }
  const load = ['highestWaiting', 'loadWaiting', 'aheadCount'];
  assert.equal(await differing(answers), load);
  const [part, denied] = answers;
  assert.equal(part?.outcome === 'partial' && part.granted, { credits: 30 });
  assert.is(denied?.outcome === 'denied' && denied.factors?.['loadWaiting'], 1);
});

test('F-06 S-14 fairness alone: the weight of the run decides whose turn it is', async () => {
  const answers: Answer[] = [];
  for (const weightMilli of [1_000, 4_000]) {
    const swarm = await lab.openSwarm({ 'slot.gpu': 2 });
    const [a, b] = [await lab.open(swarm), await lab.open(swarm, {}, { weightMilli })];
    const holders = [lab.request(a, { 'slot.gpu': 1 }), lab.request(b, { 'slot.gpu': 1 })];
    for (const holder of holders) await lab.ann.expect('granted', holder);
    const ids: string[] = [];
    for (const run of [a, b, a, b]) {
      const sent = lab.request(run, { 'slot.gpu': 1 }, wait);
      const answer = await lab.bob.expect('queued', sent);
      ids.push(sent.id);
      if (ids.length === 4) answers.push(answer);
    }
    for (const { id } of holders)
      await lab.ann.expect('released', { op: 'release', allocation: id });
    const [a1 = '', b1 = '', a2 = '', b2 = ''] = ids;
    for (const id of [a1, b1]) await lab.told('granted', id);
    await lab.bob.expect('released', { op: 'release', allocation: a1 });
    const third = weightMilli === 1_000 ? a2 : b2;
    await lab.told('granted', third);
    const served = await lab.recorded('AllocationGranted', ids);
    assert.equal(
      served.map(({ id, via }) => [id, via]),
      [a1, b1, third].map((id) => [id, 'queue']),
    );
  }
  // Who has fewer before it waits less.
  assert.equal(await differing(answers), ['expectedWaitMs', 'aheadCount', 'runSharePermille']);
  assert.equal(
    answers.map((one) => one.outcome === 'queued' && one.position),
    [4, 3],
  );
});

test('F-06 fairness policy alone: by default who came first is next, fairly who has less', async () => {
  const answers: Answer[] = [];
  for (const queueing of ['default', 'fair']) {
    await lab.policy({ ...AGELESS, queueing });
    const swarm = await lab.openSwarm({ 'slot.gpu': 3 });
    const [much, little, busy] = [
      await lab.open(swarm),
      await lab.open(swarm),
      await lab.open(swarm),
    ];
    await lab.ann.expect('granted', lab.request(much, { 'slot.gpu': 2 }));
    const holder = await lab.ann.expect('granted', lab.request(busy, { 'slot.gpu': 1 }));
    const first = lab.request(much, { 'slot.gpu': 1 }, wait);
    const second = lab.request(little, { 'slot.gpu': 1 }, wait);
    answers.push(await lab.bob.expect('queued', first));
    await lab.bob.expect('queued', second);
    await lab.ann.expect('released', { op: 'release', allocation: holder.id });
    const next = queueing === 'default' ? first : second;
    await lab.told('granted', next.id);
    const served = await lab.recorded('AllocationGranted', [first.id, second.id]);
    assert.equal(
      served.map(({ id }) => id),
      [next.id],
    );
  }
  assert.equal(await differing(answers), ['fairness']);
  await lab.policy(AGELESS);
});

test('F-07 reservations alone: who has reserved is granted what others wait for', async () => {
  const answers: Answer[] = [];
  for (const isMine of [false, true]) {
    const run = await lab.openRun({ concurrency: 2 });
    const reserve = { op: 'reserve', path: run, items: { concurrency: 2 }, forMs: 60_000 };
    const { reservation } = await lab.operator.expect('reserved', { ...reserve, id: lab.newId() });
    const more = isMine ? { reservationId: reservation } : {};
    answers.push(await lab.bob.ask(lab.request(run, { concurrency: 1 }, { ...wait, ...more })));
  }
  const [waits, drawn] = answers as [Answer, Answer];
  const { booked, reservation } = await factorsBehind(waits);
  assert.equal([waits.outcome, booked, reservation], ['queued', 2, false]);
  assert.equal(drawn.outcome === 'granted' && drawn.rule, '3-reservation');
  const granted = await lab.eventBehind(drawn, 'AllocationGranted');
  assert.equal([granted.drawn, granted.factors], [{ concurrency: 1 }, { reservation: true }]);
});

test('INV-1 after all of it the balances equal a replay from zero', async () => {
  assert.equal(await lab.rig.differences(), []);
});

test.run();
