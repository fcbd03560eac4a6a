import type { NatsConnection } from 'nats';
import { type BursarClient, connect, type Emergency, type Silence } from '../client/client.ts';
import { until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, WriterRig } from './writer-rig.ts';

const test = suite('subscribers', { timeoutMs: 60_000 });
const rig = new WriterRig();
const clients: BursarClient[] = [];
let operator: Caller;

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  const limits = { credits: { limit: 1_000 } };
  await operator.expect('opened', { op: 'open', path: 'acme', limits });
  await operator.expect('opened', { op: 'open', path: 'acme/lab' });
  await rig.enrolled('ann', 'acme');
  await rig.enrolled('amy', 'acme', { role: 'approver' });
  await rig.enrolled('lou', 'acme/other', { role: 'approver' });
  const globex = await rig.caller('operator', 'globex');
  await globex.expect('opened', { op: 'open', path: 'globex' });
  await rig.enrolled('eve', 'globex');
});
test.after(async () => {
  await Promise.all(clients.map((client) => client.disconnect({ drainMs: 0 }).catch(() => {})));
  await rig.close();
});

async function clientOf(agent: string, team = 'acme'): Promise<BursarClient> {
  const seed = rig.seedOf(agent);
  const client = await connect({ url: rig.broker.url, agent, team, seed, onWarning: () => {} });
  clients.push(client);
  return client;
}

let freezeCount = 0;
async function freeze(path = 'acme/lab'): Promise<void> {
  freezeCount += 1;
  const id = `f-${freezeCount}`;
  await operator.expect('frozen', { op: 'freeze', id, path });
  await operator.expect('unfrozen', { op: 'unfreeze', path, freeze: id });
}

test('U-03 I-09 who was away hears all of it, in the order of the log, and then what comes', async () => {
  const early: Emergency[] = [];
  const ann = await clientOf('ann');
  ann.onEmergency((emergency) => early.push(emergency));
  for (let i = 0; i < 5; i += 1) await freeze();
  await until('live', () => early.length === 5);
  const late: Emergency[] = [];
  const amy = await clientOf('amy');
  amy.onEmergency((emergency) => late.push(emergency), { since: early[1]?.seq ?? 0 });
  const storm = Array.from({ length: 20 }, () => freeze());
  await until('caught up with the storm', () => early.length === 25 && late.length === 23);
  await Promise.all(storm);
  const idsOf = (all: readonly Emergency[]) => all.map(({ id }) => id);
  const stored = (await rig.storedEmergencies()).map(({ emergency }) => emergency.id);
  assert.equal(idsOf(early), stored, 'no gap, nothing twice, in order');
  assert.equal(idsOf(late), stored.slice(2));
});

test('U-03 a team never hears another one, by whatever way', async () => {
  const eve: NatsConnection = await rig.connect('eve');
  const heard: string[] = [];
  const refused: string[] = [];
  const ways = [
    'bursar.emergency.acme.>',
    'bursar.emergency.acme.lab.critical',
    'bursar.emergency.*.lab.critical',
    'bursar.emergency.>',
    'bursar.notice.ann.>',
    'bursar.notice.*.acme.>',
    'bursar.beat.acme',
    'bursar.beat.*',
    'bursar.events.acme.>',
    'bursar.>',
    '*.*.acme.>',
    '_INBOX_ann.>',
    '_INBOX_operator.>',
    '>',
  ];
  for (const subject of ways) {
    for (const queue of [undefined, 'workers']) {
      eve.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error) refused.push(subject);
          else heard.push(message.subject);
        },
      });
    }
  }
  await eve.flush();
  await until('each is refused', () => refused.length === 2 * ways.length);
  const asks = [
    ['bursar.req.eve.acme.emergencies', { op: 'emergencies' }],
    ['bursar.req.ann.acme.emergencies', { op: 'emergencies' }],
    ['bursar.req.operator.acme.emergencies', { op: 'emergencies' }],
    ['$JS.API.STREAM.INFO.EMERGENCIES', {}],
    ['$JS.API.STREAM.MSG.GET.EMERGENCIES', { last_by_subj: 'bursar.emergency.acme.>' }],
    ['$JS.API.DIRECT.GET.EMERGENCIES', { seq: 1 }],
    ['$JS.API.DIRECT.GET.EMERGENCIES.bursar.emergency.acme.lab.critical', {}],
    [
      '$JS.API.CONSUMER.CREATE.EMERGENCIES',
      { stream_name: 'EMERGENCIES', config: { deliver_subject: '_INBOX_eve.x' } },
    ],
    ['$JS.API.CONSUMER.MSG.NEXT.EMERGENCIES.x', {}],
  ] as const;
  for (const [subject, body] of asks) {
    const outcome = eve.request(subject, JSON.stringify(body), { timeout: 400 });
    await outcome.then(
      (reply) => assert.unreachable(`${subject} is answered: ${reply.string()}`),
      () => {},
    );
  }
  const theirs: unknown[] = [];
  const client = await clientOf('eve', 'globex');
  client.onEmergency((emergency) => theirs.push(emergency));
  assert.equal((await client.emergencies()).emergencies, [], 'the op tells of the own team alone');
  await freeze();
  await eve.flush();
  await client.emergencies();
  assert.equal([heard, theirs], [[], []]);
});

