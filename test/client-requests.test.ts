import { AbortedError, DeniedError, LeaseLostError, type Notice } from '../client/client.ts';
import type { Answer } from '../events/answers.ts';
import { refuse } from '../events/refusals.ts';
import {
  denied,
  generous,
  granted,
  makeClientRig,
  queued,
  type StandIn,
  until,
} from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('client: requests that wait');
const rig = makeClientRig();
test.before(() => rig.start());
test.after.each(() => rig.tidy());
test.after(() => rig.close());

const ask = { items: { credits: { amount: 5 } }, maxWaitMs: 60_000 };
const PATH = 'acme/lab/run-1';

const subjectOf = (kind: string) => `bursar.notice.wile.acme.${kind}`;

function notify(standIn: StandIn, kind: Notice['kind'], id: string, answer?: Answer): void {
  const subject = subjectOf(kind);
  standIn.publish(subject, { subject, kind, team: 'acme', id, ...(answer ? { answer } : {}) });
}

/** Queues every request; `status` says what `outcomes` has for its id. */
function queueing(outcomes: Map<string, Answer>) {
  return ({ op, id = '', of }: { op: string; id?: string; of?: unknown }): Answer => {
    if (op === 'request') return outcomes.get(id) ?? queued(id);
    if (op === 'status') return outcomes.get(String(of)) ?? queued(String(of));
    if (op === 'cancel') return { outcome: 'cancelled', id, request: '' };
    return refuse('unknown_op', op);
  };
}

test('O-05 a queued request resolves with its grant, by its notice, and claims it', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const outcomes = new Map<string, Answer>();
  standIn.answering = queueing(outcomes);
  const pending = client.request(PATH, ask, { id: 'q-1' });
  await until('it is queued', () => standIn.of('request').length === 1);
  outcomes.set('q-1', granted('q-1'));
  const toldAtMs = performance.now();
  notify(standIn, 'granted', 'q-1', granted('q-1'));
  assert.is((await pending).outcome, 'granted');
  assert.ok(performance.now() - toldAtMs < 300);
  assert.equal(
    standIn.of('status').map(({ of }) => of),
    ['q-1'],
  );
});

test('O-04 a queued request that is denied in the end is an answer, or a DeniedError', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = queueing(new Map());
  const first = client.request(PATH, ask, { id: 'q-1' });
  const second = client.requestOrThrow(PATH, ask, { id: 'q-2' });
  await until('both are queued', () => standIn.of('request').length === 2);
  for (const id of ['q-1', 'q-2']) notify(standIn, 'denied', id, denied(id));
  assert.is((await first).outcome, 'denied');
  await assert.rejects(
    second,
    (error) =>
      error instanceof DeniedError &&
      error.code === 'insufficient_credits' &&
      error.answer.id === 'q-2' &&
      error.retryable,
  );
});

test('a notice that overtakes the queued answer is not lost', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = (command) => {
    const { op, id = '' } = command;
    if (op === 'request') notify(standIn, 'denied', id, denied(id));
    return op === 'request' ? queued(id) : undefined;
  };
  standIn.delayMs = 50;
  const startMs = performance.now();
  assert.is((await client.request(PATH, ask)).outcome, 'denied');
  assert.ok(performance.now() - startMs < 400);
  assert.is(standIn.of('status').length, 0);
});

test('notices come at most once: without one the outcome is found by asking', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const outcomes = new Map<string, Answer>();
  standIn.answering = queueing(outcomes);
  const pending = client.request(PATH, ask, { id: 'q-1' });
  await until('it has asked', () => standIn.of('status').length === 1);
  outcomes.set('q-1', { ...granted('q-1'), outcome: 'partial' } as Answer);
  assert.is((await pending).outcome, 'partial');
});

test('after a crash of the broker a waiting request is asked for as soon as it is back', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const outcomes = new Map<string, Answer>();
  standIn.answering = queueing(outcomes);
  const pending = client.request(PATH, ask, { id: 'q-1' });
  // The next time to ask would now be in 0.9 s at the earliest.
  await until('it has asked twice', () => standIn.of('status').length === 2);
  await rig.kill();
  outcomes.set('q-1', granted('q-1'));
  await rig.restart();
  await until('it is back', () => client.isConnected());
  const backAtMs = performance.now();
  assert.is((await pending).outcome, 'granted');
  const tookMs = performance.now() - backAtMs;
  assert.ok(tookMs < 250, `${tookMs} ms`);
});

test('O-07 a preempting answer is waited for as well', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  let statusCount = 0;
  standIn.answering = ({ op, id = '', of }) => {
    const graceMs = 150;
    if (op === 'status') statusCount += 1;
    if (statusCount > 0) return granted(String(of));
    return { outcome: 'preempting', id, victims: ['v'], right: 'priority', graceMs, rule: 'x' };
  };
  const startMs = performance.now();
  assert.is((await client.request(PATH, ask)).outcome, 'granted');
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs > 100 && tookMs < 450, `${tookMs} ms: asked at the end of the grace`);
});

test('a grant that was over before anybody heard of it is told as such', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = ({ op, id = '' }) =>
    op === 'request'
      ? queued(id)
      : { outcome: 'ended', allocation: 'q-1', as: 'unclaimed', booked: {} };
  await assert.rejects(
    client.request(PATH, ask, { id: 'q-1' }),
    (error) => error instanceof LeaseLostError && error.allocation === 'q-1',
  );
});

