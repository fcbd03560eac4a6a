// limit 120 s
import {
  type BursarClient,
  type Emergency,
  IdConflictError,
  PreemptedError,
  StoppedError,
} from '../client/client.ts';
import type { RunningWriter } from '../writer/run-shards.ts';
import { startWriter } from '../writer/start.ts';
import { makeClientRig, until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('client with the governor');
const rig = makeClientRig();
let writer: RunningWriter;
let operator: BursarClient;
let wile: BursarClient;
let runCount = 0;

test.before(async () => {
  await rig.start();
  writer = await govern();
});
test.before.each(async () => {
  operator = await rig.connect({ agent: 'operator', seed: rig.broker.keys.users.operator.seed });
  wile = await rig.connect();
});
test.after.each(() => rig.tidy());
test.after(async () => {
  await writer.stop();
  await rig.close();
});

async function govern(): Promise<RunningWriter> {
  const { url, keys, dataDir, shards } = rig.broker;
  const running = await startWriter({ url, keys, dataDir, shards, maxBytesPerShard: 50_000_000 });
  await running.ready();
  return running;
}

/** A fresh run with limits of its own, on which wile may act. */
async function openRun(limits: Record<string, { limit: number }>): Promise<string> {
  runCount += 1;
  if (runCount === 1) {
    await operator.open('acme');
    await operator.open('acme/lab');
    await operator.enrol({ agent: 'wile', role: 'agent', prefix: 'acme', priorityMax: 'critical' });
  }
  const path = `acme/lab/run-${runCount}`;
  await operator.open(path, { limits });
  return path;
}

async function creditsOf(path: string): Promise<{ held: number; spent: number }> {
  const { lines } = await operator.balance(path);
  const line = lines.find(({ resource }) => resource === 'credits');
  return { held: line?.heldTree ?? 0, spent: line?.spentTree ?? 0 };
}

test('U-01 request, settle: the balance says so', async () => {
  const run = await openRun({ credits: { limit: 100 } });
  const { id } = await wile.requestOrThrow(`${run}/a`, { items: { credits: { amount: 40 } } });
  assert.equal(await creditsOf(run), { held: 40, spent: 0 });
  await wile.settle(id, { credits: 25 });
  assert.equal(await creditsOf(run), { held: 0, spent: 25 });
  const again = await wile.settle(id, { credits: 25 });
  assert.is(again.replayed, true);
  assert.equal(await creditsOf(run), { held: 0, spent: 25 });
});

test('1,000 parallel requests of 1 on a remaining 500: exactly 500 are granted', async () => {
  const run = await openRun({ credits: { limit: 500 } });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, () => wile.request(run, { items: { credits: { amount: 1 } } })),
  );
  const count = (outcome: string) => answers.filter((one) => one.outcome === outcome).length;
  assert.equal([count('granted'), count('denied')], [500, 500]);
  assert.equal(await creditsOf(run), { held: 500, spent: 0 });
});

test('§6.3 the same id gives the same answer, other content a conflict', async () => {
  const run = await openRun({ credits: { limit: 100 } });
  const ask = { items: { credits: { amount: 10 } } };
  const first = await wile.request(run, ask, { id: 'mine' });
  const second = await wile.request(run, ask, { id: 'mine' });
  assert.equal([first.outcome, second.outcome, second.replayed], ['granted', 'granted', true]);
  assert.equal(await creditsOf(run), { held: 10, spent: 0 });
  const other = { items: { credits: { amount: 11 } } };
  await assert.rejects(
    wile.request(run, other, { id: 'mine' }),
    (error) => error instanceof IdConflictError,
  );
});

test('O-05 a queued request is awaited, granted on a release, and stays claimed', async () => {
  const run = await openRun({ concurrency: { limit: 1 } });
  const ask = { items: { concurrency: { amount: 1 } }, maxWaitMs: 20_000 };
  const first = await wile.requestOrThrow(run, ask);
  const waiting = wile.request(run, ask);
  let queueLength = 0;
  while (queueLength === 0) queueLength = (await operator.queue(run)).total;
  const releasedAtMs = performance.now();
  await wile.release(first.id);
  const granted = await waiting;
  assert.is(granted.outcome, 'granted');
  assert.ok(performance.now() - releasedAtMs < 400, 'by the notice, not by polling');
  const { events } = await operator.explain(granted.id);
  assert.ok(events.length > 0);
});

test('aborting takes a waiting request out of the queue', async () => {
  const run = await openRun({ concurrency: { limit: 1 } });
  const ask = { items: { concurrency: { amount: 1 } }, maxWaitMs: 20_000 };
  await wile.requestOrThrow(run, ask);
  const controller = new AbortController();
  const waiting = wile.request(run, ask, { signal: controller.signal });
  let queueLength = 0;
  while (queueLength === 0) queueLength = (await operator.queue(run)).total;
  controller.abort();
  await assert.rejects(waiting, /Aborted by the caller/);
  while (queueLength > 0) queueLength = (await operator.queue(run)).total;
  assert.is(queueLength, 0);
});

