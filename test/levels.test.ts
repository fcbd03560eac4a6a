import type { Answer, Emergency } from '../events/answers.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { Lab, wait } from './lab-rig.ts';

const test = suite('levels and crises, through NATS');
const lab = new Lab();
let heard: { readonly emergency: Emergency }[];

const DWELL_MS = 300;
const levels = [
  { partialPermilleMax: 500, modelHint: 'use the small model' },
  { admit: 'high', refused: 'queue', modelHint: 'finish what is begun' },
  { admit: 'critical', reserve: true },
];

test.before(async () => {
  await lab.start();
  heard = await lab.ann.emergencies();
});
test.before.each(() => lab.policy({ degradation: { levels, dwellMs: DWELL_MS } }));
test.after(() => lab.close());

/** Kinds and levels that were told of a node, in order. */
const told = (path: string) =>
  heard
    .filter(({ emergency }) => emergency.path === path && emergency.level !== undefined)
    .map(({ emergency: { kind, level } }) => `${kind} ${level}`);

async function crisisOf(path: string) {
  const { crisis } = await lab.operator.expect('balance', { op: 'balance', path });
  return crisis;
}

/** A swarm with a run in it, and a swarm's worth of 1,000 credits. */
async function openSwarm(): Promise<{ swarm: string; run: string }> {
  const swarm = await lab.openSwarm({ credits: 1_000 });
  return { swarm, run: await lab.open(swarm) };
}

const release = (id: string) => lab.ann.expect('released', { op: 'release', allocation: id });

test('X-03 X-06 down at once, told and shown; parts are cut; every answer beneath tells the hint', async () => {
  const { swarm, run } = await openSwarm();
  const first = lab.request(run, { credits: 760 });
  const granted = await lab.ann.expect('granted', first);
  const fallen = await lab.eventBehind(granted, 'DegradationChanged');
  assert.equal([fallen.path, fallen.from, fallen.to, fallen.resource], [swarm, 0, 1, 'credits']);
  assert.equal([granted.level, granted.modelHint], [1, 'use the small model']);
  await until('a change of level is told', () => told(swarm).length === 1);
  assert.equal(told(swarm), ['degraded 1']);

  const part = await lab.ann.expect(
    'partial',
    lab.request(run, { credits: { amount: 40, min: 1 } }),
  );
  assert.equal(part.granted, { credits: 20 });
  const crisis = await crisisOf(swarm);
  assert.equal([crisis?.state, crisis?.level], ['degraded', 1]);
  assert.is(crisis?.admits?.partialPermilleMax, 500);

  // What is not told: beside and above the swarm all is as it was.
  const beside: Answer = await lab.ann.expect('balance', { op: 'balance', path: 'acme' });
  assert.is(beside.level, undefined);
});

test('X-03 V-02 below the level work waits out of the line, and is served when it has risen', async () => {
  const { swarm, run } = await openSwarm();
  const first = lab.request(run, { credits: 900 });
  assert.is((await lab.ann.expect('granted', first)).level, 2);
  assert.is((await crisisOf(swarm))?.state, 'degraded');
  const low = lab.request(run, { credits: 50 }, wait);
  const queued = await lab.ann.expect('queued', low);
  assert.equal([queued.rule, queued.level], ['barrier-degraded', 2]);
  const urgent = lab.request(run, { credits: 10 }, { priority: 'high' });
  await lab.ann.expect('granted', urgent);
  await release(first.id);
  await lab.told('granted', low.id);
  await until('a change of level is told', () => told(swarm).length === 2);
  // The level that admits it is enough; the last rise follows.
  await until('a change of level is told', () => told(swarm).length === 3);
  assert.equal(told(swarm), ['degraded 2', 'degraded 1', 'recovered 0']);
  assert.is((await crisisOf(swarm))?.state, 'normal');
});

test('X-03 X-06 exhausted is an emergency; a stop over it stops, and what is lifted fares as its level', async () => {
  const { swarm, run } = await openSwarm();
  const all = lab.request(run, { credits: 1_000 }, { priority: 'critical' });
  assert.is((await lab.ann.expect('granted', all)).level, 3);
  assert.is((await crisisOf(swarm))?.state, 'emergency');
  const denied = await lab.ann.expect('denied', lab.request(run, { credits: 1 }, wait));
  assert.equal([denied.reason, denied.retryOn, denied.level], ['degraded', 'recover', 3]);
  assert.match(denied.message, /level 3.*priority 300/);
  const { stop } = await lab.operator.expect('stopped', { op: 'stop', path: swarm, ackMs: 60_000 });
  assert.is((await crisisOf(swarm))?.state, 'stopped');
  await lab.operator.expect('recovered', { op: 'recover', path: swarm, stop });
  assert.is((await crisisOf(swarm))?.state, 'emergency');
  await release(all.id);
  await until('a change of level is told', () => told(swarm).length === 4);
  assert.equal(told(swarm), ['degraded 3', 'degraded 2', 'degraded 1', 'recovered 0']);
});

