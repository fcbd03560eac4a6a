import { type NatsConnection, nanos } from 'nats';
import { addAgent } from '../broker/agents.ts';
import type { RunningBroker } from '../broker/start.ts';
import { shardOf } from '../events/shard-of.ts';
import { makeRig, publishOutcome, subscribeOutcome } from './broker-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('broker: who may do what');
const rig = makeRig();
let broker: RunningBroker;
let owner: NatsConnection;
let projector: NatsConnection;
let auditor: NatsConnection;
let operator: NatsConnection;
let sys: NatsConnection;
let wile: NatsConnection;
let bugs: NatsConnection;

test.before(async () => {
  broker = await rig.start();
  await addAgent(broker.dataDir, { name: 'wile', team: 'acme' });
  await addAgent(broker.dataDir, { name: 'bugs', team: 'globex' });
  const users = ['owner', 'projector', 'auditor', 'operator', 'sys', 'wile', 'bugs'];
  const all = await Promise.all(users.map((user) => rig.connect(broker, user)));
  [owner, projector, auditor, operator, sys, wile, bugs] = all as [
    NatsConnection,
    NatsConnection,
    NatsConnection,
    NatsConnection,
    NatsConnection,
    NatsConnection,
    NatsConnection,
  ];
  const manager = await owner.jetstreamManager();
  for (const shard of [0, 1]) {
    await manager.streams.add({
      name: `LEDGER_${shard}`,
      subjects: [`ledger.${shard}.epoch`, `ledger.${shard}.blk`],
      max_bytes: 10_000_000,
      duplicate_window: nanos(120_000),
      deny_delete: true,
      deny_purge: true,
      allow_direct: true,
      republish: { src: `ledger.${shard}.>`, dest: `live.ledger.${shard}.>` },
    });
  }
  await manager.streams.add({
    name: 'EMERGENCIES',
    subjects: ['bursar.emergency.>'],
    max_bytes: 10_000_000,
    allow_direct: true,
  });
});
test.after(() => rig.close());

async function ledgerMessages(): Promise<number[]> {
  const manager = await owner.jetstreamManager();
  const infos = await Promise.all([0, 1].map((n) => manager.streams.info(`LEDGER_${n}`)));
  return infos.map((info) => info.state.messages);
}

async function outcomes(connection: NatsConnection, subjects: readonly string[]) {
  const entries = await Promise.all(
    subjects.map(async (subject) => [subject, await publishOutcome(connection, subject)] as const),
  );
  return Object.fromEntries(entries);
}

function allDenied(subjects: readonly string[]) {
  return Object.fromEntries(subjects.map((subject) => [subject, 'denied']));
}

test('an agent can publish nothing but requests under its own name and team', async () => {
  const denied = [
    'ledger.0.blk',
    'ledger.0.epoch',
    'bursar.req.bugs.acme.request',
    'bursar.req.wile.globex.request',
    'bursar.req.operator.acme.request',
    'bursar.shard.0.req.wile.acme.request',
    'bursar.emergency.acme.~.stop',
    'bursar.notice.wile.acme.granted',
    'bursar.notice.bugs.globex.granted',
    'bursar.beat.acme',
    'bursar.events.acme.s.Opened',
    'live.ledger.0.blk',
    '_R_.x',
    '_INBOX_bugs.x',
    '$JS.API.INFO',
    '$JS.API.STREAM.DELETE.LEDGER_0',
    '$SYS.REQ.SERVER.PING.JSZ',
  ];
  assert.equal(await outcomes(wile, denied), allDenied(denied));
  assert.is(await publishOutcome(wile, 'bursar.req.wile.acme.request'), 'nobody listens');
  assert.equal(await ledgerMessages(), [0, 0]);
});

test('an agent hears its own notices and its team, and nothing else', async () => {
  const expected = {
    'bursar.notice.wile.>': 'allowed',
    'bursar.emergency.acme.>': 'allowed',
    'bursar.beat.acme': 'allowed',
    'bursar.events.acme.>': 'allowed',
    '_INBOX_wile.>': 'allowed',
    'bursar.notice.bugs.>': 'denied',
    'bursar.notice.>': 'denied',
    'bursar.emergency.globex.>': 'denied',
    'bursar.emergency.>': 'denied',
    'bursar.beat.globex': 'denied',
    'bursar.events.globex.>': 'denied',
    'bursar.req.>': 'denied',
    '_INBOX_bugs.>': 'denied',
    '_INBOX.>': 'denied',
    'ledger.>': 'denied',
    'live.ledger.>': 'denied',
    '>': 'denied',
  };
  const got = await Promise.all(
    Object.keys(expected).map(async (subject) => [subject, await subscribeOutcome(wile, subject)]),
  );
  assert.equal(Object.fromEntries(got), expected);
});