test('what status does not know is asked for by repeating the request', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  let requests = 0;
  standIn.answering = ({ op, id = '' }) => {
    if (op === 'status') return refuse('unknown_id', 'nothing of that id');
    requests += 1;
    return requests === 1 ? queued(id) : granted(id);
  };
  assert.is((await client.request(PATH, ask)).outcome, 'granted');
  const [first, second] = standIn.of('request');
  assert.is(second?.id, first?.id);
  assert.ok(Number(second?.['firstSentMsAgo']) > 100);
});

test('aborting cancels a waiting request and fails at once', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = queueing(new Map());
  const controller = new AbortController();
  const pending = client.request(PATH, ask, { id: 'q-1', signal: controller.signal });
  await until('it is queued', () => standIn.of('request').length === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const reason = new Error('changed my mind');
  controller.abort(reason);
  await assert.rejects(pending, (error) => error instanceof AbortedError && error.cause === reason);
  await until('it is cancelled', () => standIn.of('cancel').length === 1);
  assert.is(standIn.of('cancel')[0]?.['request'], 'q-1');
});

test('a grant that comes after the abort is given back', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.delayMs = 100;
  const controller = new AbortController();
  const pending = client.request(PATH, ask, { id: 'q-1', signal: controller.signal });
  await until('it is asked', () => standIn.of('request').length === 1);
  controller.abort();
  const startMs = performance.now();
  await assert.rejects(pending, (error) => error instanceof AbortedError);
  assert.ok(performance.now() - startMs < 50);
  await until('it is released', () => standIn.of('release').length === 1);
  assert.is(standIn.of('release')[0]?.['allocation'], 'q-1');
});

test('a request that was granted just before its cancel is released', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const answering = generous();
  standIn.answering = (command, agent) => {
    const { op, id = '' } = command;
    if (op === 'request') return queued(id);
    if (op === 'cancel') return { outcome: 'already_granted', id, request: 'q-1' };
    return answering(command, agent);
  };
  const controller = new AbortController();
  const pending = client.request(PATH, ask, { id: 'q-1', signal: controller.signal });
  await until('it is queued', () => standIn.of('request').length === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort();
  await assert.rejects(pending, (error) => error instanceof AbortedError);
  await client.disconnect();
  assert.equal(
    standIn.commands.map(({ op }) => op),
    ['request', 'cancel', 'release'],
  );
});

test('with a signal that is aborted already nothing is asked', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  await assert.rejects(
    client.request(PATH, ask, { signal: AbortSignal.abort() }),
    (error) => error instanceof AbortedError,
  );
  assert.is(standIn.commands.length, 0);
});

test('confused deputy: what names another subject than it came on is dropped and counted', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const told: Notice[] = [];
  client.onNotice((notice) => told.push(notice));
  const subject = subjectOf('stop');
  const stop = { kind: 'stop', team: 'acme', id: 's-1', allocations: [] };
  // An agent cannot publish here itself: only have the writer's answer to it sent here.
  standIn.publish(subject, granted('x'));
  standIn.publish(subject, { ...stop, subject: 'bursar.notice.bugs.globex.stop' });
  standIn.publish(subject, { ...stop, subject, team: 'globex' });
  standIn.publish(subject, { ...stop, subject, kind: 'granted' });
  standIn.publish(subject, 'noise');
  standIn.publish(subject, { ...stop, subject });
  await until('the true one', () => told.length === 1);
  assert.equal(
    told.map(({ id }) => id),
    ['s-1'],
  );
  assert.is(client.counts.dropped, 5);
});

test('confused deputy: an answer of the writer sent to another agent is not its notice', async () => {
  const standIn = await rig.standIn();
  const wile = await rig.connect();
  const told: Notice[] = [];
  wile.onNotice((notice) => told.push(notice));
  const bugs = await rig.bus('bugs');
  let isThere = false;
  standIn.answering = ({ id = '' }) => {
    isThere = true;
    return granted(id);
  };
  // The reply subject is chosen by whoever asks; the broker lets a member of LEDGER answer there.
  const { connectAs } = await import('../broker/connect.ts');
  const raw = await connectAs(rig.broker.url, 'bugs', rig.seedOf('bugs'), 'attacker');
  raw.publish(
    'bursar.req.bugs.globex.request',
    new Uint8Array([0x81, 0xa2, 0x6f, 0x70, 0xa1, 0x78]),
    {
      reply: subjectOf('stop'),
    },
  );
  await until('it was answered', () => isThere);
  await until('it arrived and was dropped', () => wile.counts.dropped === 1);
  assert.equal(told, []);
  await raw.close();
  assert.ok(bugs.isConnected());
});

test('a handler of notices that throws is a warning, and others still hear', async () => {
  const standIn = await rig.standIn();
  const warnings: string[] = [];
  const client = await rig.connect({ onWarning: ({ code }) => warnings.push(code) });
  const told: string[] = [];
  client.onNotice(() => {
    throw new Error('no');
  });
  const end = client.onNotice(({ id }) => told.push(id));
  notify(standIn, 'unclaimed', 'a-1');
  await until('told', () => told.length === 1);
  assert.equal(warnings, ['handler_failed']);
  end();
  notify(standIn, 'unclaimed', 'a-2');
  await until('warned again', () => warnings.length === 2);
  assert.equal(told, ['a-1']);
});

test.run();