test('U-03 I-09 a writer that is gone is noticed by its silence, and heard again', async () => {
  const ann = await clientOf('ann');
  const told: Silence[] = [];
  const items = { credits: { amount: 1 } };
  const held = await ann.request('acme/lab/run-1', { items }).catch(() => undefined);
  assert.is(held?.outcome, 'denied', 'no run is open yet');
  await operator.expect('opened', { op: 'open', path: 'acme/lab/run-1' });
  const { id } = await ann.requestOrThrow('acme/lab/run-1', { items, ttlMs: 600_000 });
  const end = ann.onSilence((silence) => told.push(silence), { beats: 2 });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.equal(told, [], 'it beats');
  await rig.stopWriters();
  await until('silent', () => told.length === 1, 10_000);
  assert.equal([told[0]?.isSilent, told[0]?.isConnected], [true, true]);
  assert.ok((told[0]?.forMs ?? 0) >= 2_000, `${told[0]?.forMs} ms`);
  await rig.startWriter();
  await until('heard', () => told.length === 2, 10_000);
  assert.is(told[1]?.isSilent, false);
  end();
  await ann.release(id);
});

test('T-05 an approver is told of what waits, and whoever asked gets the outcome', async () => {
  const rule = { name: 'big', path: 'acme', resource: 'credits', above: 100, effect: 'approve' };
  await operator.expect('policy_set', {
    op: 'setPolicy',
    path: 'acme',
    policy: { rules: [rule] },
  });
  const [ann, amy, lou] = [await clientOf('ann'), await clientOf('amy'), await clientOf('lou')];
  const others: unknown[] = [];
  lou.onNotice((notice) => others.push(notice));
  ann.onNotice((notice) => others.push(notice.kind === 'approval' ? notice : undefined));
  const approvals: unknown[] = [];
  amy.onNotice(({ kind, id, approval }) => {
    if (kind !== 'approval' || approval === undefined) return;
    approvals.push([approval.agent, approval.path, approval.requested, approval.rule]);
    const op = approval.requested === 101 ? 'approve' : 'decline';
    return amy.send({ op, request: id });
  });
  const ask = (amount: number) =>
    ann.request('acme/lab/run-1', { items: { credits: { amount } }, ttlMs: 60_000 });
  assert.is((await ask(101)).outcome, 'granted');
  const declined = await ask(102);
  assert.is(declined.outcome === 'denied' && declined.reason, 'approval_declined');
  assert.equal(approvals, [
    ['ann', 'acme/lab/run-1', 101, 'big'],
    ['ann', 'acme/lab/run-1', 102, 'big'],
  ]);
  assert.equal(
    others.filter((one) => one !== undefined),
    [],
    'nobody else is told',
  );
});

test.run();
