import type { BursarEvent } from '../events/events.ts';
import { WriterClock } from '../writer/clock.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, type Sent, WriterRig } from './writer-rig.ts';

const clocks = suite('§6.4 the clock of the writer');

/** A clock whose two sources are turned by hand. */
function handClock(notBeforeMs = 0) {
  const hands = { wallMs: 1_000_000, monotonicMs: 50 };
  const divergences: number[] = [];
  const clock = new WriterClock({
    notBeforeMs,
    host: { wallMs: () => hands.wallMs, steadyMs: () => hands.monotonicMs },
    onDivergence: (byMs) => divergences.push(byMs),
  });
  const pass = (ms: number) => {
    hands.wallMs += ms;
    hands.monotonicMs += ms;
  };
  return { clock, hands, divergences, pass };
}

clocks('never falls: a step back of less than the bound stands still until it is made up', () => {
  const { clock, hands, pass, divergences } = handClock();
  assert.is(clock.nowMs(), 1_000_000);
  pass(500);
  assert.is(clock.nowMs(), 1_000_500);
  hands.wallMs -= 300;
  assert.is(clock.nowMs(), 1_000_500);
  pass(400);
  assert.is(clock.nowMs(), 1_000_600);
  assert.equal(divergences, []);
});

clocks(
  'a wall clock that is set is not believed: time goes on by the monotonic one, and tells',
  () => {
    const { clock, hands, pass, divergences } = handClock();
    hands.wallMs += 3_600_000;
    pass(10);
    assert.is(clock.nowMs(), 1_000_010);
    pass(10);
    assert.is(clock.nowMs(), 1_000_020);
    assert.equal(divergences, [3_600_000], 'told once');
    hands.wallMs -= 3_600_000;
    assert.is(clock.nowMs(), 1_000_020);
    hands.wallMs -= 5_000;
    pass(5);
    assert.is(clock.nowMs(), 1_000_025);
    assert.is(divergences.length, 2);
  },
);

clocks('time in the log is never gone back behind', () => {
  const { clock, pass } = handClock(1_000_700);
  assert.is(clock.nowMs(), 1_000_700);
  pass(800);
  assert.is(clock.nowMs(), 1_000_800);
});

clocks.run();

const test = suite('§6.4 time over a gap');
const rig = new WriterRig();
let operator: Caller;
let runCount = 0;

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  await operator.expect('opened', { op: 'open', path: 'acme' });
  await operator.expect('opened', { op: 'open', path: 'acme/lab' });
});
test.after(() => rig.close());

async function openRun(): Promise<string> {
  runCount += 1;
  const path = `acme/lab/run-${runCount}`;
  await operator.expect('opened', { op: 'open', path, limits: { concurrency: { limit: 1 } } });
  return path;
}

const request = (path: string, id: string, more: object = {}): Sent => ({
  op: 'request',
  id,
  path,
  items: { concurrency: { amount: 1 } },
  ...more,
});

/** Stops the writer for a time, as an outage would. */
async function outage(ms: number): Promise<void> {
  await rig.stopWriters();
  await new Promise((resolve) => setTimeout(resolve, ms));
  await rig.startWriter();
}

async function eventsAfter(seq: number): Promise<BursarEvent[]> {
  const { recorded } = await rig.log();
  return recorded.filter(({ at }) => at.seq > seq).map(({ event }) => event);
}

test('a long gap moves leases and queue time-outs by it, and says so first', async () => {
  const run = await openRun();
  await operator.expect('granted', request(run, 'lease', { ttlMs: 1_500 }));
  await operator.expect('queued', request(run, 'waits', { maxWaitMs: 1_000 }));
  const before = await rig.lastSeq();
  await outage(2_600);
  const [first] = await eventsAfter(before);
  assert.is(first?.type, 'LeasesExtended');
  const byMs = first?.type === 'LeasesExtended' ? first.byMs : 0;
  assert.ok(byMs > 2_500 && byMs < 6_000, `by ${byMs} ms`);
  const live = await operator.expect('granted', { op: 'status', of: 'lease' });
  assert.ok(live.expiresInMs > 0 && live.expiresInMs <= 1_500, `${live.expiresInMs} ms are left`);
  const waiting = await operator.expect('queued', { op: 'status', of: 'waits' });
  assert.ok(waiting.timeoutInMs > 0 && waiting.timeoutInMs <= 1_000);
  await new Promise((resolve) => setTimeout(resolve, 1_600));
  assert.is((await operator.expect('ended', { op: 'status', of: 'lease' })).as, 'expired');
});

test('a short gap moves nothing: what is due is recorded before anything is decided', async () => {
  const run = await openRun();
  await operator.expect('granted', request(run, 'brief', { ttlMs: 300 }));
  const before = await rig.lastSeq();
  await outage(500);
  await operator.expect('granted', request(run, 'next'));
  const types = (await eventsAfter(before)).map(({ type }) => type);
  assert.equal(types, ['AllocationEnded', 'AllocationGranted']);
});

test('T-20 a lease ends by itself, and a renewal keeps it', async () => {
  const run = await openRun();
  await operator.expect('granted', request(run, 'kept', { ttlMs: 300 }));
  for (let i = 0; i < 4; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    await operator.expect('renewed', { op: 'renew', allocation: 'kept', ttlMs: 300 });
  }
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.is((await operator.expect('ended', { op: 'status', of: 'kept' })).as, 'expired');
  const ends = (await rig.events('AllocationEnded')).filter(
    ({ allocation }) => allocation === 'kept',
  );
  assert.is(ends.length, 1);
});

test.run();
