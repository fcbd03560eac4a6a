import { assert, suite } from './harness/suite.ts';
import { AGELESS, type Items, Lab, wait } from './lab-rig.ts';

const test = suite('what is contested, through NATS');
const lab = new Lab();

test.before(() => lab.start());
test.before.each(() => lab.policy({}));
test.after(() => lab.close());

const slot = { concurrency: 1 };
const release = (allocation: string) => ({ op: 'release', allocation });

/** Grants one slot after the other to ann; their ids. */
async function hold(path: string, count: number, more: object = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { id } = await lab.ann.expect('granted', lab.request(path, slot, more));
    ids.push(id);
  }
  return ids;
}

/** Bob's requests wait, in this order; their ids. */
async function queue(asks: readonly (readonly [path: string, items: Items, more?: object])[]) {
  const ids: string[] = [];
  for (const [path, items, more] of asks) {
    const sent = lab.request(path, items, { ...wait, ...more });
    await lab.bob.expect('queued', sent);
    ids.push(sent.id);
  }
  return ids;
}

test('S-05 by the right of priority: the least urgent, of those the youngest', async () => {
  const run = await lab.openRun({ concurrency: 3 });
  const [normal] = await hold(run, 1);
  const [, young] = await hold(run, 2, { priority: 'low' });
  const urgent = lab.request(run, slot, { priority: 'emergency' });
  const granted = await lab.bob.expect('granted', urgent);
  assert.equal(granted.preempted, [young]);
  assert.equal(granted.factors, { waitedMs: 0, priority: 1_000_000, preemptionVictims: 1 });
  const taken = await lab.eventBehind(granted, 'PreemptionRequested');
  assert.equal(
    [taken.right, taken.reasons, taken.victims],
    ['priority', ['within-node-priority'], [young]],
  );
  assert.is((await lab.bob.ask({ op: 'status', of: normal ?? '' })).outcome, 'allocation');
});

test('S-05 by the right of reclaim: what a guarantee lends comes back from any priority', async () => {
  const swarm = await lab.openSwarm({ concurrency: 4 });
  const lends = await lab.open(swarm, { concurrency: { guarantee: 2 } });
  const borrows = await lab.open(swarm);
  const holders = await hold(borrows, 4, { priority: 'high' });
  const low = { priority: 'low' };
  const granted = await lab.bob.expect('granted', lab.request(lends, { concurrency: 2 }, low));
  assert.is(granted.preempted?.length, 2);
  assert.ok(granted.preempted?.every((id) => holders.includes(id)));
  const chosen = { strategy: 'preemption_allowed', rule: '5-reclaim' };
  assert.equal(await lab.selectedFor(granted), chosen);
  const taken = await lab.eventBehind(granted, 'PreemptionRequested');
  assert.equal([taken.right, taken.reasons?.[0]], ['reclaim', 'reclaim-nominal']);
  // The two that are left are the borrower's: beyond the guarantee nothing is taken back.
  const beyond = await lab.bob.expect('denied', lab.request(lends, slot, low));
  assert.is(beyond.reason, 'concurrency_limit_reached');
});

test('S-05 S-14 by fair share: from the run that has more, until they are even', async () => {
  const outcomes: string[] = [];
  for (const by of ['classic', 'fair']) {
    await lab.policy({ preemption: { by } });
    const swarm = await lab.openSwarm({ concurrency: 4 });
    const [much, little] = [await lab.open(swarm), await lab.open(swarm)];
    await hold(much, 4);
    const strategy = 'preemption_allowed';
    for (let n = 0; n < 3; n += 1) {
      const answer = await lab.bob.ask(lab.request(little, slot, { strategy }));
      outcomes.push(answer.outcome);
      if (answer.outcome !== 'granted') continue;
      const taken = await lab.eventBehind(answer, 'PreemptionRequested');
      assert.equal([taken.right, taken.reasons], ['fair', ['fair-share']]);
    }
  }
  assert.equal(outcomes, ['denied', 'denied', 'denied', 'granted', 'granted', 'denied']);
});

