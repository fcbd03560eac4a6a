import { ClosedError } from '../client/errors.ts';
import { CallBook } from '../sim/agents/call-book.ts';
import { SimJournal } from '../sim/agents/journal.ts';
import { World } from '../sim/world/world.ts';
import { assert, suite } from './harness/suite.ts';
import { planOf, stageOf } from './sim-agents-rig.ts';

const test = suite('sim: agents');

const REQUEST = {
  op: 'request',
  id: 'r1',
  path: 'acme/s/r/a',
  items: { credits: { amount: 30 } },
  ttlMs: 2_000,
} as const;
const settle = (id: string, credits: number) =>
  ({ op: 'settle', id, allocation: 'r1', actual: { credits } }) as const;

test('work is asked for, done and settled; each call has its answer', async () => {
  const plan = planOf([
    {
      kind: 'work',
      atMs: 500,
      agent: 'ann',
      request: REQUEST,
      until: 'outcome',
      steps: [
        {
          afterMs: 100,
          command: { op: 'report', id: 'x1', allocation: 'r1', used: { credits: 9 } },
        },
        { afterMs: 200, command: settle('x2', 12) },
        { afterMs: 300, command: settle('x3', 13) },
      ],
    },
  ]);
  const { ends, callsOfAnn, agents } = await stageOf(plan);
  assert.ok(await ends());
  const expected = [
    'request: granted',
    'report: reported',
    'settle: settled',
    'settle: id_conflict',
  ];
  assert.equal(callsOfAnn(), expected);
  assert.equal(agents.violations, []);
});

test('steps of work that was denied are left out, but for those that are done anyway', async () => {
  const plan = planOf([
    {
      kind: 'work',
      atMs: 500,
      agent: 'ann',
      request: { ...REQUEST, items: { credits: { amount: 101 } } },
      until: 'outcome',
      steps: [
        { afterMs: 0, command: settle('x1', 1) },
        { afterMs: 10, command: settle('x2', 1), isUnconditional: true },
      ],
    },
  ]);
  const { ends, callsOfAnn } = await stageOf(plan);
  assert.ok(await ends());
  assert.equal(callsOfAnn(), ['request: denied', 'settle: unknown_allocation']);
});

test('the client keeps a lease while work goes on, and settles when it fails', async () => {
  const hold = {
    kind: 'hold',
    agent: 'ann',
    workMs: 7_000,
    reports: [{ credits: 4 }],
    actual: { credits: 8 },
  } as const;
  const plan = planOf([
    { ...hold, atMs: 500, request: REQUEST },
    { ...hold, atMs: 600, request: { ...REQUEST, id: 'r2' }, hasFault: true },
  ]);
  const { ends, callsOfAnn, world } = await stageOf(plan);
  assert.ok(await ends());
  assert.equal(callsOfAnn(), ['request: worked', 'request: workFailed']);
  const renewals = world.transcript.entries.filter(({ op }) => op === 'renew' || op === 'batch');
  assert.ok(renewals.length >= 5, `${renewals.length}`);
});

test('raw messages go past the client, again and again, and what is no command is refused', async () => {
  const raw = { kind: 'raw', agent: 'ann', timeoutMs: 1_000 } as const;
  const request = { subjectOp: 'request', form: 'msgpack', content: { body: REQUEST } } as const;
  const garbage = { subjectOp: 'request', form: 'msgpack', content: { bytes: 'wQ==' } } as const;
  const foreign = { ...request, subjectAgent: 'operator' };
  const json = { subjectOp: 'batch', form: 'json' } as const;
  const commands = [{ op: 'balance', path: 'acme' }, null];
  const plan = planOf([
    { ...raw, atMs: 500, message: request, againAfterMs: [10, 400] },
    { ...raw, atMs: 1_000, message: garbage, againAfterMs: [] },
    { ...raw, atMs: 1_100, message: foreign, againAfterMs: [] },
    {
      ...raw,
      atMs: 1_200,
      message: { ...json, content: { body: { commands } } },
      againAfterMs: [],
    },
  ]);
  const { ends, callsOfAnn, agents } = await stageOf(plan);
  assert.ok(await ends());
  assert.equal(callsOfAnn(), [
    ...['request: granted', 'request: granted', 'request: granted'],
    ...['request: malformed', 'request: error permission_denied', 'batch: balance refused'],
  ]);
  const answers = agents.calls.flatMap(({ end }) => (end?.kind === 'answer' ? [end.answer] : []));
  const replayed = answers.filter((answer) => 'replayed' in answer && answer.replayed === true);
  assert.is(replayed.length, 2);
});

