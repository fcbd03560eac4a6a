import {
  AbortedError,
  type BursarError,
  DeniedError,
  type HeldAllocation,
  LeaseLostError,
  PreemptedError,
  RefusedError,
  StoppedError,
  UnavailableError,
} from '../client/client.ts';
import { refuse } from '../events/refusals.ts';
import {
  type Answering,
  denied,
  generous,
  granted,
  makeClientRig,
  type StandIn,
  until,
} from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('client: withAllocation');
const rig = makeClientRig();
test.before(() => rig.start());
test.after.each(() => rig.tidy());
test.after(() => rig.close());

const ask = { items: { credits: { amount: 5 } } };
const PATH = 'acme/lab/run-1/step-1';

/** Work that goes on until it is told to end. */
const untilTold = ({ signal }: HeldAllocation) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the model call was cut')));
  });

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it was fulfilled');
    },
    (error: unknown) => error,
  );
}

function notify(standIn: StandIn, kind: string, id: string, more: object = {}): void {
  const subject = `bursar.notice.wile.acme.${kind}`;
  standIn.publish(subject, { subject, kind, team: 'acme', id, ...more });
}

test('success settles what the work really used, and gives its result', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const done = await client.withAllocation(PATH, ask, ({ id, grant, signal }) => {
    assert.equal([id, grant.outcome, signal.aborted], [grant.id, 'granted', false]);
    return { actual: { credits: 3 }, text: 'hello' };
  });
  assert.equal([done.result.text, done.settled.outcome], ['hello', 'settled']);
  assert.equal(
    standIn.commands.map(({ op, actual }) => [op, actual]),
    [
      ['request', undefined],
      ['settle', { credits: 3 }],
    ],
  );
  assert.is(standIn.of('settle')[0]?.['allocation'], done.grant.id);
});

test('O-03 work is told when its allocation grows, and sees what it holds', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const grown: unknown[] = [];
  await client.withAllocation(PATH, ask, async (held) => {
    assert.equal(held.items, held.grant.granted);
    held.onGrown((items) => grown.push(items));
    const items = { credits: 9 };
    const answer = { outcome: 'resized', allocation: held.id, items };
    notify(standIn, 'grown', held.id, { allocations: [held.id], answer });
    await until('it has grown', () => grown.length === 1);
    assert.equal([held.items, grown], [{ credits: 9 }, [{ credits: 9 }]]);
    return { actual: { credits: 9 } };
  });
});

test('R-12 work hears by how much it is asked to shrink, and until when', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const asked: unknown[] = [];
  await client.withAllocation(PATH, ask, async (held) => {
    held.onShrink((by, graceMs) => asked.push([by, graceMs]));
    const shrink = { credits: 2 };
    notify(standIn, 'shrink', held.id, { allocations: [held.id], graceMs: 500, shrink });
    await until('it is asked', () => asked.length === 1);
    assert.equal(asked, [[{ credits: 2 }, 500]]);
    assert.is(held.signal.aborted, false);
    return { actual: { credits: 3 } };
  });
});

test('R-11 R-12 work is told when some of its allocation was taken, and sees what is left', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const shrunk: unknown[] = [];
  await client.withAllocation(PATH, ask, async (held) => {
    held.onShrunk((items) => shrunk.push(items));
    held.onGrown(() => shrunk.push('grown'));
    const answer = { outcome: 'resized', allocation: held.id, items: { credits: 2 } };
    notify(standIn, 'shrunk', held.id, { allocations: [held.id], answer });
    await until('it was shrunk', () => shrunk.length === 1);
    assert.equal([held.items, shrunk], [{ credits: 2 }, [{ credits: 2 }]]);
    return { actual: { credits: 2 } };
  });
});

test('failure settles what was reported last, and the error goes on', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const broken = new Error('model down');
  const work = async ({ report }: HeldAllocation) => {
    await report({ credits: 1 });
    await report({ credits: 2, compute_ms: 40 });
    throw broken;
  };
  assert.is(await rejection(client.withAllocation(PATH, ask, work)), broken);
  assert.equal(standIn.of('settle')[0]?.['actual'], { credits: 2, compute_ms: 40 });
  assert.equal(
    standIn.of('report').map(({ used }) => used),
    [{ credits: 1 }, { credits: 2, compute_ms: 40 }],
  );
});

test('failure without a report settles "unknown"', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const broken = new Error('model down');
  const work = () => Promise.reject(broken);
  assert.is(await rejection(client.withAllocation(PATH, ask, work)), broken);
  assert.is(standIn.of('settle')[0]?.['actual'], 'unknown');
});