test('withAllocation keeps a short lease alive and settles', async () => {
  const run = await openRun({ credits: { limit: 100 } });
  const ask = { items: { credits: { amount: 50 } }, ttlMs: 300 };
  const { settled } = await wile.withAllocation(run, ask, async ({ report, signal }) => {
    await report({ credits: 5 });
    await new Promise((resolve) => setTimeout(resolve, 900));
    return { actual: { credits: signal.aborted ? 0 : 30 } };
  });
  assert.equal([settled.outcome, 'late' in settled && settled.late], ['settled', false]);
  assert.equal(await creditsOf(run), { held: 0, spent: 30 });
});

test('failed work books what it reported, and without a report what it held', async () => {
  const run = await openRun({ credits: { limit: 100 } });
  const ask = { items: { credits: { amount: 20 } } };
  const fail = async () => {
    throw new Error('model down');
  };
  await assert.rejects(
    wile.withAllocation(run, ask, async ({ report }) => {
      await report({ credits: 7 });
      return fail();
    }),
    /model down/,
  );
  assert.equal(await creditsOf(run), { held: 0, spent: 7 });
  await assert.rejects(wile.withAllocation(run, ask, fail), /model down/);
  assert.equal(await creditsOf(run), { held: 0, spent: 27 });
});

test('S-06 work of low priority yields to critical work within its grace', async () => {
  const run = await openRun({ concurrency: { limit: 1 } });
  const items = { concurrency: { amount: 1 } };
  const low = wile.withAllocation(
    run,
    { items, priority: 'low', preemptible: true, graceMs: 2_000 },
    ({ signal }) =>
      new Promise<never>((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  );
  const ended = assert.rejects(low, (error) => error instanceof PreemptedError);
  await until('it holds the slot', () => wile.counts.messages > 0);
  const urgent = { items, priority: 'critical' as const, strategy: 'preemption_allowed' as const };
  const startMs = performance.now();
  const answer = await wile.request(run, { ...urgent, maxWaitMs: 10_000 });
  assert.is(answer.outcome, 'granted');
  assert.ok(performance.now() - startMs < 1_900, 'as soon as it had yielded');
  await ended;
});

test('X-04 a stop ends the work, is acknowledged by itself and heard as an emergency', async () => {
  const run = await openRun({ credits: { limit: 100 } });
  const heard: Emergency[] = [];
  wile.onEmergency((emergency) => heard.push(emergency));
  const work = wile.withAllocation(
    run,
    { items: { credits: { amount: 10 } } },
    ({ signal }) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  );
  const ended = assert.rejects(work, (error) => error instanceof StoppedError);
  let held = 0;
  while (held === 0) held = (await creditsOf(run)).held;
  const stop = await operator.stop(run, { below: 'all', ackMs: 5_000 });
  await ended;
  assert.equal(await creditsOf(run), { held: 0, spent: 10 });
  const mine = (kind: string) => heard.some((one) => one.kind === kind && one.stop === stop.stop);
  await until('stop and stopped are heard', () => mine('stop') && mine('stopped'));
  const denied = await wile.request(run, { items: { credits: { amount: 1 } } });
  assert.is(denied.outcome === 'denied' && denied.reason, 'stopped');
  await operator.recover(run, stop.stop);
  const granted = await wile.request(run, { items: { credits: { amount: 1 } } });
  assert.is(granted.outcome, 'granted');
});

test(
  'R6 broker and writer die under load: the client finishes, every settle is booked once',
  async () => {
    const run = await openRun({ credits: { limit: 1_000_000 } });
    let settledCount = 0;
    let isOver = false;
    const callers = Array.from({ length: 20 }, async (_, i) => {
      while (!isOver) {
        const ask = { items: { credits: { amount: 5 } } };
        const { id } = await wile.requestOrThrow(`${run}/s-${i}`, ask);
        await wile.settle(id, { credits: 3 });
        settledCount += 1;
      }
    });
    await until('load', () => settledCount > 200);
    await rig.kill();
    await rig.restart();
    const before = settledCount;
    await until('it goes on after the broker', () => settledCount > before + 200, 30_000);
    const stopping = writer.stop();
    await stopping;
    writer = await govern();
    const between = settledCount;
    await until('it goes on after the writer', () => settledCount > between + 200, 30_000);
    isOver = true;
    await Promise.all(callers);
    assert.equal(await creditsOf(run), { held: 0, spent: 3 * settledCount });
    assert.is(wile.counts.unsettled, 0);
  },
  { timeoutMs: 90_000 },
);

test.run();
