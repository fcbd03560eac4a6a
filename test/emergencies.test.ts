import type { Emergency } from '../events/answers.ts';
import type { Notice } from '../events/notice.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, parseJson, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('emergencies');
const rig = new WriterRig();
let operator: Caller;
let ann: Caller;
let bob: Caller;
let annHeard: Notice[];
let bobHeard: Notice[];
let heard: { readonly subject: string; readonly emergency: Emergency }[];

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  await operator.expect('opened', { op: 'open', path: 'acme' });
  await operator.expect('opened', { op: 'open', path: 'acme/lab' });
  ann = await rig.enrolled('ann', 'acme');
  bob = await rig.enrolled('bob', 'acme', { priorityMax: 'critical' });
  annHeard = await ann.notices();
  bobHeard = await bob.notices();
  heard = await ann.emergencies();
});
test.after(() => rig.close());

let idCount = 0;
function request(path: string, more: object = {}): Sent {
  idCount += 1;
  return { op: 'request', id: `q-${idCount}`, path, items: { credits: { amount: 10 } }, ...more };
}

let swarmCount = 0;
/** A fresh swarm with 1,000 credits and a run in it. */
async function openSwarm(): Promise<string> {
  swarmCount += 1;
  const path = `acme/swarm-${swarmCount}`;
  await operator.expect('opened', { op: 'open', path, limits: { credits: { limit: 1_000 } } });
  await operator.expect('opened', { op: 'open', path: `${path}/run` });
  return path;
}

const told = (path: string) => heard.filter(({ emergency }) => emergency.path === path);
const kindsOf = (path: string) => told(path).map(({ emergency }) => emergency.kind);

async function charge(path: string, credits: number): Promise<void> {
  idCount += 1;
  const amounts = { credits };
  await operator.expect('charged', { op: 'charge', id: `c-${idCount}`, path, amounts });
}

/** Holds so much on a path, and gives back how to end it. */
async function hold(path: string, credits: number): Promise<() => Promise<unknown>> {
  const { id } = await ann.expect(
    'granted',
    request(path, { items: { credits: { amount: credits } } }),
  );
  return () => ann.expect('released', { op: 'release', allocation: id });
}

test('M-02 X-01 each rung is told once on the way up, on its own topic, and stored', async () => {
  const swarm = await openSwarm();
  await charge(swarm, 599);
  await charge(swarm, 1);
  await until('notice', () => kindsOf(swarm).length === 1);
  await charge(swarm, 100);
  await charge(swarm, 250);
  await charge(swarm, 50);
  await until('exhausted', () => kindsOf(swarm).length === 4);
  assert.equal(kindsOf(swarm), ['notice', 'warning', 'critical', 'exhausted']);
  const name = swarm.split('/')[1];
  assert.equal(
    told(swarm).map(({ subject }) => subject),
    ['notice', 'warning', 'critical', 'exhausted'].map(
      (kind) => `bursar.emergency.acme.${name}.${kind}`,
    ),
  );
  const [first] = told(swarm);
  assert.equal(
    [first?.emergency.resource, first?.emergency.usePermille, first?.emergency.swarm],
    ['credits', 600, name],
  );
  assert.match(first?.emergency.detail ?? '', /credits of acme\/swarm-1 is used to 60.0 % of 1000/);
  for (const { subject, emergency } of told(swarm)) assert.is(subject, emergency.subject);
  const stored = (await rig.storedEmergencies()).filter(
    ({ emergency }) => emergency.path === swarm,
  );
  assert.equal(
    stored.map(({ msgId }) => msgId),
    told(swarm).map(({ emergency }) => emergency.id),
  );
});

test('X-01 a rung is told again only after use fell below its lower bound', async () => {
  const swarm = await openSwarm();
  await charge(swarm, 500);
  const keep = await hold(`${swarm}/run`, 60);
  const above = await hold(`${swarm}/run`, 50);
  await above();
  const again = await hold(`${swarm}/run`, 50);
  await again();
  await keep();
  await hold(`${swarm}/run`, 110);
  await until('the second notice', () => kindsOf(swarm).length === 2);
  const { recorded } = await rig.log();
  const story = recorded
    .map(({ event }) => event)
    .filter((event) => 'path' in event && event.path === swarm && event.type.startsWith('Thresh'))
    .map((event) => [event.type, 'usePermille' in event ? event.usePermille : undefined]);
  assert.equal(story, [
    ['ThresholdCrossed', 610],
    ['ThresholdRearmed', undefined],
    ['ThresholdCrossed', 610],
  ]);
  const ids = told(swarm).map(({ emergency }) => emergency.id);
  assert.is(new Set(ids).size, 2, 'each has an id of its own');
});

