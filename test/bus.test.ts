import { spawnSync } from 'node:child_process';
import type { BusStatus, Message } from '../bus/bus.ts';
import {
  BusClosed,
  BusTimeout,
  Disconnected,
  KeyRefused,
  MessageTooLarge,
  NoResponders,
  PermissionDenied,
  Unreachable,
} from '../bus/errors.ts';
import { connectBus } from '../bus/nats-bus.ts';
import { makeClientRig, until } from './client-rig.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('bus');
const rig = makeClientRig();
test.before(() => rig.start());
test.after.each(() => rig.tidy());
test.after(() => rig.close());

const text = (value: string) => new TextEncoder().encode(value);
const read = (message: Message) => new TextDecoder().decode(message.data);
const REQUEST = 'bursar.req.wile.acme.request';
const SHARDS = 'bursar.shard.*.req.>';

test('I-09 a request reaches its shard, and the answer comes back in its form', async () => {
  const owner = await rig.bus('owner');
  const seen: Message[] = [];
  owner.subscribe(SHARDS, (message) => {
    seen.push(message);
    message.respond(text(`re: ${read(message)}`), message.contentType);
  });
  await owner.flush();
  const wile = await rig.bus('wile');
  const plain = await wile.request(REQUEST, text('a'), { timeoutMs: 1_000 });
  const json = await wile.request(REQUEST, text('b'), {
    timeoutMs: 1_000,
    contentType: 'application/json',
  });
  assert.equal([read(plain), plain.contentType], ['re: a', undefined]);
  assert.equal([read(json), json.contentType], ['re: b', 'application/json']);
  assert.match(seen[0]?.subject ?? '', /^bursar\.shard\.\d\.req\.wile\.acme\.request$/);
});

test('many requests at once each get their own answer', async () => {
  const owner = await rig.bus('owner');
  const held: Message[] = [];
  owner.subscribe(SHARDS, (message) => {
    held.push(message);
    if (held.length === 50) for (const one of held.reverse()) one.respond(text(read(one)));
  });
  await owner.flush();
  const wile = await rig.bus('wile');
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      wile.request(REQUEST, text(String(i)), { timeoutMs: 2_000 }),
    ),
  );
  assert.equal(
    answers.map(read),
    Array.from({ length: 50 }, (_, i) => String(i)),
  );
});

test('nobody there is told at once, silence after the time-out', async () => {
  const wile = await rig.bus('wile');
  const startMs = performance.now();
  await assert.rejects(
    wile.request(REQUEST, text('a'), { timeoutMs: 5_000 }),
    (error) => error instanceof NoResponders && error.retryable,
  );
  assert.ok(performance.now() - startMs < 1_000);
  const owner = await rig.bus('owner');
  owner.subscribe(SHARDS, () => {});
  await owner.flush();
  await assert.rejects(
    wile.request(REQUEST, text('a'), { timeoutMs: 100 }),
    (error) => error instanceof BusTimeout,
  );
});

