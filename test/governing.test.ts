import type { BalanceLine } from '../events/balance-line.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab, wait } from './lab-rig.ts';
import type { Caller } from './writer-rig.ts';

const test = suite('what governs, through NATS');
const lab = new Lab();
let amy: Caller;

test.before(async () => {
  await lab.start();
  amy = await lab.rig.enrolled('amy', 'acme', { role: 'approver' });
});
test.before.each(() => lab.policy({}));
test.after(() => lab.close());

const setLimits = (path: string, limits: object, more: object = {}) => ({
  op: 'setLimits',
  path,
  limits,
  ...more,
});

/** What a node has of a resource now. */
async function lineOf(path: string, resource = 'credits'): Promise<BalanceLine> {
  const { lines } = await lab.operator.expect('balance', { op: 'balance', path });
  const line = lines.find((one) => one.resource === resource);
  assert.ok(line !== undefined, `${path} has ${resource}`);
  return line as BalanceLine;
}

/** Waits until the writer has recorded an event by itself. */
async function recordedInTime<E>(what: string, find: () => Promise<E | undefined>): Promise<E> {
  let found: E | undefined;
  const endAtMs = performance.now() + 10_000;
  while (found === undefined && performance.now() < endAtMs) {
    found = await find();
    if (found === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (found === undefined) throw new Error(`${what} is not recorded`);
  return found;
}

test('T-05 above a threshold an approver is asked: approved it is decided, declined denied', async () => {
  const run = await lab.openRun({ credits: 1_000 });
  const rule = { name: 'big', path: run, resource: 'credits', above: 100, effect: 'approve' };
  await lab.policy({ rules: [rule] });
  const small = lab.request(run, { credits: 100 });
  assert.is((await lab.ann.ask(small)).outcome, 'granted');

  const big = lab.request(run, { credits: 101 });
  const pending = await lab.ann.expect('pendingApproval', big);
  assert.equal([pending.rule, pending.requested, pending.above], ['big', 101, 100]);
  assert.is((await lab.eventBehind(pending, 'ApprovalRequested')).rule, 'big');
  assert.equal(await lab.ann.use(run), { held: 100, spent: 0 });
  const approve = { op: 'approve', request: big.id };
  assert.is((await lab.ann.expect('refused', approve)).code, 'not_permitted');
  const { approvals } = await amy.expect('queue', { op: 'queue', path: run });
  assert.equal(
    approvals?.map(({ id, agent, rule: by }) => [id, agent, by]),
    [[big.id, 'ann', 'big']],
  );
  const approved = await amy.expect('approved', approve);
  const granted = await lab.eventBehind(approved, 'AllocationGranted');
  assert.equal([granted.id, granted.by, granted.via], [big.id, 'ann', 'approval']);
  assert.is((await lab.eventBehind(approved, 'ApprovalGiven')).by, 'amy');
  await lab.told('granted', big.id);

  const other = lab.request(run, { credits: 500 });
  await lab.ann.expect('pendingApproval', other);
  const reason = 'not this week';
  await amy.expect('declined', { op: 'decline', request: other.id, reason });
  const { answer } = await lab.told('denied', other.id);
  assert.is(answer?.outcome === 'denied' && answer.reason, 'approval_declined');
  const [declined] = await lab.recorded('ApprovalDeclined', [other.id]);
  assert.equal([declined?.by, declined?.reason], ['amy', reason]);
});

test('T-05 a rule may forbid, and a caller may not claim more than its cap', async () => {
  const run = await lab.openRun({ credits: 1_000 });
  const rule = { name: 'huge', path: run, resource: 'credits', above: 500, effect: 'deny' };
  await lab.policy({ rules: [rule], caps: [{ path: run, priorityMax: 'normal' }] });
  const denied = await lab.ann.expect('denied', lab.request(run, { credits: 501 }));
  assert.equal([denied.reason, denied.rule], ['rule_denied', 'huge']);
  assert.is((await lab.eventBehind(denied, 'RequestDenied')).rule, 'huge');
  const urgent = lab.request(run, { credits: 1 }, { priority: 'high' });
  assert.is((await lab.ann.expect('refused', urgent)).code, 'not_permitted');
  await lab.ann.expect('granted', { ...urgent, priority: 'normal' });
});

test('T-12 R-18 a tool that policy leaves out is denied by its rule; another is not', async () => {
  const run = await lab.openRun({ 'tool.search': 5, 'tool.shell': 5 });
  await lab.policy({ tools: [{ name: 'safe', path: run, allow: ['sea*'] }] });
  await lab.ann.expect('granted', lab.request(run, { 'tool.search': 1 }));
  const denied = await lab.ann.expect('denied', lab.request(run, { 'tool.shell': 1 }));
  assert.equal([denied.reason, denied.rule], ['tool_not_allowed', 'safe']);
  assert.match(denied.message + denied.advice, /shell/);
  assert.is((await lab.eventBehind(denied, 'RequestDenied')).reason, 'tool_not_allowed');
});

test('R-17 a rate says when to come again, and lets in who waits at that time', async () => {
  for (const by of ['sliding', 'bucket']) {
    const run = await lab.openRun({ 'rate.search': { limit: 2, per: { ms: 800, by } } });
    const call = { 'rate.search': 2 };
    const granted = await lab.ann.expect('granted', lab.request(run, call));
    assert.equal((await lab.eventBehind(granted, 'AllocationGranted')).rates, call);
    const denied = await lab.bob.expect('denied', lab.request(run, call));
    assert.equal([denied.reason, denied.retryOn], ['tool_limit_reached', 'time']);
    const { retryAfterMs = 0 } = denied;
    assert.ok(retryAfterMs > 0 && retryAfterMs <= 800, `${retryAfterMs}`);
    const waits = lab.request(run, call, wait);
    const queued = await lab.bob.expect('queued', waits);
    assert.ok((queued.expectedWaitMs ?? Infinity) <= 800);
    await lab.told('granted', waits.id);
    const [first] = await lab.recorded('AllocationGranted', [granted.id]);
    const [second] = await lab.recorded('AllocationGranted', [waits.id]);
    assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 800, 'not a moment earlier');
  }
});

test('T-10 R-22 the most allocations that may live beneath a swarm', async () => {
  const swarm = await lab.openSwarm({ allocations: 1 });
  const run = await lab.open(swarm, { credits: 100 });
  const first = await lab.ann.expect('granted', lab.request(run, { credits: 1 }));
  const denied = await lab.bob.expect('denied', lab.request(run, { credits: 1 }));
  assert.equal(denied.short?.[0], {
    path: swarm,
    resource: 'allocations',
    needed: 1,
    available: 0,
  });
  await lab.ann.expect('released', { op: 'release', allocation: first.id });
  await lab.bob.expect('granted', lab.request(run, { credits: 1 }));
});

test('F-07 what is reserved is drawn from, comes back, and is free when it is cancelled', async () => {
  const run = await lab.openRun({ concurrency: 2 });
  const reserve = { op: 'reserve', path: run, items: { concurrency: 2 }, forMs: 60_000 };
  const made = await lab.operator.expect('reserved', { ...reserve, id: lab.newId() });
  assert.equal((await lab.eventBehind(made, 'Reserved')).items, { concurrency: 2 });
  const slot = { concurrency: 1 };
  await lab.bob.expect('denied', lab.request(run, slot));
  const { reservation: reservationId } = made;
  const drawn = await lab.ann.expect('granted', lab.request(run, slot, { reservationId }));
  assert.equal((await lab.eventBehind(drawn, 'AllocationGranted')).drawn, slot);
  assert.is((await lineOf(run, 'concurrency')).booked, 1);
  const released = await lab.ann.expect('released', { op: 'release', allocation: drawn.id });
  assert.equal((await lab.eventBehind(released, 'AllocationEnded')).toReservation, slot);
  const cancel = { op: 'cancelReservation', reservation: reservationId };
  const ended = await lab.operator.expect('reservation_ended', cancel);
  assert.is((await lab.eventBehind(ended, 'ReservationEnded')).as, 'cancelled');
  await lab.bob.expect('granted', lab.request(run, { concurrency: 2 }));
});

test('T-11 T-20 R-07 a node closes by force at its deadline and ends what lives there', async () => {
  const run = await lab.openRun({ credits: 100 }, { deadlineMs: 700 });
  const late = lab.request(run, { credits: 1 }, { expectedMs: 60_000 });
  assert.is((await lab.ann.expect('denied', late)).reason, 'deadline_unreachable');
  const held = lab.request(run, { credits: 40 }, { expectedMs: 10 });
  const { expiresInMs } = await lab.ann.expect('granted', held);
  assert.ok(expiresInMs <= 700);
  await lab.ann.expect('reported', { op: 'report', allocation: held.id, used: { credits: 7 } });
  const closing = await recordedInTime('the closing', async () =>
    (await lab.rig.events('NodeClosing')).find(({ path }) => path === run),
  );
  assert.is(closing.why, 'deadline');
  const ended = await recordedInTime('the end', async () =>
    (await lab.recorded('AllocationEnded', [held.id])).at(0),
  );
  assert.equal(ended.booked, { credits: 7 });
  await recordedInTime('the close', async () =>
    (await lab.rig.events('NodeClosed')).find(({ path }) => path === run),
  );
  const after = await lab.ann.expect('denied', lab.request(run, { credits: 1 }));
  assert.is(after.reason, 'node_closed');
});

test('T-11 a window ends by itself or by hand: what was spent is of the one before', async () => {
  for (const every of ['1s', 'manual']) {
    const run = await lab.openRun({ credits: { limit: 100, window: { every } } });
    const amounts = { credits: 90 };
    await lab.operator.expect('charged', { op: 'charge', id: lab.newId(), path: run, amounts });
    const waits = lab.request(run, { credits: 60 }, wait);
    await lab.ann.ask(waits);
    if (every === 'manual') {
      const reset = { op: 'resetWindow', path: run, resource: 'credits' };
      const done = await lab.operator.expect('window_reset', reset);
      assert.is(done.spent, 90);
    }
    const opened = await recordedInTime('the next window', async () =>
      (await lab.rig.events('WindowOpened')).find(({ path, spent }) => path === run && spent > 0),
    );
    assert.equal([opened.spent, opened.span.endsAtMs === null], [90, every === 'manual']);
    await lab.told('granted', waits.id);
    assert.is((await lineOf(run)).spentTotal, 90);
  }
});

test('T-11 a grant raises the limit until it ends or is voided, less what was burnt of it', async () => {
  const run = await lab.openRun({ credits: 10 });
  const topUp = { op: 'topUp', path: run, amounts: { credits: 50 } };
  await lab.ann.expect('denied', lab.request(run, { credits: 60 }));
  const first = { ...topUp, id: lab.newId(), grant: { forMs: 600 } };
  const told = await lab.operator.expect('topped_up', first);
  assert.is((await lab.eventBehind(told, 'GrantsCounted')).change, 50);
  const held = await lab.ann.expect('granted', lab.request(run, { credits: 60 }));
  const actual = { credits: 20 };
  await lab.ann.expect('settled', { op: 'settle', allocation: held.id, actual });
  const ended = await recordedInTime('the end of the grant', async () =>
    (await lab.rig.events('GrantsCounted')).find(({ path, change }) => path === run && change < 0),
  );
  assert.is(ended.change, -30);
  assert.equal([(await lineOf(run)).limit, (await lineOf(run)).available], [30, 10]);

  const second = { ...topUp, id: lab.newId(), grant: {} };
  await lab.operator.expect('topped_up', second);
  assert.is((await lineOf(run)).limit, 80);
  const voided = { op: 'voidGrant', path: run, grant: second.id };
  const gone = await lab.operator.expect('grant_voided', voided);
  assert.is((await lab.eventBehind(gone, 'GrantVoided')).grant, second.id);
  assert.is((await lineOf(run)).limit, 30);
});

test('T-09 limit and unused guarantee go to a sibling, and who waits there is served', async () => {
  const swarm = await lab.openSwarm({ credits: 100 });
  const [from, to] = [
    await lab.open(swarm, { credits: { limit: 40, guarantee: 30 } }),
    await lab.open(swarm, { credits: { limit: 20, guarantee: 10 } }),
  ];
  await lab.ann.expect('granted', lab.request(to, { credits: 20 }));
  const waits = lab.request(to, { credits: 15 }, wait);
  await lab.bob.expect('queued', waits);
  const move = { op: 'transfer', id: lab.newId(), from, to, amounts: { credits: 15 } };
  const moved = await lab.operator.expect('transferred', move);
  assert.equal(moved.guarantees, { credits: 15 });
  const event = await lab.eventBehind(moved, 'Transferred');
  assert.equal([event.from, event.to, event.amounts], [from, to, { credits: 15 }]);
  await lab.told('granted', waits.id);
  assert.equal([(await lineOf(from)).limit, (await lineOf(to)).limit], [25, 35]);
});

test('T-09 what a guarantee lends others use, what it does not lend they do not', async () => {
  const free: (number | null)[] = [];
  for (const lend of [null, 1, 0]) {
    const swarm = await lab.openSwarm({ concurrency: 4 });
    await lab.open(swarm, { concurrency: { guarantee: 3, lend } });
    const borrower = await lab.open(swarm);
    await lab.bob.expect('granted', lab.request(borrower, { concurrency: 1 }));
    free.push((await lineOf(swarm, 'concurrency')).available);
  }
  assert.equal(free, [3, 1, 0]);
});

test('§6.6 a cut with reclaim takes back at once, and the holders are told', async () => {
  const run = await lab.openRun({ memory: 100 });
  const shrinks = lab.request(run, { memory: { amount: 60, min: 10 } });
  const leaves = lab.request(run, { memory: 40 });
  for (const sent of [shrinks, leaves]) await lab.ann.expect('granted', sent);
  const cut = setLimits(run, { memory: { limit: 50 } }, { reclaim: true });
  const done = await lab.operator.expect('limits_set', cut);
  assert.equal(done.reclaimed, { memory: 50 });
  const resized = await lab.eventBehind(done, 'AllocationResized');
  assert.equal(
    [resized.allocation, resized.items, resized.reclaimed],
    [shrinks.id, { memory: 10 }, true],
  );
  await lab.told('shrunk', shrinks.id);
  const deeper = setLimits(run, { memory: { limit: 10 } }, { reclaim: true });
  await lab.operator.expect('limits_set', deeper);
  await lab.told('reclaimed', leaves.id);
  const [ended] = await lab.recorded('AllocationEnded', [leaves.id]);
  assert.is(ended?.as, 'reclaimed');
});

test('§6.1 a settle far above its hold is booked in full and freezes the run', async () => {
  const run = await lab.openRun({ credits: { limit: 100, overrunLimit: 10 } });
  const held = await lab.ann.expect('granted', lab.request(run, { credits: 20 }));
  const settle = { op: 'settle', allocation: held.id, actual: { credits: 31 } };
  const settled = await lab.ann.expect('settled', settle);
  assert.equal(settled.overrun, { credits: 11 });
  assert.is((await lab.eventBehind(settled, 'Frozen')).path, run);
  assert.equal(await lab.ann.use(run), { held: 0, spent: 31 });
  const denied = await lab.ann.expect('denied', lab.request(run, { credits: 1 }));
  assert.is(denied.reason, 'frozen');
});

test('D-03 a threshold of its own is told as an emergency, once it is passed', async () => {
  const heard = await lab.operator.emergencies();
  const thresholds = [{ usagePercent: 50, kind: 'warning' }];
  const run = await lab.openRun({ credits: { limit: 100, thresholds } });
  await lab.ann.expect('granted', lab.request(run, { credits: 50 }));
  const passes = await lab.ann.expect('granted', lab.request(run, { credits: 1 }));
  const raised = await lab.eventBehind(passes, 'AlertRaised');
  assert.equal([raised.usage, raised.limit, raised.threshold.usagePercent], [51, 100, 50]);
  await until('it is heard', () => heard.some(({ emergency }) => emergency.path === run));
  const mine = heard.find(({ emergency }) => emergency.path === run);
  assert.is(mine?.subject, 'bursar.emergency.acme.lab.warning');
  assert.equal(mine?.emergency.threshold, raised.threshold);
});

test('INV-1 after all of it the balances equal a replay from zero', async () => {
  assert.equal(await lab.rig.differences(), []);
});

test.run();
