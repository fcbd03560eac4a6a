import type { NatsConnection } from 'nats';
import { type BursarClient, connect, type Emergency, type Notice } from '../client/client.ts';
import { encode } from '../events/codec.ts';
import { publishOutcome } from './broker-rig.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('I-07 what an agent cannot do to the governor');
const rig = new WriterRig();
let operator: Caller;
let wile: Caller;
let road: Caller;
let raw: NatsConnection;
let bugs: BursarClient;
const bugsNotices: Notice[] = [];
const bugsEmergencies: Emergency[] = [];

const RUN = 'acme/lab/run';
const request = (more: object = {}): Sent => ({
  op: 'request',
  path: RUN,
  items: { credits: { amount: 10 } },
  ...more,
});

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  for (const path of ['acme', 'acme/lab']) await operator.expect('opened', { op: 'open', path });
  await operator.expect('opened', { op: 'open', path: RUN, limits: { credits: { limit: 100 } } });
  const globex = await rig.caller('operator', 'globex');
  await globex.expect('opened', { op: 'open', path: 'globex' });
  wile = await rig.enrolled('wile', 'acme/lab');
  road = await rig.enrolled('road', 'acme/lab');
  await rig.enrolled('bugs', 'globex');
  raw = await rig.connect('wile');
  bugs = await connect({
    url: rig.broker.url,
    agent: 'bugs',
    team: 'globex',
    seed: rig.seedOf('bugs'),
  });
  bugs.onNotice((notice) => bugsNotices.push(notice));
  bugs.onEmergency((emergency) => bugsEmergencies.push(emergency));
  await bugs.balance('globex');
});
test.after(async () => {
  await bugs.disconnect();
  await rig.close();
});

/** Everything that is written: both logs, the stream of emergencies. */
async function written(): Promise<number[]> {
  const [zero, one] = [await rig.logOfShard(0), await rig.logOfShard(1)];
  return [zero.messages.length, one.messages.length, (await rig.storedEmergencies()).length];
}

test('it writes neither the ledger nor what only the writer may say', async () => {
  const before = await written();
  for (const subject of [
    'ledger.0.blk',
    'ledger.1.epoch',
    'bursar.emergency.acme.~.stop',
    'bursar.notice.road.acme.granted',
    'bursar.beat.acme',
    'bursar.shard.1.req.operator.acme.freeze',
    'bursar.owner.ping.1',
    'bursar.req.operator.acme.freeze',
    'bursar.req.road.acme.release',
    'bursar.req.wile.globex.balance',
  ]) {
    assert.is(await publishOutcome(raw, subject, 'x'), 'denied', subject);
  }
  assert.equal(await written(), before);
});

test('it acts for no other team, whatever the path in its command', async () => {
  for (const command of [
    { op: 'open', path: 'globex/lab' },
    { op: 'close', path: 'globex' },
    { op: 'balance', path: 'globex' },
    { op: 'freeze', path: 'globex' },
    { op: 'stop', path: 'globex' },
    { op: 'setLimits', path: 'globex', limits: {} },
    { op: 'queue', path: 'globex' },
  ]) {
    assert.is((await wile.expect('refused', command)).code, 'wrong_team', command.op);
  }
  const asked = { op: 'request', path: 'globex/x', items: { credits: { amount: 1 } } };
  assert.is((await wile.expect('refused', asked)).code, 'wrong_team');
});

