import {
  BursarError,
  ClosedError,
  ConnectError,
  ForbiddenError,
  IdConflictError,
  InvalidCommandError,
  OutcomeUnknownError,
  RefusedError,
  UnavailableError,
} from '../client/client.ts';
import type { Answer } from '../events/answers.ts';
import { encode } from '../events/codec.ts';
import { LIMITS } from '../events/limits.ts';
import { refuse } from '../events/refusals.ts';
import { denied, generous, granted, makeClientRig, type Received, until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('client: sending');
const rig = makeClientRig();
test.before(() => rig.start());
test.after.each(() => rig.tidy());
test.after(() => rig.close());

const ask = { items: { credits: { amount: 5 } } };
const PATH = 'acme/lab/run-1/step-1';

async function rejection(promise: Promise<unknown>): Promise<BursarError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof BursarError) return error;
    throw error;
  }
  throw new Error('it was fulfilled');
}

test('U-01 a lone command leaves at once and alone, and its answer is a value', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const answer = await client.request(PATH, ask);
  assert.is(answer.outcome, 'granted');
  const { id } = standIn.commands[0] ?? {};
  assert.match(id ?? '', /^[A-Za-z0-9._:-]{1,64}$/);
  assert.equal(standIn.messages, [
    { op: 'request', commands: [{ op: 'request', id, path: PATH, ...ask }] },
  ]);
});

test('commands at the same time travel together, answers find their callers', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const paths = Array.from({ length: 600 }, (_, i) => `acme/lab/run-${i}`);
  const answers = await Promise.all(paths.map((path) => client.request(path, ask)));
  assert.equal(
    answers.map((answer) => answer.outcome === 'granted' && answer.path),
    paths,
  );
  assert.is(standIn.commands.length, 600);
  assert.is(new Set(standIn.commands.map(({ id }) => id)).size, 600);
  assert.ok(standIn.messages.length <= 4, `${standIn.messages.length} messages`);
  assert.ok(standIn.messages.every(({ commands }) => commands.length <= 256));
});

test('commands gather while a message is on its way, also those that a reply woke', async () => {
  const standIn = await rig.standIn();
  standIn.delayMs = 20;
  const client = await rig.connect({ inFlightMax: 1 });
  const work = async (i: number) => {
    const { id } = await client.requestOrThrow(`acme/lab/run-${i}`, ask);
    await client.settle(id, { credits: 1 });
  };
  await Promise.all(Array.from({ length: 40 }, (_, i) => work(i)));
  assert.equal(
    standIn.messages.map(({ commands }) => commands.map(({ op }) => op)),
    [Array(40).fill('request'), Array(40).fill('settle')],
  );
});

test('no message is larger than 64 KiB; a command that alone is larger is never sent', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const reason = 'r'.repeat(200);
  standIn.answering = ({ id = '', op }) =>
    op === 'freeze'
      ? { outcome: 'frozen', id, path: PATH, freeze: id }
      : { outcome: 'limits_set', id, path: PATH };
  const limits = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`tool.${'x'.repeat(50)}${i}`, { limit: i }]),
  );
  const many = Array.from({ length: 100 }, () => client.setLimits(PATH, limits));
  await Promise.all(many);
  const sizes = standIn.messages.map(({ op, commands }) => encode({ op, commands }).byteLength);
  assert.ok(Math.max(...sizes) <= LIMITS.requestBytesMax, `${Math.max(...sizes)} bytes`);
  assert.is(standIn.commands.length, 100);
  const huge = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, i) => [`tool.${'x'.repeat(50)}${i}`, { limit: i }]),
  );
  const [error] = await Promise.all([
    rejection(client.setLimits(PATH, huge)),
    client.freeze(PATH, { reason }),
  ]);
  assert.instance(error, InvalidCommandError);
  assert.is(standIn.commands.length, 101);
});

test('what cannot be encoded fails alone', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const bad = { items: { credits: { amount: new Date() as unknown as number } } };
  const [error, answer] = await Promise.all([
    rejection(client.request(PATH, bad)),
    client.request(PATH, ask),
  ]);
  assert.instance(error, InvalidCommandError);
  assert.is(answer.outcome, 'granted');
  assert.is(standIn.commands.length, 1);
});

test('reads with large answers travel alone', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  await Promise.all([
    client.request(PATH, ask),
    client.emergencies(),
    client.request(PATH, ask),
    client.emergencies({ since: 7 }),
  ]);
  assert.equal(
    standIn.messages.map(({ op, commands }) => [op, commands.length]),
    [
      ['request', 1],
      ['emergencies', 1],
      ['request', 1],
      ['emergencies', 1],
    ],
  );
});

