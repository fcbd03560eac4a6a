import { resourceTypeOf } from '../events/resources.ts';
import { readEvent } from '../events/upcast.ts';
import { amountText, creditsText, durationText } from '../projections/amount-text.ts';
import { Explainer, type Explanation } from '../projections/explain.ts';
import { explanationText } from '../projections/explain-text.ts';
import { sentenceOf, storyOf } from '../projections/story.ts';
import { assert, suite } from './harness/suite.ts';
import { Governor, openLab } from './projection-governor.ts';

const test = suite('audit: explain');

function explain(governor: Governor, id: string): Explanation {
  const explainer = new Explainer(id);
  for (const recorded of governor.recorded) explainer.take(recorded);
  const [explanation] = explainer.result();
  if (explanation === undefined) throw new Error(`nobody knows ${id}`);
  return explanation;
}

/** `ann` holds most of run r1, `bob` waits for more than is left, `ann` asks with no patience. */
function contended(): Governor {
  const governor = new Governor('acme');
  openLab(governor);
  const ask = (id: string, agent: string, amount: number, maxWaitMs = 0) =>
    governor.send(
      { op: 'request', id, path: 'acme/lab/r1', items: { credits: { amount } }, maxWaitMs },
      agent,
    );
  ask('first', 'ann', 200);
  governor.pass(1_000);
  ask('waits', 'bob', 150, 30_000);
  governor.pass(500);
  ask('denied', 'ann', 50);
  governor.pass(500);
  governor.send({ op: 'settle', allocation: 'first', actual: { credits: 40 } }, 'ann');
  return governor;
}

test('U-02 a denial is explained: contest, strategy, factors, tiers, holders, who was ahead', () => {
  const { decisions, story } = explain(contended(), 'denied');
  assert.is(decisions.length, 1);
  const [decision] = decisions;
  assert.is(decision?.outcome, 'denied');
  assert.is(decision?.rule, '7-equal');
  assert.is(decision?.strategy, 'first_come_first_served');
  assert.ok(decision?.contest?.startsWith('c-'));
  assert.is(decision?.factors['aheadCount'], 1);
  const situation = decision?.situation;
  assert.equal(situation?.account, { path: 'acme/lab/r1', resource: 'credits' });
  assert.equal(
    situation?.tiers.map(({ path, limit, committed, available, needed, fits }) => [
      path,
      limit,
      committed,
      available,
      needed,
      fits,
    ]),
    [
      ['acme/lab/r1', 300, 200, 100, 50, true],
      ['acme/lab', 600, 200, 400, 50, true],
      ['acme', 1_000, 200, 800, 50, true],
    ],
  );
  assert.equal(
    situation?.holders.map(({ id, amount, leaseLeftMs }) => [id, amount, leaseLeftMs]),
    [['first', 200, 58_500]],
  );
  assert.equal(
    situation?.waiting.map(({ id, position, waitedMs }) => [id, position, waitedMs]),
    [['waits', 1, 500]],
  );
  assert.equal(
    story.map(({ type }) => type),
    ['ContentionDetected', 'StrategySelected', 'StrategySelected', 'RequestDenied'],
  );
});

test('U-02 a request that waited is explained at each of its decisions', () => {
  const { decisions } = explain(contended(), 'waits');
  assert.equal(
    decisions.map(({ outcome }) => outcome),
    ['queued', 'granted'],
  );
  const [queued, granted] = decisions;
  assert.equal(
    queued?.situation.tiers.map(({ fits }) => fits),
    [false, true, true],
  );
  assert.is(queued?.situation.waitingCount, 0);
  assert.is(granted?.situation.tiers[0]?.committed, 40, 'the settle had made room');
  assert.is(granted?.situation.tiers[0]?.fits, true);
});

test('U-02 a tier is asked only for what a guarantee below it does not cover', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const ask = (id: string, path: string, amount: number) =>
    governor.send({ op: 'request', id, path, items: { credits: { amount } } });
  ask('small', 'acme/lab/r1', 60);
  ask('large', 'acme/lab/r1/s1', 90);
  ask('never', 'acme/lab/r1', 170);
  const { decisions } = explain(governor, 'never');
  const needed = (of: Explanation['decisions']) =>
    of[0]?.situation.tiers.map((tier) => [tier.committed, tier.needed]);
  assert.equal(needed(explain(governor, 'large').decisions), [
    [60, 90],
    [100, 50],
    [100, 50],
  ]);
  assert.equal(
    decisions[0]?.situation.holders.map(({ id }) => id),
    ['large', 'small'],
  );
});