test('a settle that was kept is delivered after a crash of its process, and only then', async () => {
  const plan = planOf([
    {
      kind: 'work',
      atMs: 500,
      agent: 'ann',
      request: { ...REQUEST, ttlMs: 60_000 },
      until: 'outcome',
      steps: [{ afterMs: 1_000, command: settle('x1', 12) }],
    },
    { kind: 'call', atMs: 2_400, agent: 'ann', command: { op: 'balance', path: 'acme' } },
  ]);
  const { world, writer, agents, ends, callsOfAnn } = await stageOf(plan);
  await world.runFor(1_000);
  writer.process.pause();
  await world.runFor(1_500);
  const ann = agents.agent('ann', 'acme');
  ann?.crash();
  assert.equal(callsOfAnn(), ['request: granted', 'settle: journaled', 'balance: left']);
  assert.is(ann?.process, undefined);
  await world.runFor(200);
  ann?.start();
  await world.runFor(500);
  assert.is(agents.unsettledCount, 1);
  writer.process.resume();
  assert.ok(await ends());
  const settled = world.transcript.entries.filter(({ op }) => op === 'settle');
  assert.is(new Set(settled.map(({ from }) => from)).size, 2);
});

test('jobs of an agent that is gone are left out, and nobody waits for them', async () => {
  const call = { kind: 'call', agent: 'ann', command: { op: 'balance', path: 'acme' } } as const;
  const { world, agents, ends, callsOfAnn } = await stageOf(
    planOf([
      { ...call, atMs: 500 },
      { ...call, atMs: 1_500 },
    ]),
  );
  await world.runFor(1_000);
  agents.agent('ann', 'acme')?.crash();
  assert.ok(await ends());
  assert.equal(callsOfAnn(), ['balance: balance']);
});

test('an error that is none of the client is a violation; one of the client is an outcome', async () => {
  const book = new CallBook(() => 0);
  const given = {
    job: 0,
    agent: 'ann',
    team: 'acme',
    way: 'client',
    command: undefined,
    op: 'request',
  } as const;
  const closed = await book.note(given, () => Promise.reject(new ClosedError()));
  assert.equal(closed, { kind: 'error', code: 'closed', mayHaveHappened: true });
  assert.equal(book.violations, []);
  await book.note(given, () => Promise.reject(new TypeError('oh')));
  assert.is(book.violations.length, 1);
  assert.match(book.violations[0] ?? '', /TypeError: oh/);
});

test('the journal keeps what was written before a crash, in one file for all lives', async () => {
  const world = new World({ seed: 3, shards: 1 });
  const entry = (id: string) => ({ command: { op: 'settle', id }, firstSentAtUnixMs: 1 });
  const first = world.process('first', world.machine('disk'));
  let isKept = false;
  first.start(async () => {
    const journal = await SimJournal.open(first.host.files, 'ann', 'acme');
    await Promise.all([journal.append(entry('a')), journal.append(entry('b'))]);
    journal.remove('a');
    await journal.append(entry('c'));
    isKept = true;
  });
  await world.runFor(200);
  assert.ok(isKept);
  first.crash();
  const second = world.process('second', world.machine('disk'));
  let ids: string[] = [];
  let problem = '';
  second.start(async () => {
    const journal = await SimJournal.open(second.host.files, 'ann', 'acme');
    ids = journal.entries().map(({ command }) => command.id);
    await SimJournal.open(second.host.files, 'bob', 'acme').catch((error) => {
      problem = String(error);
    });
  });
  await world.runFor(200);
  assert.equal(ids, ['b', 'c']);
  assert.match(problem, /belongs to agent 'ann'/);
});

test.run();
