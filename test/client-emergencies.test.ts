import type { Emergency, Silence } from '../client/client.ts';
import { makeClientRig, type StandIn, until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('client: emergencies');
const rig = makeClientRig();
test.before(() => rig.start());
test.after.each(() => rig.tidy());
test.after(() => rig.close());

function emergency(seq: number, kind: Emergency['kind'] = 'warning'): Emergency {
  return {
    id: `0-${seq}-0`,
    subject: `bursar.emergency.acme.lab.${kind}`,
    team: 'acme',
    swarm: 'lab',
    kind,
    path: 'acme/lab',
    atMs: 1_700_000_000_000,
    seq,
    detail: 'credits of acme/lab is used to 76.0 % of 100',
  };
}

/** Answers catch-up from `log`, at most `countMax` at once, as the writer does. */
function serve(standIn: StandIn, log: Emergency[], countMax = 500): void {
  standIn.answering = ({ since = 0 }) => {
    const emergencies = log.filter(({ seq }) => seq > Number(since)).slice(0, countMax);
    const position = emergencies.at(-1)?.seq ?? Number(since);
    return { outcome: 'emergencies', emergencies, position };
  };
}

const publish = (standIn: StandIn, one: Emergency) => standIn.publish(one.subject, one);

test('U-03 first what was missed, all of it, then live; each is told once', async () => {
  const standIn = await rig.standIn();
  const log = [1, 2, 3, 4, 5].map((seq) => emergency(seq));
  serve(standIn, log, 2);
  const client = await rig.connect();
  const told: number[] = [];
  client.onEmergency(({ seq }) => told.push(seq));
  await until('caught up', () => told.length === 5);
  publish(standIn, emergency(5));
  publish(standIn, emergency(6, 'critical'));
  await until('live', () => told.length === 6);
  assert.equal(told, [1, 2, 3, 4, 5, 6]);
});

test('U-03 from a position onwards', async () => {
  const standIn = await rig.standIn();
  serve(
    standIn,
    [1, 2, 3].map((seq) => emergency(seq)),
  );
  const client = await rig.connect();
  const told: number[] = [];
  client.onEmergency(({ seq }) => told.push(seq), { since: 2 });
  await until('caught up', () => told.length === 1);
  assert.equal(told, [3]);
});

test('U-03 what came while the broker was dead is told when it is back, nothing twice', async () => {
  const standIn = await rig.standIn();
  const log = [emergency(1)];
  serve(standIn, log);
  const client = await rig.connect();
  const told: number[] = [];
  client.onEmergency(({ seq }) => told.push(seq));
  await until('caught up', () => told.length === 1);
  publish(standIn, emergency(2));
  await until('live', () => told.length === 2);
  await rig.kill();
  log.push(emergency(2), emergency(3));
  await rig.restart();
  await until('told', () => told.length === 3);
  assert.equal(told, [1, 2, 3]);
});

test('U-03 what comes live while the missed are asked for waits for them', async () => {
  const standIn = await rig.standIn();
  serve(
    standIn,
    [1, 2, 3].map((seq) => emergency(seq)),
  );
  standIn.delayMs = 300;
  const client = await rig.connect();
  const told: number[] = [];
  client.onEmergency(({ seq }) => told.push(seq));
  await until('asked', () => standIn.of('emergencies').length === 1);
  publish(standIn, emergency(3));
  publish(standIn, emergency(4));
  await until('all', () => told.length === 4);
  assert.equal(told, [1, 2, 3, 4]);
});

test('U-03 where nobody answers, live ones are told all the same, those before them later', async () => {
  const standIn = await rig.standIn();
  serve(standIn, [emergency(1)]);
  await standIn.stopListening();
  const client = await rig.connect({ timeoutMs: 3_000, onWarning: () => {} });
  const told: number[] = [];
  client.onEmergency(({ seq }) => told.push(seq));
  await new Promise((resolve) => setTimeout(resolve, 100));
  publish(standIn, emergency(2));
  await until('live', () => told.length === 1);
  await standIn.listen();
  await until('the one before', () => told.length === 2, 8_000);
  assert.equal(told, [2, 1]);
});

test('U-03 what is kept no longer is a warning', async () => {
  const standIn = await rig.standIn();
  standIn.answering = ({ since = 0 }) => ({
    outcome: 'emergencies',
    emergencies: Number(since) < 9 ? [emergency(9)] : [],
    position: 9,
    ...(Number(since) < 9 ? { incomplete: true as const } : {}),
  });
  const warnings: string[] = [];
  const client = await rig.connect({ onWarning: ({ code }) => warnings.push(code) });
  const told: number[] = [];
  client.onEmergency(({ seq }) => told.push(seq), { since: 3 });
  await until('told', () => told.length === 1 && warnings.length === 1);
  assert.equal(warnings, ['emergencies_forgotten']);
});

test('I-09 an idle team without beats is not silent while its governor answers', async () => {
  const standIn = await rig.standIn();
  serve(standIn, []);
  const client = await rig.connect();
  const told: Silence[] = [];
  client.onSilence((silence) => told.push(silence), { beats: 2 });
  await until('asked instead', () => standIn.of('emergencies').length === 1);
  await standIn.stopListening();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.equal(told, [], 'without a beat nothing is waited for any more');
  standIn.publish('bursar.beat.acme', {});
  await until('silent', () => told.length === 1, 6_000);
  assert.equal([told[0]?.isSilent, told[0]?.isConnected], [true, true]);
});

test('confused deputy: another subject, team or kind in the content is dropped and counted', async () => {
  const standIn = await rig.standIn();
  serve(standIn, []);
  const client = await rig.connect();
  const told: number[] = [];
  const end = client.onEmergency(({ seq }) => told.push(seq));
  await until('caught up', () => standIn.of('emergencies').length > 0);
  await client.emergencies();
  const { subject } = emergency(1);
  standIn.publish(subject, { ...emergency(1), subject: 'bursar.emergency.globex.lab.warning' });
  standIn.publish(subject, { ...emergency(2), team: 'globex' });
  standIn.publish(subject, { ...emergency(3), kind: 'stop' });
  standIn.publish(subject, { outcome: 'granted' });
  publish(standIn, emergency(5));
  await until('the true one', () => told.length === 1);
  assert.equal(told, [5]);
  assert.is(client.counts.dropped, 4);
  end();
  assert.is(client.counts.dropped, 4);
  publish(standIn, emergency(6));
  await client.emergencies();
  assert.equal(told, [5]);
});

test('a handler that fails is a warning and hears of the next one', async () => {
  const standIn = await rig.standIn();
  serve(standIn, [emergency(1), emergency(2)]);
  const warnings: string[] = [];
  const client = await rig.connect({ onWarning: ({ code }) => warnings.push(code) });
  let toldCount = 0;
  client.onEmergency(async () => {
    toldCount += 1;
    throw new Error('pager down');
  });
  await until('warned', () => warnings.length === 2);
  assert.is(toldCount, 2);
  assert.equal(warnings, ['handler_failed', 'handler_failed']);
});

test.run();