test('a denial is a DeniedError and the work never starts', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = ({ id = '' }) => denied(id);
  let hasStarted = false;
  const work = () => {
    hasStarted = true;
    return { actual: {} };
  };
  assert.instance(await rejection(client.withAllocation(PATH, ask, work)), DeniedError);
  assert.is(hasStarted, false);
});

test("the caller's abort tells the work to end, and settles", async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const controller = new AbortController();
  const { signal } = controller;
  const ended = rejection(client.withAllocation(PATH, ask, untilTold, { signal }));
  await until('it is granted', () => standIn.of('request').length === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const reason = new Error('user left');
  controller.abort(reason);
  const error = await ended;
  assert.instance(error, AbortedError);
  assert.is((error as AbortedError).cause, reason);
  assert.is(standIn.of('settle')[0]?.['actual'], 'unknown');
});

test('work that heeds no signal and ends well is settled as it says', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const controller = new AbortController();
  const work = async () => {
    controller.abort();
    return { actual: { credits: 4 } };
  };
  const { settled } = await client.withAllocation(PATH, ask, work, { signal: controller.signal });
  assert.is(settled.outcome, 'settled');
  assert.equal(standIn.of('settle')[0]?.['actual'], { credits: 4 });
});

test('the lease is renewed at a third of it while the work goes on, and not after', async () => {
  const standIn = await rig.standIn(generous(300));
  const client = await rig.connect();
  const work = async () => {
    await new Promise((resolve) => setTimeout(resolve, 450));
    return { actual: { credits: 1 } };
  };
  await client.withAllocation(PATH, { ...ask, ttlMs: 300 }, work);
  const renewals = standIn.of('renew');
  assert.ok(renewals.length >= 3 && renewals.length <= 5, `${renewals.length} renewals`);
  assert.equal(
    renewals.map(({ ttlMs }) => ttlMs),
    renewals.map(() => 300),
  );
  assert.is(new Set(renewals.map(({ id }) => id)).size, renewals.length);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.is(standIn.of('renew').length, renewals.length);
});

test('a refused renewal is a lost lease; what comes late is settled all the same', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const answering = generous(150);
  standIn.answering = (command, agent) =>
    command.op === 'renew'
      ? refuse('allocation_ended', 'it has ended: expired')
      : answering(command, agent);
  const error = await rejection(client.withAllocation(PATH, { ...ask, ttlMs: 150 }, untilTold));
  assert.instance(error, LeaseLostError);
  assert.instance((error as LeaseLostError).cause, RefusedError);
  assert.is(standIn.of('settle').length, 1);
});

test('a writer that is silent until the end of the lease is a lost lease', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect({ tryTimeoutMs: 50 });
  const answering = generous(300);
  standIn.answering = (command, agent) =>
    command.op === 'renew' ? undefined : answering(command, agent);
  const startMs = performance.now();
  const error = await rejection(client.withAllocation(PATH, { ...ask, ttlMs: 300 }, untilTold));
  assert.instance(error, LeaseLostError);
  assert.instance((error as LeaseLostError).cause, UnavailableError);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 290 && tookMs < 700, `${tookMs} ms`);
});

test('a writer that comes back in time costs no lease', async () => {
  const standIn = await rig.standIn(generous(400));
  const client = await rig.connect();
  const work = async ({ signal }: HeldAllocation) => {
    await standIn.stopListening();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await standIn.listen();
    await new Promise((resolve) => setTimeout(resolve, 400));
    return { actual: { credits: signal.aborted ? 0 : 1 } };
  };
  const done = await client.withAllocation(PATH, { ...ask, ttlMs: 400 }, work);
  assert.equal(done.result.actual, { credits: 1 });
});

test('S-06 a preemption tells the work how long it has to yield', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const ended = rejection(client.withAllocation(PATH, ask, untilTold, { id: 'a-1' }));
  await until('it is granted', () => standIn.of('request').length === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  notify(standIn, 'preempt', 'b-9', { allocations: ['a-1'], graceMs: 400 });
  const error = await ended;
  assert.instance(error, PreemptedError);
  assert.is((error as PreemptedError).graceMs, 400);
  assert.match(String((error as PreemptedError).cause), /model call was cut/);
  assert.is(standIn.of('settle')[0]?.['allocation'], 'a-1');
});

test('a grant that is taken back as unclaimed is a lost lease', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const ended = rejection(client.withAllocation(PATH, ask, untilTold, { id: 'a-1' }));
  await until('it is granted', () => standIn.of('request').length === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  notify(standIn, 'unclaimed', 'a-1', { allocations: ['a-1'] });
  assert.instance(await ended, LeaseLostError);
});