test('O-07 S-06 S-07 in two phases: told, earmarked, reclaimed, granted, put back', async () => {
  const run = await lab.openRun({ credits: 100 });
  const victim = lab.request(run, { credits: 90 }, { ...wait, priority: 'low', graceMs: 30_000 });
  await lab.ann.expect('granted', victim);
  const urgent = lab.request(run, { credits: 60 }, { ...wait, priority: 'emergency' });
  const preempting = await lab.bob.expect('preempting', urgent);
  assert.equal([preempting.victims, preempting.right], [[victim.id], 'priority']);
  const requested = await lab.eventBehind(preempting, 'PreemptionRequested');
  assert.equal(requested.earmarked, { credits: 10 });
  assert.is(requested.graceEndsAtMs, requested.atMs + 30_000);
  assert.is((await lab.told('preempt', urgent.id)).graceMs, 30_000);

  // What is set aside is nobody else's.
  const other = await lab.ann.expect('denied', lab.request(run, { credits: 5 }));
  assert.equal(other.short?.[0]?.available, 0);

  const yields = { op: 'settle', allocation: victim.id, actual: { credits: 25 } };
  const settled = await lab.ann.expect('settled', yields);
  const { answer } = await lab.told('granted', urgent.id);
  assert.ok(answer?.outcome === 'granted');
  assert.equal([answer.granted, answer.preempted], [{ credits: 60 }, [victim.id]]);
  const [reclaimed] = await lab.recorded('ResourcesReclaimed', [urgent.id]);
  assert.equal(reclaimed?.earmarked, { credits: 50 });
  const [granted] = await lab.recorded('AllocationGranted', [urgent.id]);
  assert.equal([granted?.via, granted?.preempted], ['preemption', [victim.id]]);
  assert.equal(await lab.bob.use(run), { held: 60, spent: 25 });
  assert.equal(settled.booked, { credits: 25 });
});

test('S-07 who is made to yield is put back, one aging step ahead, and told so', async () => {
  const run = await lab.openRun(slot);
  const victim = lab.request(run, slot, { ...wait, priority: 'low', graceMs: 200 });
  await lab.ann.expect('granted', victim);
  const urgent = lab.request(run, slot, { ...wait, priority: 'emergency' });
  await lab.bob.expect('preempting', urgent);
  await lab.told('granted', urgent.id);
  await lab.told('preempted', victim.id);
  const [ended] = await lab.recorded('AllocationEnded', [victim.id]);
  assert.is(ended?.as, 'preempted');
  const queued = (await lab.rig.events('RequestQueued')).find(({ of }) => of === victim.id);
  assert.equal([queued?.after, queued?.evictions], ['preempted', 1]);
  assert.is(queued?.queuedAtMs, (ended?.atMs ?? 0) - 10_000);
  await lab.bob.expect('released', release(urgent.id));
  await lab.told('granted', queued?.id ?? '');
});

test('S-05 nobody is evicted more often than policy allows', async () => {
  await lab.policy({ preemption: { evictionsMax: 1 } });
  const run = await lab.openRun(slot);
  const [victim] = await hold(run, 1, { ...wait, priority: 'low' });
  const first = await lab.bob.expect('granted', lab.request(run, slot, { priority: 'emergency' }));
  assert.equal(first.preempted, [victim]);
  await lab.bob.expect('released', release(first.id));
  const queued = (await lab.rig.events('RequestQueued')).find(({ of }) => of === victim);
  await lab.told('granted', queued?.id ?? '');
  const again = lab.request(run, slot, { ...wait, priority: 'emergency' });
  await lab.bob.expect('queued', again);
});

test('S-04 S-14 several who wait divide what comes free: by need, fairly, by top-up', async () => {
  const expected = {
    need: [10, 30, 50],
    fair: [18, 36, 36],
    // 30 each; of the 12 that the first leaves, 24 and 60 in 84.
    topUp: [18, 33, 39],
  } as const;
  for (const [sharing, shares] of Object.entries(expected)) {
    await lab.policy({ sharing, ...AGELESS });
    const run = await lab.openRun({ credits: 90 });
    const busy = lab.request(run, { credits: 90 });
    await lab.ann.expect('granted', busy);
    const part = (amount: number) => [run, { credits: { amount, min: 1 } }] as const;
    const ids = await queue([part(18), part(54), part(90)]);
    await lab.ann.expect('released', release(busy.id));
    for (const id of ids) await lab.told('granted', id);
    const granted = await lab.recorded('AllocationGranted', ids);
    assert.equal(
      granted.map(({ id, items, rule, shared }) => [id, items['credits'], rule, shared?.by]),
      ids.map((id, no) => [id, shares[no], 'share', sharing]),
    );
  }
});