test('the same id given twice is never twice in one message', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const answers = await Promise.all([
    client.request(PATH, ask, { id: 'twice' }),
    client.request(PATH, ask, { id: 'twice' }),
    client.request(PATH, ask, { id: 'once' }),
  ]);
  assert.equal(
    answers.map(({ replayed }) => replayed),
    [undefined, true, undefined],
  );
  for (const { commands } of standIn.messages) {
    assert.is(new Set(commands.map(({ id }) => id)).size, commands.length);
  }
});

test('R6 a silent writer is asked again with the same id, and told since when', async () => {
  const standIn = await rig.standIn();
  const answering = standIn.answering;
  let isSilent = true;
  standIn.answering = (command, agent) => {
    // As a writer does that dies after its commit: decided, but never answered.
    const answer = answering(command, agent);
    return isSilent ? undefined : answer;
  };
  const client = await rig.connect({ tryTimeoutMs: 60 });
  const pending = client.request(PATH, ask);
  await until('two tries', () => standIn.commands.length === 2);
  isSilent = false;
  const answer = await pending;
  assert.is(answer.outcome, 'granted');
  assert.is(answer.replayed, true);
  assert.is(new Set(standIn.commands.map(({ id }) => id)).size, 1);
  const [first, second] = standIn.commands as [Received, Received];
  assert.is(first['firstSentMsAgo'], undefined);
  const agoMs = Number(second['firstSentMsAgo']);
  assert.ok(agoMs >= 60 && agoMs < 1_000, `${agoMs} ms`);
});

test('R6 without a writer commands wait for the next one', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  await standIn.stopListening();
  const pending = Promise.all([client.request(PATH, ask), client.request(PATH, ask)]);
  await until('tries', () => client.counts.retries >= 6);
  await standIn.listen();
  const answers = await pending;
  assert.equal(
    answers.map(({ outcome }) => outcome),
    ['granted', 'granted'],
  );
  assert.is(standIn.commands.length, 2);
});

test('R6 commands wait for a broker that was killed, and go out when it is back', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  await client.request(PATH, ask);
  standIn.answering = () => undefined;
  const under = client.request(PATH, ask);
  await until('it arrived', () => standIn.commands.length === 2);
  await rig.kill();
  await until('it is noticed', () => !client.isConnected());
  const during = client.request(PATH, ask);
  standIn.answering = generous();
  await rig.restart();
  const answers = await Promise.all([under, during]);
  assert.equal(
    answers.map(({ outcome }) => outcome),
    ['granted', 'granted'],
  );
  const ids = standIn.commands.map(({ id }) => id);
  assert.is(ids.filter((id) => id === ids[1]).length, 2);
});

test('another owner and a busy one are not the last word; retryAfterMs is kept', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const refusals = [
    refuse('not_owner', 'moved'),
    refuse('unavailable', 'no log'),
    refuse('overloaded', 'too fast', { retryAfterMs: 150 }),
  ];
  const atMs: number[] = [];
  standIn.answering = ({ id = '' }) => {
    atMs.push(performance.now());
    return refusals.shift() ?? granted(id);
  };
  assert.is((await client.request(PATH, ask)).outcome, 'granted');
  assert.is(atMs.length, 4);
  assert.ok((atMs[3] ?? 0) - (atMs[2] ?? 0) >= 145);
  assert.is(new Set(standIn.commands.map(({ id }) => id)).size, 1);
});

test('a batch that is refused as a whole is refused for each', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  let isRefused = true;
  standIn.answering = ({ id = '' }) => granted(id);
  const bus = await rig.bus('owner');
  await standIn.stopListening();
  for (let shard = 0; shard < rig.broker.shards; shard += 1) {
    bus.subscribe(`bursar.shard.${shard}.req.>`, (message) => {
      if (!isRefused) return;
      isRefused = false;
      message.respond(encode(refuse('not_owner', 'moved')));
      void standIn.listen();
    });
  }
  await bus.flush();
  const answers = await Promise.all([client.request(PATH, ask), client.request(PATH, ask)]);
  assert.equal(
    answers.map(({ outcome }) => outcome),
    ['granted', 'granted'],
  );
});

