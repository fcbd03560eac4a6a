import type { Answer } from '../events/answers.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('parallel requests');
const rig = new WriterRig();
let operator: Caller;
const agents: Caller[] = [];

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  await operator.expect('opened', { op: 'open', path: 'acme' });
  await operator.expect('opened', { op: 'open', path: 'acme/lab' });
  for (const name of ['ann', 'bob', 'cat', 'dan'])
    agents.push(await rig.enrolled(name, 'acme/lab'));
});
test.after(() => rig.close());

/** A run with 1,000 credits of which half is spent. */
async function halfSpent(name: string): Promise<string> {
  const path = `acme/lab/${name}`;
  await operator.expect('opened', { op: 'open', path, limits: { credits: { limit: 1_000 } } });
  await operator.expect('charged', {
    op: 'charge',
    id: `half-${name}`,
    path,
    amounts: { credits: 500 },
  });
  return path;
}

const agentOf = (index: number) => agents[index % agents.length] as Caller;
const one = (id: string, path: string): Sent => ({
  op: 'request',
  id,
  path,
  items: { credits: { amount: 1 } },
});

function countOf(answers: readonly Answer[], outcome: string): number {
  return answers.filter((answer) => answer.outcome === outcome).length;
}

async function assertHalfGranted(path: string, answers: readonly Answer[]): Promise<void> {
  assert.equal([countOf(answers, 'granted'), countOf(answers, 'denied')], [500, 500]);
  assert.equal(await operator.use(path), { held: 500, spent: 500 });
  const log = await rig.log();
  const granted = new Set<string>();
  let held = 0;
  for (const { event } of log.recorded) {
    if (event.type !== 'AllocationGranted' || event.ask.path !== path) continue;
    granted.add(event.id);
    held += event.items['credits'] ?? 0;
    assert.ok(held <= 500, 'at no event more than the remaining 500 is held');
  }
  const answered = answers.filter(({ outcome }) => outcome === 'granted');
  assert.equal(
    answered.map((answer) => ('id' in answer ? String(answer.id) : '')).sort(),
    [...granted].sort(),
    'the answered grants are the recorded ones',
  );
}

test('INV-2 1,000 parallel requests of 1 on a remaining 500: exactly 500 are granted', async () => {
  const path = await halfSpent('single');
  const asked = Array.from({ length: 1_000 }, (_, i) => agentOf(i).ask(one(`s-${i}`, path)));
  await assertHalfGranted(path, await Promise.all(asked));
});

test('INV-2 the same in parallel batches', async () => {
  const path = await halfSpent('batches');
  const batches = Array.from({ length: 20 }, (_, batch) =>
    agentOf(batch).batch(Array.from({ length: 50 }, (_, i) => one(`b-${batch}-${i}`, path))),
  );
  const replies = await Promise.all(batches);
  await assertHalfGranted(
    path,
    replies.flatMap(({ answers }) => answers),
  );
});

test('INV-2 each of 1,000 sent three times at once: still 500, and the repeats agree', async () => {
  const path = await halfSpent('repeated');
  const asked = Array.from({ length: 3_000 }, (_, i) => {
    const index = i % 1_000;
    return agentOf(index).ask(one(`r-${index}`, path));
  });
  const answers = await Promise.all(asked);
  await assertHalfGranted(path, answers.slice(0, 1_000));
  const outcomeOf = (answer: Answer | undefined) => [
    answer?.outcome,
    answer?.evidence?.seq,
    answer?.evidence?.index,
  ];
  for (const [i, answer] of answers.entries()) {
    assert.equal(outcomeOf(answer), outcomeOf(answers[i % 1_000]));
  }
  const replayed = answers.filter((answer) => 'replayed' in answer && answer.replayed === true);
  assert.is(replayed.length, 2_000);
});

test('§6.8 who floods with what is denied is turned away before the log', async () => {
  const path = await halfSpent('flooded');
  const [ann, bob] = agents as [Caller, Caller];
  const denials = (batch: number) =>
    Array.from({ length: 256 }, (_, i) => ({ ...one(`f-${batch}-${i}`, path), items: tooMuch }));
  const tooMuch = { credits: { amount: 900 } };
  const lastSeq = await rig.lastSeq();
  const outcomes = new Map<string, number>();
  for (let batch = 0; batch < 100 && !outcomes.has('overloaded'); batch += 10) {
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) => ann.batch(denials(batch + i))),
    );
    for (const answer of replies.flatMap(({ answers }) => answers)) {
      const outcome = answer.outcome === 'refused' ? answer.code : answer.outcome;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (answer.outcome === 'refused') assert.ok((answer.retryAfterMs ?? 0) > 0);
    }
  }
  assert.equal([...outcomes.keys()].sort(), ['denied', 'overloaded']);
  const recorded = (await rig.events('RequestDenied')).filter(({ ask }) => ask.path === path);
  assert.is(recorded.length, outcomes.get('denied'), 'what was turned away is not recorded');
  assert.ok((await rig.lastSeq()) > lastSeq);
  await bob.expect('granted', one('calm', path));
});

test('INV-1 the balances equal a replay from zero', async () => {
  assert.equal(await rig.differences(), []);
});

test.run();