test('notices, emergencies, beats and events reach the team and the operator only', async () => {
  const heard: string[] = [];
  const listen = (who: string, connection: NatsConnection, subject: string) =>
    connection.subscribe(subject, {
      callback: (_error, message) => heard.push(`${who} ${message.subject}`),
    });
  for (const kind of ['notice.wile', 'emergency.acme', 'events.acme']) {
    listen('wile', wile, `bursar.${kind}.>`);
  }
  listen('wile', wile, 'bursar.beat.acme');
  for (const kind of ['notice.*.>', 'emergency.*.>', 'events.*.>', 'beat.*']) {
    listen('operator', operator, `bursar.${kind}`);
  }
  for (const kind of ['notice.bugs', 'emergency.globex', 'events.globex']) {
    listen('bugs', bugs, `bursar.${kind}.>`);
  }
  await Promise.all([wile.flush(), operator.flush(), bugs.flush()]);

  owner.publish('bursar.notice.wile.acme.granted');
  owner.publish('bursar.emergency.acme.~.stop');
  owner.publish('bursar.beat.acme');
  projector.publish('bursar.events.acme.s.Opened');
  await Promise.all([owner.flush(), projector.flush()]);
  await Promise.all([wile.flush(), operator.flush(), bugs.flush()]);

  const sent = [
    'beat.acme',
    'emergency.acme.~.stop',
    'events.acme.s.Opened',
    'notice.wile.acme.granted',
  ];
  assert.equal(
    heard.sort(),
    ['operator', 'wile'].flatMap((who) => sent.map((subject) => `${who} bursar.${subject}`)),
  );
});

test('the owner commits, but cannot delete, purge or change a stream', async () => {
  const js = owner.jetstream();
  const before = await ledgerMessages();
  await js.publish('ledger.0.epoch', 'claim');
  await js.publish('ledger.0.blk', 'block');
  assert.equal(await ledgerMessages(), [(before[0] ?? 0) + 2, before[1]]);
  const denied = [
    '$JS.API.STREAM.DELETE.LEDGER_0',
    '$JS.API.STREAM.PURGE.LEDGER_0',
    '$JS.API.STREAM.MSG.DELETE.LEDGER_0',
    '$JS.API.STREAM.UPDATE.LEDGER_0',
    '$JS.API.STREAM.RESTORE.LEDGER_2',
    '$JS.API.STREAM.DELETE.EMERGENCIES',
    '$JS.API.STREAM.PURGE.EMERGENCIES',
    'bursar.events.acme.s.Opened',
    '_INBOX_wile.x',
  ];
  assert.equal(await outcomes(owner, denied), allDenied(denied));
});

for (const reader of ['projector', 'auditor'] as const) {
  test(`the ${reader} reads streams and cannot write, create, delete or consume`, async () => {
    const connection = reader === 'projector' ? projector : auditor;
    await owner.jetstream().publish('ledger.1.blk', 'to be read');
    const manager = await connection.jetstreamManager();
    const { state } = await manager.streams.info('LEDGER_1');
    const direct = await connection.request(
      '$JS.API.DIRECT.GET.LEDGER_1',
      JSON.stringify({ seq: state.last_seq }),
    );
    assert.is(direct.string(), 'to be read');
    const stored = await manager.streams.getMessage('LEDGER_1', { seq: state.last_seq });
    assert.is(stored.subject, 'ledger.1.blk');

    const before = await ledgerMessages();
    const denied = [
      'ledger.0.blk',
      'ledger.0.epoch',
      'bursar.emergency.acme.~.stop',
      'bursar.notice.wile.acme.granted',
      'bursar.beat.acme',
      'bursar.req.wile.acme.request',
      '_R_.x',
      '$JS.API.STREAM.CREATE.X',
      '$JS.API.STREAM.DELETE.LEDGER_0',
      '$JS.API.STREAM.PURGE.LEDGER_0',
      '$JS.API.CONSUMER.CREATE.LEDGER_1.x',
      '$JS.API.CONSUMER.MSG.NEXT.LEDGER_1.x',
    ];
    assert.equal(await outcomes(connection, denied), allDenied(denied));
    assert.equal(await ledgerMessages(), before);
  });

  test(`the ${reader} cannot make the server's own answers land in the ledger`, async () => {
    const connection = reader === 'projector' ? projector : auditor;
    await owner.jetstream().publish('ledger.1.blk', 'bait');
    const before = await ledgerMessages();
    const bait = JSON.stringify({ seq: 1 });
    for (const [subject, body] of [
      ['$JS.API.INFO', ''],
      ['$JS.API.STREAM.NAMES', ''],
      ['$JS.API.STREAM.INFO.LEDGER_1', ''],
      ['$JS.API.STREAM.MSG.GET.LEDGER_1', bait],
      ['$JS.API.DIRECT.GET.LEDGER_1', bait],
      ['$JS.API.DIRECT.GET.LEDGER_1', JSON.stringify({ seq: 1, batch: 10 })],
    ] as const) {
      connection.publish(subject, body, { reply: 'ledger.0.blk' });
    }
    await connection.flush();
    // A request of the same connection is answered after those before it.
    await (await connection.jetstreamManager()).streams.info('LEDGER_1');
    assert.equal(await ledgerMessages(), before);
  });
}

