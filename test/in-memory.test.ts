import { MemoryBus } from '../bus/memory-bus.ts';
import type { AnswerOf } from '../events/answers.ts';
import type { CommandInput } from '../events/commands.ts';
import { VirtualHost } from '../host/virtual-host.ts';
import { GovernorInMemory } from '../writer/in-memory.ts';
import { assert, suite } from './harness/suite.ts';

const STARTS_AT_MS = Date.UTC(2026, 0, 1);
const POT = 'acme/pot';
const running: GovernorInMemory[] = [];

const test = suite('the governor without NATS');
test.after.each(() => Promise.all(running.splice(0).map((governor) => governor.stop())));

/** A pot of 100 in a governor of its own. */
async function givenPot() {
  const governor = await GovernorInMemory.start({ startsAtMs: STARTS_AT_MS });
  running.push(governor);
  const ask = (command: CommandInput) => governor.ask('operator', 'acme', command);
  await ask({ op: 'open', path: 'acme' });
  await ask({ op: 'open', path: POT, limits: { credits: { limit: 100 } } });
  const request = (id: string, amount: number, ttlMs = 1_000) =>
    ask({ op: 'request', id, path: POT, items: { credits: { amount } }, ttlMs });
  const held = async () => {
    const { lines } = (await ask({ op: 'balance', path: POT })) as AnswerOf<'balance'>;
    return lines[0]?.held;
  };
  return { governor, ask, request, held };
}

test('it decides as the writer does, and its answers stand in a log', async () => {
  const { ask, request } = await givenPot();
  const first = await request('a', 60);
  assert.equal(
    [first.outcome, first.outcome === 'granted' && first.expiresInMs],
    ['granted', 1_000],
  );
  assert.ok(first.evidence?.hash !== undefined, 'a signed block holds it');
  assert.is((await request('b', 60)).outcome, 'denied');
  const again = await request('a', 60);
  assert.equal([again.outcome, 'replayed' in again], ['granted', true]);
  const settled = await ask({ op: 'settle', id: 's', allocation: 'a', actual: { credits: 50 } });
  assert.equal(settled.outcome === 'settled' && settled.returned, { credits: 10 });
});

test('its clock moves when it is told to, and what falls due then is over', async () => {
  const { governor, request, held } = await givenPot();
  await request('a', 60);
  await governor.pass(999);
  assert.is(await held(), 60);
  await governor.pass(1);
  assert.is(await held(), 0);
  await request('b', 60, 24 * 60 * 60 * 1_000);
  await governor.pass(30 * 24 * 60 * 60 * 1_000);
  assert.is(await held(), 0, 'after a long sleep too');
});

test('another writer goes on from its log, with the same books and answers', async () => {
  const { governor, ask, request } = await givenPot();
  await request('a', 60);
  await ask({ op: 'settle', id: 's', allocation: 'a', actual: { credits: 70 } });
  await request('b', 20);
  const before = await ask({ op: 'balance', path: POT });
  await governor.restart();
  assert.equal(await ask({ op: 'balance', path: POT }), before);
  const again = await request('b', 20);
  assert.equal([again.outcome, 'replayed' in again], ['granted', true]);
});

test('a clock that is set back revives nothing and holds nothing up', async () => {
  const { governor, request, held } = await givenPot();
  await governor.setClock(STARTS_AT_MS + 10_000);
  await request('a', 60);
  await governor.setClock(STARTS_AT_MS + 5_000);
  await governor.setClock(STARTS_AT_MS + 10_999);
  assert.is(await held(), 60);
  await governor.setClock(STARTS_AT_MS + 11_000);
  assert.is(await held(), 0);
});

test('two of them have nothing in common', async () => {
  const [one, other] = [await givenPot(), await givenPot()];
  await one.request('a', 100);
  assert.equal([await one.held(), await other.held()], [100, 0]);
});

test('messages within a process reach their shard, or nobody', async () => {
  const host = new VirtualHost(STARTS_AT_MS);
  const bus = new MemoryBus(4, (ms, work) => host.after(ms, work));
  const subject = 'bursar.req.ann.acme.balance';
  const ask = () => bus.request(subject, new Uint8Array([1]), { timeoutMs: 100 });
  await assert.rejects(ask(), /Nobody answers/);
  const heard: string[] = [];
  const listening = bus.subscribe('bursar.shard.*.req.>', (message) => {
    heard.push(message.subject);
    if (message.data[0] === 1) message.respond(new Uint8Array([2]));
  });
  assert.equal([...(await ask()).data], [2]);
  assert.match(heard[0] ?? '', /^bursar\.shard\.[0-3]\.req\.ann\.acme\.balance$/);
  const silent = bus.request(subject, new Uint8Array([0]), { timeoutMs: 100 });
  await Promise.all([assert.rejects(silent, /100 ms/), host.pass(100)]);
  listening.unsubscribe();
  await assert.rejects(ask(), /Nobody answers/);
});

test('a host calls back what is due, in order, and once what comes again and again', async () => {
  const host = new VirtualHost(0);
  const called: string[] = [];
  host.after(20, () => called.push('late'));
  host.after(10, () => called.push('early'));
  host.every(3, () => called.push('again'));
  const callOff = host.after(5, () => called.push('never'));
  callOff();
  await host.pass(9);
  assert.equal(called, ['again']);
  await host.pass(11);
  assert.equal(called, ['again', 'early', 'again', 'late']);
  assert.equal([host.wallMs(), host.steadyMs()], [20, 20]);
  await host.setWall(15);
  assert.equal([host.wallMs(), host.steadyMs()], [15, 20]);
});
test.run();
