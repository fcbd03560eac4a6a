import type { Answer } from '../events/answers.ts';
import type { Strategy } from '../events/strategy.ts';
import { assert, suite } from './harness/suite.ts';
import { AGELESS, Lab, wait } from './lab-rig.ts';

const test = suite('strategies through NATS');
const lab = new Lab();

test.before(() => lab.start());
test.after(() => lab.close());

const slot = { concurrency: 1 };

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
  return lab.selectedFor(answer);
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
  assert.equal(await lab.selectedFor(denied), { strategy: 'queue_and_wait', rule: '4-configured' });
});

test('S-09 S-11 proportional is not legal where one has it alone: neither asked for nor set', async () => {
  for (const isSet of [true, false]) {
    const run = await lab.openRun({ 'slot.browser': 1 });
    await lab.policy(isSet ? { strategies: { [`${run}|*`]: 'proportional_sharing' } } : {});
    await lab.ann.expect('granted', lab.request(run, { 'slot.browser': 1 }));
    const items = { 'slot.browser': { amount: 1, min: 0 } };
    const more = isSet ? wait : { ...wait, strategy: 'proportional_sharing' };
    const queued = await lab.bob.expect('queued', lab.request(run, items, more));
    assert.equal(await lab.selectedFor(queued), {
      strategy: 'priority_based',
      rule: '6-exclusive',
    });
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
  await lab.policy(AGELESS);
  for (const [rule, { strategy, outcome, limits, held, waits, asks, more }] of Object.entries(
    TABLE,
  )) {
    const run = await lab.openRun(limits);
    await lab.ann.expect('granted', lab.request(run, held));
    if (waits !== undefined) await lab.ann.expect('queued', lab.request(run, waits, wait));
    const answer = await lab.bob.ask(lab.request(run, asks, { ...wait, ...more }));
    assert.is(answer.outcome, outcome, rule);
    assert.equal(await lab.selectedFor(answer), { strategy, rule });
  }
  const chosen = new Set(Object.values(TABLE).map(({ strategy }) => strategy));
  assert.is(chosen.size, STRATEGIES.length, 'each strategy is chosen by some situation');
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