test('a preemption of another allocation is none of its business', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const work = async ({ signal }: HeldAllocation) => {
    notify(standIn, 'preempted', 'a-2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { actual: { credits: signal.aborted ? 0 : 1 } };
  };
  const { result } = await client.withAllocation(PATH, ask, work, { id: 'a-1' });
  assert.equal(result.actual, { credits: 1 });
});

/** As {@link generous}, with a stop `s-1` in force. */
function stopped(): Answering {
  const answering = generous();
  return (command, agent) => {
    const { op, id = '' } = command;
    if (op === 'acknowledgeStop') return { outcome: 'acknowledged', id, stop: 's-1' };
    return answering(command, agent);
  };
}

test('X-04 a stop is acknowledged as it is heard, once, ends the work and settles it', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = stopped();
  const works = ['a-1', 'a-2'].map((id) =>
    rejection(client.withAllocation(PATH, ask, untilTold, { id })),
  );
  await until('both are granted', () => standIn.of('request').length === 2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const stop = (no: number, allocations: string[]) =>
    notify(standIn, 'stop', 's-1', { path: 'acme/lab', allocations, part: { no, of: 2 } });
  stop(1, ['a-1', 'elsewhere']);
  stop(2, ['a-2']);
  for (const error of await Promise.all(works)) {
    assert.instance(error, StoppedError);
    assert.is((error as StoppedError).stop, 's-1');
  }
  await until('acknowledged', () => standIn.of('acknowledgeStop').length === 1);
  const ops = standIn.commands.map(({ op }) => op);
  assert.ok(ops.indexOf('acknowledgeStop') < ops.indexOf('settle'), 'before the work has ended');
  const [acknowledged] = standIn.of('acknowledgeStop');
  assert.equal([acknowledged?.['path'], acknowledged?.['stop']], ['acme/lab', 's-1']);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(standIn.of('acknowledgeStop').length, 1);
});

test('X-04 a stop that comes with the grant ends the work before it has begun', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = (command, agent) => {
    const answer = stopped()(command, agent);
    // The answer and the notice travel on their own, often in one packet.
    const stop = { path: 'acme/lab', allocations: [command.id] };
    if (command.op === 'request') notify(standIn, 'stop', 's-1', stop);
    return answer;
  };
  const work = async ({ signal }: HeldAllocation) => {
    signal.throwIfAborted();
    return { actual: { credits: 5 } };
  };
  const error = await rejection(client.withAllocation(PATH, ask, work, { id: 'a-1' }));
  assert.instance(error, StoppedError);
  await until('acknowledged', () => standIn.of('acknowledgeStop').length === 1);
  assert.equal(standIn.of('settle').length, 1);
});

test('X-04 a stop of work that goes on elsewhere alone is not acknowledged from here', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  standIn.answering = stopped();
  const end = new AbortController();
  const ended = rejection(
    client.withAllocation(PATH, ask, untilTold, { id: 'a-1', signal: end.signal }),
  );
  await until('it is granted', () => standIn.of('request').length === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  notify(standIn, 'stop', 's-1', { path: 'acme/lab', allocations: ['elsewhere'] });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(standIn.of('acknowledgeStop').length, 0);
  end.abort();
  assert.instance(await ended, AbortedError);
});

test('R6 when the broker dies under the work, its settle is kept and delivered later', async () => {
  const standIn = await rig.standIn();
  const client = await rig.connect();
  const done = await client.withAllocation(PATH, ask, async () => {
    await rig.kill();
    await until('it is noticed', () => !client.isConnected());
    return { actual: { credits: 2 } };
  });
  assert.is(done.settled.outcome, 'journaled');
  await rig.restart();
  await until('it is settled', () => client.counts.unsettled === 0);
  assert.equal(standIn.of('settle')[0]?.['actual'], { credits: 2 });
});

test('a settle that is refused after failed work is a warning; the error of the work stays', async () => {
  const standIn = await rig.standIn();
  const warnings: BursarError[] = [];
  const client = await rig.connect({ onWarning: (warning) => warnings.push(warning) });
  standIn.answering = ({ op, id = '' }) =>
    op === 'request' ? granted(id) : refuse('unknown_allocation', 'gone');
  const broken = new Error('model down');
  const work = () => Promise.reject(broken);
  assert.is(await rejection(client.withAllocation(PATH, ask, work)), broken);
  assert.equal(
    warnings.map(({ code }) => code),
    ['unknown_allocation'],
  );
});

test.run();