test("it does nothing to another agent's allocation or waiting request", async () => {
  const held = await wile.expect('granted', request({ id: 'mine' }));
  const whole = { items: { credits: { amount: 95 } }, maxWaitMs: 60_000 };
  await wile.expect('queued', request({ id: 'waits', ...whole }));
  const before = await written();
  const use = await operator.use(RUN);
  for (const command of [
    { op: 'settle', allocation: held.id, actual: { credits: 0 } },
    { op: 'settle', allocation: held.id, actual: { credits: 99 } },
    { op: 'release', allocation: held.id },
    { op: 'renew', allocation: held.id, byMs: 60_000 },
    { op: 'report', id: 'r', allocation: held.id, used: { credits: 10 } },
    { op: 'resize', allocation: held.id, items: { credits: 1 } },
    { op: 'cancel', request: 'waits' },
  ]) {
    const answer = await road.expect('refused', command);
    assert.is(answer.code, 'not_permitted', JSON.stringify(answer));
    assert.match(answer.advice, /operator/);
  }
  const own = request({ id: 'mine' });
  assert.is((await road.expect('refused', own)).field, 'agent', 'the id is taken, not shared');
  assert.equal(await operator.use(RUN), use);
  assert.equal(await written(), before);
  await wile.expect('settled', { op: 'settle', allocation: held.id, actual: { credits: 3 } });
});

test('commands of operators are not for it', async () => {
  const before = await written();
  for (const command of [
    { op: 'setLimits', path: RUN, limits: { credits: { limit: 1_000 } } },
    { op: 'topUp', id: 't', path: RUN, amounts: { credits: 1_000 } },
    { op: 'charge', id: 'c', path: RUN, amounts: { credits: 1 } },
    { op: 'adjust', id: 'a', allocation: 'mine', actual: { credits: 0 } },
    { op: 'setPolicy', path: 'acme/lab', policy: {} },
    { op: 'enrol', agent: 'wile', role: 'operator', prefix: 'acme' },
    { op: 'dismiss', agent: 'road' },
    { op: 'freeze', path: RUN },
    { op: 'stop', path: RUN },
    { op: 'close', path: 'acme/lab' },
  ]) {
    const answer = await wile.expect('refused', command);
    assert.is(answer.code, 'not_permitted', `${command.op}: ${answer.message}`);
  }
  assert.equal(await written(), before);
});

test('a reply subject makes no answer of the writer a record, an emergency or a command', async () => {
  const before = await written();
  const balance = encode({ op: 'balance', path: RUN });
  const replies = [
    'ledger.0.blk',
    'ledger.1.blk',
    'ledger.1.epoch',
    '$JS.API.STREAM.DELETE.LEDGER_1',
    'bursar.emergency.acme.~.stop',
    'bursar.emergency.globex.~.stop',
    'bursar.shard.1.req.operator.acme.freeze',
    'bursar.req.operator.acme.freeze',
    'bursar.owner.ping.1',
    'live.ledger.1.blk',
  ];
  for (const reply of replies) raw.publish('bursar.req.wile.acme.balance', balance, { reply });
  await raw.flush();
  // One writer, one order: whatever came before is done.
  const { phase } = await operator.expect('balance', { op: 'balance', path: 'acme' });
  assert.is(phase, 'open');
  assert.equal(await written(), before);
});

test('an answer that lands on the subject of a notice or an emergency is dropped there', async () => {
  const dropped = bugs.counts.dropped;
  const asks: Sent[] = [
    { op: 'balance', path: RUN },
    { op: 'status', of: 'mine' },
    { op: 'explain', of: 'mine' },
    { op: 'emergencies' },
    request({ id: 'again' }),
  ];
  const replies = [
    'bursar.notice.bugs.globex.granted',
    'bursar.notice.bugs.globex.stop',
    'bursar.emergency.globex.~.stop',
    'bursar.emergency.globex.lab.critical',
  ];
  for (const reply of replies) {
    for (const ask of asks) raw.publish(`bursar.req.wile.acme.${ask.op}`, encode(ask), { reply });
  }
  await raw.flush();
  await until('they have arrived', () => bugs.counts.dropped - dropped === 20);
  assert.equal([bugsNotices.length, bugsEmergencies.length], [0, 0]);
});

test('what the writer does say arrives: the drop is no deafness', async () => {
  const globex = await rig.caller('operator', 'globex');
  await globex.expect('frozen', { op: 'freeze', id: 'fr', path: 'globex' });
  await until('the emergency is heard', () => bugsEmergencies.length === 1);
  assert.is(bugsEmergencies[0]?.kind, 'critical');
});

test.run();
