import type { Answer } from '../events/answers.ts';
import type { Factors } from '../events/events.ts';
import type { Strategy } from '../events/strategy.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab, wait } from './lab-rig.ts';

const test = suite('strategies and factors through NATS');
const lab = new Lab();

test.before(() => lab.start());
test.after(() => lab.close());

const slot = { concurrency: 1 };

/** The strategy that was selected for a request and the rule that chose it, from the log. */
async function selectedFor(answer: Answer): Promise<{ strategy: Strategy; rule: string }> {
  const { strategy, rule, factors } = await lab.eventBehind(answer, 'StrategySelected');
  assert.ok('rule' in answer && answer.outcome !== 'would_need_approval');
  // After an eviction in the same decision the answer says so; the table's rule is in the log.
  if (answer.rule === 'preempted') return { strategy, rule };
  assert.is(answer.rule, rule, 'the answer names the rule that is recorded');
  for (const [name, value] of Object.entries(factors ?? {})) {
    assert.equal(answer.factors?.[name], value, `the answer names the ${name} that is recorded`);
  }
  return { strategy, rule };
}

/** What each strategy makes of the same ask: 5 slots of 10, or 1 at least, where 8 are held. */
const OUTCOMES: Readonly<Record<Strategy, Answer['outcome']>> = {
  first_come_first_served: 'queued',
  queue_and_wait: 'queued',
  priority_based: 'partial',
  proportional_sharing: 'partial',
  preemption_allowed: 'granted',
};
const STRATEGIES = Object.keys(OUTCOMES) as Strategy[];
const divisible = { concurrency: { amount: 5, min: 1 } };

/** A run on which ann holds 8 slots of 10 at low priority. */
async function heldRun(): Promise<{ run: string; holder: string }> {
  const run = await lab.openRun({ concurrency: 10 });
  const sent = lab.request(run, { concurrency: 8 }, { priority: 'low' });
  await lab.ann.expect('granted', sent);
  return { run, holder: sent.id };
}

/** The answer to the ask, held to what its strategy makes of it and to what is recorded. */
async function asksFor(
  strategy: Strategy,
  { run, holder }: { run: string; holder: string },
  more: object = {},
): Promise<{ strategy: Strategy; rule: string }> {
  const answer = await lab.bob.ask(lab.request(run, divisible, { ...wait, ...more }));
  assert.is(answer.outcome, OUTCOMES[strategy], `${strategy} on ${run}`);
  if (answer.outcome === 'partial') assert.equal(answer.granted, { concurrency: 2 });
  if (answer.outcome === 'granted') assert.equal(answer.preempted, [holder]);
  return selectedFor(answer);
}

test('S-09 S-13 each strategy, set for a resource of the team', async () => {
  for (const strategy of STRATEGIES) {
    const held = await heldRun();
    await lab.policy({ strategies: { concurrency: strategy } });
    assert.equal(await asksFor(strategy, held), { strategy, rule: '4-configured' });
  }
});

test('S-09 each strategy, set for a scope; the innermost that says something wins', async () => {
  for (const [no, strategy] of STRATEGIES.entries()) {
    const other = STRATEGIES[(no + 2) % STRATEGIES.length] as Strategy;
    const held = await heldRun();
    await lab.policy({
      strategies: {
        '*': other,
        'acme/lab|concurrency': other,
        [`${held.run}|*`]: other,
        [`${held.run}|concurrency`]: strategy,
      },
    });
    assert.equal(await asksFor(strategy, held), { strategy, rule: '4-configured' });
    assert.equal(await asksFor(other, await heldRun()), { strategy: other, rule: '4-configured' });
  }
});

test('S-11 each strategy, asked for by the caller: for its own ask alone', async () => {
  await lab.policy({});
  for (const strategy of STRATEGIES) {
    const held = await heldRun();
    assert.equal(await asksFor(strategy, held, { strategy }), { strategy, rule: '4-caller' });
    const next = await lab.ann.ask(lab.request(held.run, divisible));
    assert.ok('rule' in next && next.rule !== '4-caller', 'the next is decided by the table');
  }
});

test('S-11 what policy sets comes before what a caller wants, and caps what it may want', async () => {
  const held = await heldRun();
  await lab.policy({
    strategies: { concurrency: 'queue_and_wait' },
    caps: [{ path: 'acme/lab', agents: ['bob'], strategies: ['queue_and_wait'] }],
  });
  const strategy = 'proportional_sharing';
  const refused = await lab.bob.expect('refused', lab.request(held.run, divisible, { strategy }));
  assert.is(refused.code, 'not_permitted');
  assert.match(refused.message, /proportional_sharing is not one to ask for/);
  const denied = await lab.ann.expect('denied', lab.request(held.run, divisible, { strategy }));
  assert.equal(await selectedFor(denied), { strategy: 'queue_and_wait', rule: '4-configured' });
});

test('S-09 S-11 proportional is not legal where one has it alone: neither asked for nor set', async () => {
  for (const isSet of [true, false]) {
    const run = await lab.openRun({ 'slot.browser': 1 });
    await lab.policy(isSet ? { strategies: { [`${run}|*`]: 'proportional_sharing' } } : {});
    await lab.ann.expect('granted', lab.request(run, { 'slot.browser': 1 }));
    const items = { 'slot.browser': { amount: 1, min: 0 } };
    const more = isSet ? wait : { ...wait, strategy: 'proportional_sharing' };
    const queued = await lab.bob.expect('queued', lab.request(run, items, more));
    assert.equal(await selectedFor(queued), { strategy: 'priority_based', rule: '6-exclusive' });
    const detected = await lab.eventBehind(queued, 'ContentionDetected');
    assert.is(detected.conflict, 'exclusive_access_required');
  }
});