test('U-02 an allocation that never met contention is explained too', () => {
  const { decisions, story } = explain(contended(), 'first');
  assert.is(decisions[0]?.contest, null);
  assert.is(decisions[0]?.rule, 'fits');
  assert.is(decisions[0]?.situation.account, undefined);
  assert.equal(
    story.map(({ type }) => type),
    ['AllocationGranted', 'AllocationEnded'],
  );
});

test('U-02 a preemption shows the victim, and the victim shows who took its place', () => {
  const governor = new Governor('acme');
  openLab(governor);
  const path = 'acme/lab/r1';
  governor.send({ op: 'request', id: 'v', path, items: { credits: { amount: 250 } } }, 'ann');
  const items = { credits: { amount: 200 } };
  governor.send({ op: 'request', id: 'e', path, items, priority: 'emergency' }, 'bob');
  const winner = explain(governor, 'e');
  assert.equal(
    winner.decisions.map(({ outcome }) => outcome),
    ['preempting', 'granted'],
  );
  assert.equal(
    winner.decisions[0]?.situation.holders.map(({ id }) => id),
    ['v'],
  );
  const text = explanationText(winner);
  assert.match(text, /v must yield by the right of priority/);
  assert.match(text, /taken from v/);
  assert.match(explanationText(explain(governor, 'v')), /v was preempted: nothing was booked/);
});

test('the text says who asked what, when, by which rule, and what was booked', () => {
  const text = explanationText(explain(contended(), 'first'));
  assert.match(text, /1970-01-01T00:16:40\.000Z .*ann asked for 0\.0002 credits on acme\/lab\/r1/);
  assert.match(text, /\(rule fits\)/);
  assert.match(text, /ann settled first: 0\.00004 credits was booked/);
  const denied = explanationText(explain(contended(), 'denied'));
  assert.match(denied, /acme\/lab\/r1: limit 0\.0003 credits, committed 0\.0002 credits/);
  assert.match(denied, /1\. waits \(bob\)/);
  assert.match(denied, /aheadCount 1/);
});

test('R17 an event that does not fit is passed over and counted', () => {
  const governor = contended();
  const explainer = new Explainer('denied');
  for (const recorded of governor.recorded.slice(1)) explainer.take(recorded);
  assert.ok(explainer.unfitCount > 0);
  assert.is(explainer.result()[0]?.decisions[0]?.outcome, 'denied');
});

test('nobody is explained who is not known, and another team’s id is another', () => {
  const governor = contended();
  const unknown = new Explainer('nothing');
  const foreign = new Explainer('first', 'globex');
  for (const recorded of governor.recorded) {
    unknown.take(recorded);
    foreign.take(recorded);
  }
  assert.equal(unknown.result(), []);
  assert.equal(foreign.result(), []);
});

test('every event has a sentence of its own', () => {
  const governor = contended();
  governor.send({ op: 'freeze', path: 'acme/lab', id: 'cold', reason: 'audit' });
  governor.send({ op: 'stop', path: 'acme', id: 'halt' });
  governor.send({ op: 'recover', path: 'acme', stop: 'halt' });
  governor.send({ op: 'setLimits', path: 'acme', limits: { credits: { limit: null } } });
  for (const { text, type } of storyOf(governor.recorded)) {
    assert.match(text, /^\S.*\.$/, type);
    assert.not.match(text, /undefined|NaN|\[object/, type);
  }
  const late = readEvent({
    type: 'LateSettled',
    v: 1,
    team: 'acme',
    atMs: 1,
    by: 'ann',
    allocation: 'a',
    path: 'acme/lab',
    booked: { credits: 1_500_000 },
  });
  assert.is(
    sentenceOf(late),
    'ann settled a after its end: 1.5 credits more was booked on acme/lab, nothing given back.',
  );
});

test('what every object has is no resource', () => {
  assert.is(resourceTypeOf('constructor'), undefined);
  assert.is(resourceTypeOf('credits')?.unit, 'microcredits');
});

test('amounts and durations are exact and readable', () => {
  assert.is(creditsText(1), '0.000001');
  assert.is(creditsText(1_234_567_890_000), '1,234,567.89');
  assert.is(creditsText(-2_500_000), '-2.5');
  assert.is(creditsText(Number.MAX_SAFE_INTEGER), '9,007,199,254.740991');
  assert.is(amountText('memory', 1_048_576), '1,048,576 bytes of memory');
  assert.is(durationText(1_500), '1.5 s');
  assert.is(durationText(600_000), '10 min');
});

test.run();