test('the projector follows the live feed, the auditor does not', async () => {
  const feed = projector.subscribe('live.ledger.>', { max: 1, timeout: 2_000 });
  await projector.flush();
  await owner.jetstream().publish('ledger.1.blk', 'live');
  for await (const message of feed) {
    assert.is(message.subject, 'live.ledger.1.blk');
    assert.is(message.string(), 'live');
  }
  assert.is(await subscribeOutcome(auditor, 'live.ledger.>'), 'denied');
  assert.is(await subscribeOutcome(projector, 'bursar.notice.>'), 'denied');
});

test('the operator asks under its own name for every team, and for nobody else', async () => {
  assert.is(await publishOutcome(operator, 'bursar.req.operator.globex.balance'), 'nobody listens');
  const denied = ['bursar.req.wile.acme.request', 'ledger.0.blk', 'bursar.emergency.acme.~.stop'];
  assert.equal(await outcomes(operator, denied), allDenied(denied));
});

test('the SYS user reads the state of the server and can do nothing else', async () => {
  const reply = await sys.request('$SYS.REQ.SERVER.PING.JSZ', '', { timeout: 2_000 });
  assert.is(
    reply.json<{ data: { config: { sync_always: boolean } } }>().data.config.sync_always,
    true,
  );
  const denied = [
    `$SYS.REQ.SERVER.${broker.pid}.RELOAD`,
    '$SYS.REQ.ACCOUNT.AGENTS.CONNS',
    'ledger.0.blk',
  ];
  assert.equal(await outcomes(sys, denied), allDenied(denied));
});

test('a request arrives at the shard of its team, with a reply that the server made', async () => {
  const seen: string[] = [];
  const requests = owner.subscribe('bursar.shard.*.req.>', {
    callback: (_error, message) => {
      seen.push(message.subject);
      assert.match(message.reply ?? '', /^_R_\./);
      message.respond('answer');
    },
  });
  await owner.flush();
  const before = await ledgerMessages();
  const teams = ['acme', 'globex', 'a', 'Z_9', 'team-with-a-longer-name', 'x'.repeat(64)];
  for (const team of teams) {
    const reply = await operator.request(`bursar.req.operator.${team}.balance`, '', {
      timeout: 2_000,
    });
    assert.is(reply.string(), 'answer');
  }
  wile.publish('bursar.req.wile.acme.request', '', { reply: 'ledger.0.blk' });
  await wile.flush();
  await owner.flush();
  requests.unsubscribe();
  assert.equal(seen, [
    ...teams.map((team) => `bursar.shard.${shardOf(team, 8)}.req.operator.${team}.balance`),
    `bursar.shard.${shardOf('acme', 8)}.req.wile.acme.request`,
  ]);
  assert.equal(await ledgerMessages(), before);
});

test('shardOf is FNV-1a: the published vectors', () => {
  const modulo = 2 ** 32;
  assert.is(shardOf('', modulo), 0x811c9dc5);
  assert.is(shardOf('a', modulo), 0xe40c292c);
  assert.is(shardOf('foobar', modulo), 0xbf9cf968);
});

test.run();