test('a deadline ends it, and says whether it may have happened', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect({ tryTimeoutMs: 50 });
  standIn.answering = () => undefined;
  const startMs = performance.now();
  const silent = await rejection(client.charge(PATH, { credits: 1 }, { timeoutMs: 300 }));
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 290 && tookMs < 1_000, `${tookMs} ms`);
  assert.instance(silent, UnavailableError);
  assert.equal([silent.retryable, (silent as UnavailableError).mayHaveHappened], [true, true]);
  assert.is((silent as UnavailableError).id, standIn.commands[0]?.id);
  await standIn.stopListening();
  const patient = await rig.connect();
  const absent = await rejection(patient.balance('acme', { timeoutMs: 200 }));
  assert.is((absent as UnavailableError).mayHaveHappened, false);
});

test('each refusal a caller would handle differently is an error of its own', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = () => refuse('node_frozen', 'acme/lab is frozen');
  const frozen = await rejection(client.request(PATH, ask));
  assert.instance(frozen, RefusedError);
  assert.equal([frozen.code, frozen.retryable], ['node_frozen', true]);
  assert.match(frozen.message, /unfreeze/);
  assert.is(standIn.commands.length, 1);
  standIn.answering = () => refuse('id_conflict', 'used before', { field: 'path' });
  const conflict = await rejection(client.request(PATH, ask, { id: 'x' }));
  assert.instance(conflict, IdConflictError);
  assert.is((conflict as IdConflictError).refusal.field, 'path');
});

test('§6.3 when nobody knows whether a repeat was carried out, status is asked, nothing redone', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = ({ op, id = '' }): Answer =>
    op === 'status'
      ? { outcome: 'charged', path: PATH, amounts: { credits: 1 } }
      : refuse('outcome_unknown', `${id} is not remembered`);
  const error = await rejection(client.charge(PATH, { credits: 1 }, { id: 'c-1' }));
  assert.instance(error, OutcomeUnknownError);
  assert.is((error as OutcomeUnknownError).found?.outcome, 'charged');
  assert.equal(
    standIn.commands.map(({ op, of }) => [op, of]),
    [
      ['charge', undefined],
      ['status', 'c-1'],
    ],
  );
});

test('answers that are none, or of another command, are not believed', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const bad = [
    { outcome: 'granted', id: 'x' },
    granted('of-somebody-else'),
    { outcome: 'nonsense' },
  ] as Answer[];
  standIn.answering = ({ id = '' }) => bad.shift() ?? denied(id);
  const answer = await client.request(PATH, ask);
  assert.is(answer.outcome, 'denied');
  assert.is(client.counts.badAnswers, 3);
});

test('an answer of the wrong kind is an error, not a result', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = ({ id = '' }) => granted(id);
  const error = await rejection(client.renew('a', { ttlMs: 1_000 }));
  assert.is(error.code, 'bad_answer');
});

test('another team is forbidden by the broker, at once', async () => {
  await rig.standIn();
  const warnings: BursarError[] = [];
  const client = await rig.connect({
    team: 'globex',
    onWarning: (warning) => warnings.push(warning),
  });
  const startMs = performance.now();
  const error = await rejection(client.request('globex/lab', ask));
  assert.instance(error, ForbiddenError);
  assert.ok(performance.now() - startMs < 2_000);
});

test('settings that cannot work are refused before anything is sent', async () => {
  const code = async (options: Parameters<typeof rig.connect>[0]) =>
    (await rejection(rig.connect(options))).code;
  assert.is(await code({ agent: 'a.b', seed: rig.seedOf('wile') }), 'cannot_connect');
  assert.is(await code({ seed: 'nonsense' }), 'cannot_connect');
  assert.is(await code({ keyFile: '/nowhere', seed: undefined }), 'cannot_connect');
  assert.is(await code({ keyFile: '/nowhere' }), 'cannot_connect');
  assert.is(await code({ batchMax: 257 }), 'cannot_connect');
  const unreachable = await rejection(rig.connect({ url: 'nats://127.0.0.1:1' }));
  assert.instance(unreachable, ConnectError);
  assert.is(unreachable.retryable, true);
});

test('disconnect waits for what is due, and fails what does not come', async () => {
  const standIn = await rig.standIn();
  standIn.delayMs = 100;
  const client = await rig.connect();
  const answer = client.request(PATH, ask);
  await client.disconnect();
  assert.is((await answer).outcome, 'granted');
  assert.instance(await rejection(client.request(PATH, ask)), ClosedError);
  const other = await rig.connect();
  standIn.answering = () => undefined;
  const lost = rejection(other.request(PATH, ask));
  await other.disconnect({ drainMs: 50 });
  assert.instance(await lost, ClosedError);
});

test.run();