test('X-04 freeze: nothing is admitted, who waits is denied, what runs may end', async () => {
  const run = `${await openSwarm()}/run`;
  const first = await ann.expect('granted', request(run));
  const full = { items: { credits: { amount: 995 } }, maxWaitMs: 60_000 };
  const waiting = await ann.expect('queued', request(run, full));
  const frozen = await operator.expect('frozen', {
    op: 'freeze',
    id: 'fz',
    path: run,
    reason: 'odd',
  });
  await until('the one who waits hears', () => annHeard.some(({ id }) => id === waiting.id));
  const notice = annHeard.find(({ id }) => id === waiting.id);
  assert.equal([notice?.kind, notice?.answer?.outcome], ['denied', 'denied']);
  const denied = await ann.expect('denied', request(run, { priority: 'low' }));
  assert.equal([denied.reason, denied.retryOn], ['frozen', 'unfreeze']);
  const growth = { op: 'resize', allocation: first.id, items: { credits: 20 } };
  assert.is((await ann.expect('refused', growth)).code, 'node_frozen');
  await ann.expect('renewed', { op: 'renew', allocation: first.id, byMs: 1_000 });
  await ann.expect('reported', {
    op: 'report',
    id: 'rep',
    allocation: first.id,
    used: { credits: 3 },
  });
  await ann.expect('settled', { op: 'settle', allocation: first.id, actual: { credits: 4 } });
  await until('it is told', () => kindsOf(run).length === 1);
  assert.equal(kindsOf(run), ['critical']);
  assert.match(told(run)[0]?.emergency.detail ?? '', /is frozen: odd/);
  await operator.expect('unfrozen', { op: 'unfreeze', path: run, freeze: frozen.freeze });
  await ann.expect('granted', request(run));
});

test('X-04 a freeze for a time ends by itself', async () => {
  const run = `${await openSwarm()}/run`;
  await operator.expect('frozen', { op: 'freeze', id: 'ft', path: run, forMs: 150 });
  await ann.expect('denied', request(run));
  await new Promise((resolve) => setTimeout(resolve, 250));
  await ann.expect('granted', request(run));
});

test('X-04 stop: told with names, acknowledged, fenced at the deadline, completed, lifted', async () => {
  const run = `${await openSwarm()}/run`;
  const annHolds: string[] = [];
  for (let i = 0; i < 3; i += 1) annHolds.push((await ann.expect('granted', request(run))).id);
  const bobHolds = (await bob.expect('granted', request(run))).id;
  const spared = (await bob.expect('granted', request(run, { priority: 'critical' }))).id;
  const ackMs = 600;
  const stopped = await operator.expect('stopped', { op: 'stop', id: 'st', path: run, ackMs });
  assert.equal([stopped.allocations, stopped.agents], [4, 2]);
  await until(
    'both hear',
    () => stopNotices(annHeard).length > 0 && stopNotices(bobHeard).length > 0,
  );
  assert.equal([...(stopNotices(annHeard)[0]?.allocations ?? [])].sort(), [...annHolds].sort());
  assert.equal(stopNotices(bobHeard)[0]?.allocations, [bobHolds]);
  const [notice] = stopNotices(annHeard);
  assert.equal([notice?.graceMs, notice?.path, notice?.part], [ackMs, run, undefined]);
  await until('the emergency', () => kindsOf(run).length === 1);
  const [emergency] = told(run);
  assert.equal([emergency?.emergency.kind, emergency?.emergency.stop], ['stop', 'st']);

  assert.is((await ann.expect('denied', request(run))).reason, 'stopped');
  await bob.expect('granted', request(run, { priority: 'critical' }));
  await ann.expect('acknowledged', { op: 'acknowledgeStop', path: run, stop: 'st' });
  await ann.expect('renewed', { op: 'renew', allocation: annHolds[0], byMs: 60_000 });
  const settle = { op: 'settle', allocation: annHolds[0], actual: { credits: 5 } };
  await ann.expect('settled', settle);

  await until('all is fenced', () => kindsOf(run).includes('stopped'), 3_000);
  assert.equal(kindsOf(run), ['stop', 'stopped']);
  const ended = await ann.expect('ended', { op: 'status', of: annHolds[1] });
  assert.is(ended.as, 'fenced');
  await bob.expect('renewed', { op: 'renew', allocation: spared, byMs: 1_000 });
  const late = await ann.expect('refused', { op: 'renew', allocation: annHolds[1], byMs: 1_000 });
  assert.is(late.code, 'allocation_ended');
  const lateSettle = { op: 'settle', id: 'late', allocation: annHolds[1], actual: { credits: 7 } };
  const booked = await ann.expect('settled', lateSettle);
  assert.equal([booked.late, booked.booked], [true, { credits: 7 }]);
  assert.equal(await operator.use(run), { held: 20, spent: 12 });
  const [done] = await rig.events('StopCompleted');
  assert.equal([done?.fencedCount, done?.acknowledgedCount], [3, 1]);
  const { emergency: end } = told(run).at(-1) ?? {};
  assert.equal(
    [end?.allocations, end?.fenced, end?.agents, end?.acknowledged, end?.unacknowledged],
    [4, 3, 2, 1, ['bob']],
    'the emergency is the verification',
  );
  const tooLate = { op: 'acknowledgeStop', path: run, stop: 'st' };
  assert.is((await bob.expect('refused', tooLate)).code, 'lease_over');
  await until('the fenced hear', () =>
    annHeard.some(({ kind, id }) => kind === 'fenced' && id === annHolds[2]),
  );
  const [acknowledged] = await rig.events('StopAcknowledged');
  assert.equal([acknowledged?.agent, acknowledged?.stop], ['ann', 'st']);

  await operator.expect('recovered', { op: 'recover', path: run, stop: 'st' });
  await ann.expect('granted', request(run));
  await until('recovered', () => kindsOf(run).length === 3);
  assert.equal(kindsOf(run), ['stop', 'stopped', 'recovered']);
});