/** Situations of the decision table: what is held, who waits already, what is asked. */
interface Situation {
  readonly strategy: Strategy;
  readonly outcome: Answer['outcome'];
  readonly limits: Readonly<Record<string, number>>;
  readonly held: Readonly<Record<string, number>>;
  readonly waits?: Readonly<Record<string, number>>;
  readonly asks: Readonly<Record<string, number | object>>;
  readonly more?: object;
}
const TABLE: Readonly<Record<string, Situation>> = {
  '5-emergency': {
    strategy: 'preemption_allowed',
    outcome: 'granted',
    limits: slot,
    held: slot,
    asks: slot,
    more: { priority: 'emergency' },
  },
  '5-critical-urgent': {
    strategy: 'preemption_allowed',
    outcome: 'granted',
    limits: slot,
    held: slot,
    asks: slot,
    more: { priority: 'critical', deadlineMs: 5_000, expectedMs: 1_000 },
  },
  '6-exclusive': {
    strategy: 'priority_based',
    outcome: 'queued',
    limits: { 'slot.gpu': 1 },
    held: { 'slot.gpu': 1 },
    asks: { 'slot.gpu': 1 },
  },
  '7-equal': {
    strategy: 'first_come_first_served',
    outcome: 'queued',
    limits: { credits: 100 },
    held: { credits: 60 },
    waits: { credits: 90 },
    asks: { credits: 30 },
  },
  '7-equal-divisible': {
    strategy: 'proportional_sharing',
    outcome: 'partial',
    limits: { credits: 100 },
    held: { credits: 70 },
    asks: { credits: { amount: 40, min: 10 } },
  },
  '7-round-robin': {
    strategy: 'queue_and_wait',
    outcome: 'queued',
    limits: { 'tool.search': 10 },
    held: { 'tool.search': 9 },
    asks: { 'tool.search': 2 },
  },
  '7-wait': {
    strategy: 'queue_and_wait',
    outcome: 'queued',
    limits: slot,
    held: slot,
    asks: slot,
  },
  '8-mixed': {
    strategy: 'priority_based',
    outcome: 'queued',
    limits: slot,
    held: slot,
    waits: slot,
    asks: slot,
    more: { priority: 'high' },
  },
};

test('S-10 S-12 S-01 S-02 S-04 S-05 S-08 N-01 N-03 the table chooses by the situation', async () => {
  await lab.policy({});
  for (const [rule, { strategy, outcome, limits, held, waits, asks, more }] of Object.entries(
    TABLE,
  )) {
    const run = await lab.openRun(limits);
    await lab.ann.expect('granted', lab.request(run, held));
    if (waits !== undefined) await lab.ann.expect('queued', lab.request(run, waits, wait));
    const answer = await lab.bob.ask(lab.request(run, asks, { ...wait, ...more }));
    assert.is(answer.outcome, outcome, rule);
    assert.equal(await selectedFor(answer), { strategy, rule });
  }
  const chosen = new Set(Object.values(TABLE).map(({ strategy }) => strategy));
  assert.is(chosen.size, STRATEGIES.length, 'each strategy is chosen by some situation');
});

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
  for (const answer of answers) all.push(`${answer.outcome} ${(await selectedFor(answer)).rule}`);
  return all;
}

test('F-01 priority alone: an ask that cannot wait evicts only when it is critical', async () => {
  await lab.policy({});
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
  const costs = new Set(['victimPriority', 'victimRanMs', 'expectedWaitMs']);
  const other = (await differing(answers)).filter((name) => !costs.has(name));
  assert.equal(other, []);
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

test('D-08 R-21 each type of conflict, told in the answer and recorded', async () => {
  const added = { class: 'capacity', unit: 'cards' };
  await lab.policy({
    resources: { gpus: added, big_gpu: { ...added, exclusive: true } },
  });
  const minute = { limit: 1, per: { ms: 60_000, by: 'sliding' } };
  const types: readonly (readonly [string, string, number | object])[] = [
    ['insufficient_credits', 'credits', 1],
    ['insufficient_time', 'compute_ms', 1],
    ['insufficient_memory', 'memory', 1],
    ['concurrency_limit_reached', 'concurrency', 1],
    ['concurrency_limit_reached', 'slot.worker', 2],
    ['exclusive_access_required', 'slot.worker', 1],
    ['tool_limit_reached', 'tool.search', 1],
    ['tool_limit_reached', 'rate.tool.search', minute],
    ['tool_limit_reached', 'tool_calls_per_minute', minute],
    ['insufficient_resource', 'model_tokens_per_minute', minute],
    ['insufficient_resource', 'gpus', 1],
    ['exclusive_access_required', 'big_gpu', 1],
  ];
  for (const [conflict, resource, limit] of types) {
    const run = await lab.openRun({ [resource]: limit });
    const all = { [resource]: typeof limit === 'number' ? limit : 1 };
    await lab.ann.expect('granted', lab.request(run, all));
    const denied = await lab.bob.expect('denied', lab.request(run, { [resource]: 1 }));
    assert.is(denied.reason, conflict, resource);
    const detected = await lab.eventBehind(denied, 'ContentionDetected');
    assert.equal(
      [detected.conflict, detected.account, detected.requested, detected.available],
      // What is exclusive is so in the whole team.
      [conflict, { path: resource === 'big_gpu' ? 'acme' : run, resource }, 1, 0],
    );
    assert.is((await lab.eventBehind(denied, 'RequestDenied')).reason, conflict);
  }
});

test('INV-1 after all of it the balances equal a replay from zero', async () => {
  assert.equal(await lab.rig.differences(), []);
});

test.run();