test('what the permissions forbid is an error and a status, not a time-out', async () => {
  const wile = await rig.bus('wile');
  const statuses: BusStatus[] = [];
  wile.onStatus((status) => statuses.push(status));
  const startMs = performance.now();
  await assert.rejects(
    wile.request('bursar.req.bugs.acme.request', text('a'), { timeoutMs: 5_000 }),
    (error) => error instanceof PermissionDenied && !error.retryable,
  );
  assert.ok(performance.now() - startMs < 1_000);
  wile.subscribe('bursar.notice.bugs.>', () => {});
  await until('both denials told', () => statuses.length === 2);
  assert.match(JSON.stringify(statuses), /publish of 'bursar\.req\.bugs/);
  assert.match(JSON.stringify(statuses), /subscription of 'bursar\.notice\.bugs/);
});

test('more than the broker takes is refused before it is sent', async () => {
  const wile = await rig.bus('wile');
  await assert.rejects(
    wile.request(REQUEST, new Uint8Array(2_000_000), { timeoutMs: 1_000 }),
    (error) => error instanceof MessageTooLarge,
  );
});

test('R6 when the broker goes, due requests fail at once and nothing is kept for later', async () => {
  const owner = await rig.bus('owner');
  let received = 0;
  owner.subscribe(SHARDS, (message) => {
    received += 1;
    if (read(message) === 'again') message.respond(text('yes'));
  });
  await owner.flush();
  const wile = await rig.bus('wile');
  const statuses: BusStatus[] = [];
  wile.onStatus((status) => statuses.push(status));
  const due = wile.request(REQUEST, text('a'), { timeoutMs: 20_000 });
  const lost = assert.rejects(due, (error) => error instanceof Disconnected);
  await until('the request arrived', () => received === 1);
  const killedAtMs = performance.now();
  await rig.kill();
  await lost;
  assert.ok(performance.now() - killedAtMs < 5_000);
  assert.equal(wile.isConnected(), false);
  assert.throws(() => wile.publish(REQUEST, text('x')), /connection to the broker is away/);
  await assert.rejects(
    wile.request(REQUEST, text('x'), { timeoutMs: 20_000 }),
    (error) => error instanceof Disconnected,
  );
  await assert.rejects(wile.flush(), (error) => error instanceof Disconnected);
  await rig.restart();
  await until('both are back', () => wile.isConnected() && owner.isConnected());
  await owner.flush();
  const answer = await wile.request(REQUEST, text('again'), { timeoutMs: 5_000 });
  assert.equal(read(answer), 'yes');
  assert.equal(received, 2);
  assert.equal(statuses, ['disconnected', 'connected']);
});

test('close fails what is due and everything after', async () => {
  const owner = await rig.bus('owner');
  owner.subscribe(SHARDS, () => {});
  await owner.flush();
  const wile = await rig.bus('wile');
  const statuses: BusStatus[] = [];
  wile.onStatus((status) => statuses.push(status));
  const due = assert.rejects(
    wile.request(REQUEST, text('a'), { timeoutMs: 20_000 }),
    (error) => error instanceof BusClosed,
  );
  await wile.close();
  await due;
  await wile.close();
  assert.equal(statuses, ['closed']);
  assert.throws(() => wile.publish(REQUEST, text('x')), /is closed/);
  assert.throws(() => wile.subscribe('bursar.beat.acme', () => {}), /is closed/);
});

test('a message without a wish for an answer is not answered', async () => {
  const owner = await rig.bus('owner');
  const responded: boolean[] = [];
  owner.subscribe(SHARDS, (message) => {
    responded.push(message.respond(text('no')));
  });
  await owner.flush();
  const wile = await rig.bus('wile');
  wile.publish(REQUEST, text('a'));
  await until('it arrived', () => responded.length === 1);
  assert.equal(responded, [false]);
});

test('after unsubscribe nothing is delivered, and a second call does no harm', async () => {
  const owner = await rig.bus('owner');
  let received = 0;
  const subscription = owner.subscribe(SHARDS, () => {
    received += 1;
  });
  await owner.flush();
  const wile = await rig.bus('wile');
  wile.publish(REQUEST, text('a'));
  await until('it arrived', () => received === 1);
  subscription.unsubscribe();
  subscription.unsubscribe();
  await owner.flush();
  await assert.rejects(
    wile.request(REQUEST, text('a'), { timeoutMs: 5_000 }),
    (error) => error instanceof NoResponders,
  );
  assert.equal(received, 1);
});

test('a handler that throws is seen by the process, and the next message still arrives', () => {
  const program = `
    import { connectBus } from './bus/nats-bus.ts';
    const [url, ownerSeed, wileSeed] = process.argv.slice(1);
    const seen = [];
    process.on('uncaughtException', (error) => seen.push(error.message));
    const owner = await connectBus(url, 'owner', ownerSeed, 'thrower');
    owner.subscribe('${SHARDS}', (message) => {
      if (seen.length === 0) throw new Error('handler broke');
      message.respond(message.data);
    });
    await owner.flush();
    const wile = await connectBus(url, 'wile', wileSeed, 'asker');
    for (const timeoutMs of [200, 5_000]) {
      const request = wile.request('${REQUEST}', new Uint8Array(1), { timeoutMs });
      await request.then(() => seen.push('answered'), (error) => seen.push(error.code));
    }
    await Promise.all([owner.close(), wile.close()]);
    process.stdout.write(JSON.stringify(seen));
  `;
  const seeds = [rig.broker.keys.users.owner.seed, rig.seedOf('wile')];
  const run = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program, rig.broker.url, ...seeds],
    { encoding: 'utf8' },
  );
  assert.equal(run.stdout, '["handler broke","timeout","answered"]', run.stderr);
});

test('an address without a broker and a key that is none are told apart', async () => {
  await assert.rejects(
    connectBus('nats://127.0.0.1:1', 'wile', rig.seedOf('wile'), 'test'),
    (error) => error instanceof Unreachable && error.retryable,
  );
  await assert.rejects(
    connectBus(rig.broker.url, 'wile', 'nonsense', 'test'),
    (error) => error instanceof KeyRefused && !error.retryable,
  );
});

test.run();