function stopNotices(notices: readonly Notice[]): Notice[] {
  return notices.filter(({ kind, id }) => kind === 'stop' && id === 'st');
}

test('§8 who was away asks for what it missed, from a position on', async () => {
  const everything = await ann.expect('emergencies', { op: 'emergencies' });
  const ids = heard.map(({ emergency }) => emergency.id);
  assert.equal(
    everything.emergencies.map(({ id }) => id),
    ids,
  );
  const [third] = everything.emergencies.slice(2);
  const since = third?.seq ?? 0;
  const rest = await ann.expect('emergencies', { op: 'emergencies', since });
  assert.equal(
    rest.emergencies.map(({ id }) => id),
    everything.emergencies.filter(({ seq }) => seq > since).map(({ id }) => id),
  );
  assert.is(rest.position, everything.position);
  const none = await ann.expect('emergencies', { op: 'emergencies', since: rest.position });
  assert.equal([none.emergencies.length, none.position], [0, rest.position]);
});

test('§8 a beat a second for a team with live allocations, with the present position', async () => {
  const beats: { subject: string; team: string; shard: number; seq: number }[] = [];
  const idle: unknown[] = [];
  const other = await rig.caller('operator', 'globex');
  await other.expect('opened', { op: 'open', path: 'globex' });
  operator.bus.subscribe('bursar.beat.acme', ({ data }) => {
    beats.push(parseJson(data) as (typeof beats)[number]);
  });
  operator.bus.subscribe('bursar.beat.globex', (message) => idle.push(message));
  await until('two beats', () => beats.length >= 2);
  const lastSeq = await rig.lastSeq();
  assert.equal([beats[1]?.subject, beats[1]?.team], ['bursar.beat.acme', 'acme']);
  assert.is(beats[1]?.seq, lastSeq);
  assert.is(idle.length, 0, 'nobody works there');
});

test('X-04 a stop of very many: no notice is too large, and none is left out', async () => {
  const run = `${await openSwarm()}/run`;
  const names = Array.from({ length: 20_000 }, (_, i) => `z${i}`.padEnd(64, '-'));
  for (let from = 0; from < names.length; from += 256) {
    const commands = names.slice(from, from + 256).map((id) => {
      return { op: 'request', id, path: run, items: { credits: { amount: 0 } } };
    });
    const { answers } = await ann.batch(commands);
    assert.ok(answers.every(({ outcome }) => outcome === 'granted'));
  }
  annHeard.length = 0;
  await operator.expect('stopped', { op: 'stop', id: 'big', path: run, ackMs: 60_000 });
  const named = () =>
    annHeard.filter(({ id }) => id === 'big').flatMap(({ allocations }) => allocations ?? []);
  await until('all are named', () => named().length >= names.length, 10_000);
  assert.equal([...named()].sort(), [...names].sort());
  const parts = annHeard.filter(({ id }) => id === 'big').map(({ part }) => part);
  assert.equal(
    parts,
    parts.map((_, index) => ({ no: index + 1, of: parts.length })),
  );
  await operator.expect('recovered', { op: 'recover', path: run, stop: 'big' });
});

test('X-04 a freeze that denies very many large requests goes through', async () => {
  let path = await openSwarm();
  for (let depth = 3; depth <= 8; depth += 1) {
    path += `/${'d'.repeat(62)}`;
    await operator.expect('opened', { op: 'open', path });
  }
  const resources = Array.from({ length: 16 }, (_, i) => `slot.${'r'.repeat(56)}${i}`);
  const limits = Object.fromEntries(resources.map((resource) => [resource, { limit: 1 }]));
  await operator.expect('limits_set', { op: 'setLimits', path, limits });
  const items = Object.fromEntries(resources.map((resource) => [resource, { amount: 1 }]));
  await ann.expect('granted', request(path, { items }));
  annHeard.length = 0;
  for (let i = 0; i < 300; i += 1) {
    await ann.expect('queued', request(path, { items, maxWaitMs: 600_000 }));
  }
  await operator.expect('frozen', { op: 'freeze', path });
  await until('all are denied', () => annHeard.length >= 300, 10_000);
  assert.ok(annHeard.every(({ kind }) => kind === 'denied'));
});

test('INV-1 after all of it the balances equal a replay from zero', async () => {
  assert.equal(await rig.differences(), []);
});

test.run();