test('R-20 S-14 runs take turns: one that asks often holds up none that asks once', async () => {
  await lab.policy(AGELESS);
  const swarm = await lab.openSwarm({ 'slot.search': 1 });
  const [often, once] = [await lab.open(swarm), await lab.open(swarm)];
  const place = { 'slot.search': 1 };
  const busy = lab.request(often, place);
  await lab.ann.expect('granted', busy);
  const [a1 = '', a2 = '', b1 = ''] = await queue([
    [often, place],
    [often, place],
    [once, place],
  ]);
  const queued = await lab.recorded('RequestQueued', [a1, a2, b1]);
  assert.equal(
    queued.map(({ position, pass }) => [position, (pass ?? 0) > 0]),
    [
      [1, false],
      [2, true],
      [2, false],
    ],
  );
  let holder = busy.id;
  for (const next of [a1, b1, a2]) {
    await lab.operator.expect('released', release(holder));
    await lab.told('granted', next);
    holder = next;
  }
});

test('N-02 S-02 who waits is served by priority, deadline, stake, and by arrival', async () => {
  await lab.policy(AGELESS);
  const run = await lab.openRun(slot);
  const [busy = ''] = await hold(run, 1);
  const asked = [{}, { businessImpact: 90 }, { deadlineMs: 3_600_000 }, { priority: 'high' }, {}];
  const ids = await queue(asked.map((more) => [run, slot, more] as const));
  const order = [3, 2, 1, 0, 4].map((no) => ids[no] ?? '');
  const { waiting } = await lab.operator.expect('queue', { op: 'queue', path: run });
  assert.equal(
    waiting.map(({ id }) => id),
    order,
  );
  let holder = busy;
  for (const next of order) {
    await lab.operator.expect('released', release(holder));
    await lab.told('granted', next);
    holder = next;
  }
  const served = await lab.recorded('AllocationGranted', ids);
  assert.equal(
    served.map(({ id, rule }) => [id, rule]),
    order.map((id) => [id, 'queue-head']),
  );
});

test('S-08 who is over before the head could start is let past it, and no longer', async () => {
  const run = await lab.openRun({ concurrency: 4 });
  await lab.ann.expect('granted', lab.request(run, { concurrency: 3 }, { ttlMs: 20_000 }));
  const [head = ''] = await queue([[run, { concurrency: 3 }]]);
  const long = await lab.bob.expect('denied', lab.request(run, slot, { ttlMs: 40_000 }));
  assert.is(long.reason, 'queued_ahead');
  const short = lab.request(run, slot, { ttlMs: 5_000 });
  const granted = await lab.bob.expect('granted', short);
  assert.is(granted.rule, 'backfill');
  const event = await lab.eventBehind(granted, 'AllocationGranted');
  assert.is(event.endsByMs, event.atMs + 5_000);
  const renew = { op: 'renew', allocation: short.id, byMs: 30_000 };
  const { expiresInMs } = await lab.bob.expect('renewed', renew);
  assert.ok(expiresInMs <= 5_000, `${expiresInMs}`);
  const status = await lab.bob.expect('queued', { op: 'status', of: head });
  assert.is(status.position, 1);
});

test('O-04 O-05 S-03 never_fits at once; else place, expected wait and the bound of the wait', async () => {
  const run = await lab.openRun({ concurrency: 2 });
  const never = await lab.bob.expect('denied', lab.request(run, { concurrency: 3 }, wait));
  assert.equal([never.reason, never.retryOn, never.rule], ['never_fits', 'top_up', 'never-fits']);
  await lab.ann.expect('granted', lab.request(run, { concurrency: 2 }, { ttlMs: 30_000 }));
  const [first = ''] = await queue([[run, { concurrency: 2 }]]);
  const second = await lab.bob.expect('queued', lab.request(run, slot, wait));
  assert.is(second.position, 2);
  const status = await lab.bob.expect('queued', { op: 'status', of: first });
  assert.is(status.position, 1);
  assert.ok((status.expectedWaitMs ?? 0) > 25_000 && (status.expectedWaitMs ?? 0) <= 30_000);
  // All that agents may claim above it, 10 of priority each 10 s, and the interval that has begun.
  const { waitBoundMs } = await lab.eventBehind(second, 'RequestQueued');
  assert.is(second.waitBoundMs, waitBoundMs);
  assert.is(waitBoundMs, 10_000 * (Math.floor((1_000_000 - 1 - 100) / 10) + 1));
});

test('INV-1 after all of it the balances equal a replay from zero', async () => {
  assert.equal(await lab.rig.differences(), []);
});

test.run();