/** A slow start whose intervals a test can watch. */
const SLOW = {
  degradation: { levels, dwellMs: DWELL_MS },
  recovery: { startPermille: 400, stepPermille: 300, everyMs: 400 },
};

async function halt(swarm: string): Promise<string> {
  const { stop } = await lab.operator.expect('stopped', { op: 'stop', path: swarm, ackMs: 60_000 });
  return stop;
}

const recover = (path: string, stop: string) =>
  lab.operator.expect('recovered', { op: 'recover', path, stop });
const stateOf = async (path: string) => (await crisisOf(path))?.state;

test('X-05 V-02 after a stop the queue drains slowly and in order, told as recovering and recovered', async () => {
  await lab.policy(SLOW);
  const { swarm, run } = await openSwarm();
  const stop = await halt(swarm);
  const lifted = await recover(swarm, stop);
  const begun = await lab.eventBehind(lifted, 'RecoveryStarted');
  assert.equal([begun.cause, begun.tier, begun.allow['credits']], ['lifted', 'swarm', 400]);
  assert.is(await stateOf(swarm), 'recovering');
  const asked = [600, 200, 10].map((credits) => lab.request(`${run}/s`, { credits }, wait));
  for (const one of asked) await lab.ann.expect('queued', one);
  const now = await lab.ann.expect('denied', lab.request(run, { credits: 1 }));
  assert.equal([now.reason, now.retryOn], ['recovering', 'time']);
  assert.ok((now.retryAfterMs ?? 0) <= 400);
  for (const { id } of asked) await lab.told('granted', id);
  const served = await lab.recorded(
    'AllocationGranted',
    asked.map(({ id }) => id),
  );
  assert.equal(
    served.map(({ id }) => id),
    asked.map(({ id }) => id),
  );
  const kinds = () =>
    heard.flatMap(({ emergency: { path, kind } }) =>
      path === swarm && kind.startsWith('recover') ? [kind] : [],
    );
  await until('the end is told', () => kinds().at(-1) === 'recovered');
  // Lifted, and three intervals; what was asked for has alarmed the swarm again meanwhile.
  assert.equal(kinds(), [...Array(4).fill('recovering'), 'recovered']);
});

test('X-05 X-06 a top-up ends an exhaustion slowly; a stop and a new exhaustion break that off', async () => {
  await lab.policy(SLOW);
  const { swarm, run } = await openSwarm();
  const all = lab.request(run, { credits: 1_000 }, { priority: 'critical' });
  await lab.ann.expect('granted', all);
  const more = (id: string) => ({ op: 'topUp', id, path: swarm, amounts: { credits: 1_000 } });
  await lab.operator.expect('topped_up', more(`${swarm}-t1`.replaceAll('/', '.')));
  assert.is(await stateOf(swarm), 'recovering');
  await until('the level has risen', () => told(swarm).includes('degraded 2'));
  const charge = { op: 'charge', id: lab.newId(), path: swarm, amounts: { credits: 1_000 } };
  await lab.operator.expect('charged', charge);
  assert.is(await stateOf(swarm), 'emergency');
  await lab.operator.expect('topped_up', more(`${swarm}-t2`.replaceAll('/', '.')));
  assert.is(await stateOf(swarm), 'recovering');
  const stop = await halt(swarm);
  assert.is(await stateOf(swarm), 'stopped');
  await recover(swarm, stop);
  assert.is(await stateOf(swarm), 'recovering');
});

test('X-05 X-06 a freeze that an operator ends is followed by a slow start, and then by normal', async () => {
  await lab.policy(SLOW);
  const { swarm } = await openSwarm();
  const { freeze } = await lab.operator.expect('frozen', { op: 'freeze', path: swarm });
  assert.is(await stateOf(swarm), 'normal');
  await lab.operator.expect('unfrozen', { op: 'unfreeze', path: swarm, freeze });
  assert.is(await stateOf(swarm), 'recovering');
  const isOver = () =>
    heard.some(({ emergency }) => emergency.path === swarm && emergency.kind === 'recovered');
  await until('the slow start is over', isOver);
  assert.is(await stateOf(swarm), 'normal');
});

test.run();
