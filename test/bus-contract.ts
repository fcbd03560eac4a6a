import type { Bus, BusStatus, Message } from '../bus/bus.ts';
import {
  BusClosed,
  BusTimeout,
  Disconnected,
  MessageTooLarge,
  NoResponders,
  PermissionDenied,
} from '../bus/errors.ts';
import { assert, type Suite } from './harness/suite.ts';

/** A broker with agents `wile` (acme) and `bugs` (globex), and a clock of its own. */
export interface BusTrial {
  bus(user: string): Promise<Bus>;
  /** Ends the broker as a crash would. */
  killBroker(): Promise<void>;
  restartBroker(): Promise<void>;
  nowMs(): number;
  /** Waits until something holds, and fails when it does not. */
  until(what: string, holds: () => boolean): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const read = (message: Message) => new TextDecoder().decode(message.data);
const REQUEST = 'bursar.req.wile.acme.request';
const SHARDS = 'bursar.shard.*.req.>';

type Case = (trial: BusTrial) => Promise<void>;

/** What every bus must do. @param perform runs a case on a broker where nobody is connected yet */
export function busContract(test: Suite, perform: (body: Case) => Promise<void>): void {
  for (const [name, body] of CASES) test(name, () => perform(body));
}

const CASES: [name: string, body: Case][] = [];
const add = (name: string, body: Case) => CASES.push([name, body]);

add('I-09 a request reaches its shard, and the answer comes back in its form', async (trial) => {
  const owner = await trial.bus('owner');
  const seen: Message[] = [];
  owner.subscribe(SHARDS, (message) => {
    seen.push(message);
    message.respond(text(`re: ${read(message)}`), message.contentType);
  });
  await owner.flush();
  const wile = await trial.bus('wile');
  const plain = await wile.request(REQUEST, text('a'), { timeoutMs: 1_000 });
  const json = await wile.request(REQUEST, text('b'), {
    timeoutMs: 1_000,
    contentType: 'application/json',
  });
  assert.equal([read(plain), plain.contentType], ['re: a', undefined]);
  assert.equal([read(json), json.contentType], ['re: b', 'application/json']);
  assert.match(seen[0]?.subject ?? '', /^bursar\.shard\.\d\.req\.wile\.acme\.request$/);
});

add('many requests at once each get their own answer', async (trial) => {
  const owner = await trial.bus('owner');
  const held: Message[] = [];
  owner.subscribe(SHARDS, (message) => {
    held.push(message);
    if (held.length === 50) for (const one of held.reverse()) one.respond(text(read(one)));
  });
  await owner.flush();
  const wile = await trial.bus('wile');
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

add('nobody there is told at once, silence after the time-out', async (trial) => {
  const wile = await trial.bus('wile');
  const startMs = trial.nowMs();
  await assert.rejects(
    wile.request(REQUEST, text('a'), { timeoutMs: 5_000 }),
    (error) => error instanceof NoResponders && error.retryable,
  );
  assert.ok(trial.nowMs() - startMs < 1_000);
  const owner = await trial.bus('owner');
  owner.subscribe(SHARDS, () => {});
  await owner.flush();
  await assert.rejects(
    wile.request(REQUEST, text('a'), { timeoutMs: 100 }),
    (error) => error instanceof BusTimeout,
  );
});

add('what the permissions forbid is an error and a status, not a time-out', async (trial) => {
  const wile = await trial.bus('wile');
  const statuses: BusStatus[] = [];
  wile.onStatus((status) => statuses.push(status));
  const startMs = trial.nowMs();
  await assert.rejects(
    wile.request('bursar.req.bugs.acme.request', text('a'), { timeoutMs: 5_000 }),
    (error) => error instanceof PermissionDenied && !error.retryable,
  );
  assert.ok(trial.nowMs() - startMs < 1_000);
  wile.subscribe('bursar.notice.bugs.>', () => {});
  await trial.until('both denials told', () => statuses.length === 2);
  assert.match(JSON.stringify(statuses), /publish of 'bursar\.req\.bugs/);
  assert.match(JSON.stringify(statuses), /subscription of 'bursar\.notice\.bugs/);
});

add('more than the broker takes is refused before it is sent', async (trial) => {
  const wile = await trial.bus('wile');
  await assert.rejects(
    wile.request(REQUEST, new Uint8Array(2_000_000), { timeoutMs: 1_000 }),
    (error) => error instanceof MessageTooLarge,
  );
});

add(
  'R6 when the broker goes, due requests fail at once and nothing is kept for later',
  async (trial) => {
    const owner = await trial.bus('owner');
    let received = 0;
    owner.subscribe(SHARDS, (message) => {
      received += 1;
      if (read(message) === 'again') message.respond(text('yes'));
    });
    await owner.flush();
    const wile = await trial.bus('wile');
    const statuses: BusStatus[] = [];
    wile.onStatus((status) => statuses.push(status));
    const due = wile.request(REQUEST, text('a'), { timeoutMs: 20_000 });
    const lost = assert.rejects(due, (error) => error instanceof Disconnected);
    await trial.until('the request arrived', () => received === 1);
    const killedAtMs = trial.nowMs();
    await trial.killBroker();
    await lost;
    assert.ok(trial.nowMs() - killedAtMs < 5_000);
    assert.equal(wile.isConnected(), false);
    assert.throws(() => wile.publish(REQUEST, text('x')), /connection to the broker is away/);
    await assert.rejects(
      wile.request(REQUEST, text('x'), { timeoutMs: 20_000 }),
      (error) => error instanceof Disconnected,
    );
    await assert.rejects(wile.flush(), (error) => error instanceof Disconnected);
    await trial.restartBroker();
    await trial.until('both are back', () => wile.isConnected() && owner.isConnected());
    await owner.flush();
    const answer = await wile.request(REQUEST, text('again'), { timeoutMs: 5_000 });
    assert.equal(read(answer), 'yes');
    assert.equal(received, 2);
    assert.equal(statuses, ['disconnected', 'connected']);
  },
);

add('close fails what is due and everything after', async (trial) => {
  const owner = await trial.bus('owner');
  owner.subscribe(SHARDS, () => {});
  await owner.flush();
  const wile = await trial.bus('wile');
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

add('a message without a wish for an answer is not answered', async (trial) => {
  const owner = await trial.bus('owner');
  const responded: boolean[] = [];
  owner.subscribe(SHARDS, (message) => {
    responded.push(message.respond(text('no')));
  });
  await owner.flush();
  const wile = await trial.bus('wile');
  wile.publish(REQUEST, text('a'));
  await trial.until('it arrived', () => responded.length === 1);
  assert.equal(responded, [false]);
});

add('after unsubscribe nothing is delivered, and a second call does no harm', async (trial) => {
  const owner = await trial.bus('owner');
  let received = 0;
  const subscription = owner.subscribe(SHARDS, () => {
    received += 1;
  });
  await owner.flush();
  const wile = await trial.bus('wile');
  wile.publish(REQUEST, text('a'));
  await trial.until('it arrived', () => received === 1);
  subscription.unsubscribe();
  subscription.unsubscribe();
  await owner.flush();
  await assert.rejects(
    wile.request(REQUEST, text('a'), { timeoutMs: 5_000 }),
    (error) => error instanceof NoResponders,
  );
  assert.equal(received, 1);
});

add('of a queue each message reaches one member, beside all who hear it alone', async (trial) => {
  const owners = [await trial.bus('owner'), await trial.bus('owner'), await trial.bus('owner')];
  const heard = [0, 0, 0];
  owners.forEach((owner, i) => {
    const queue = i === 2 ? {} : { queue: 'writers' };
    owner.subscribe(SHARDS, () => heard.splice(i, 1, (heard[i] ?? 0) + 1), queue);
  });
  for (const owner of owners) await owner.flush();
  const wile = await trial.bus('wile');
  for (let i = 0; i < 40; i += 1) wile.publish(REQUEST, text('a'));
  await wile.flush();
  const sum = () => heard.reduce((all, one) => all + one, 0);
  await trial.until('all arrived', () => sum() >= 80);
  const [one = 0, other = 0, alone] = heard;
  assert.equal([one + other, alone], [40, 40]);
  assert.ok(one > 0 && other > 0, `${heard}`);
});

add('drain still delivers what was sent before, and nothing after', async (trial) => {
  const owner = await trial.bus('owner');
  const heard: string[] = [];
  const subscription = owner.subscribe(SHARDS, (message) => heard.push(read(message)));
  await owner.flush();
  const wile = await trial.bus('wile');
  wile.publish(REQUEST, text('before'));
  await wile.flush();
  await subscription.drain();
  wile.publish(REQUEST, text('after'));
  await wile.flush();
  await owner.flush();
  assert.equal(heard, ['before']);
});

add('a subscription made while the broker is away stands when it is back', async (trial) => {
  const owner = await trial.bus('owner');
  const wile = await trial.bus('wile');
  await trial.killBroker();
  await trial.until('both are away', () => !owner.isConnected() && !wile.isConnected());
  const heard: string[] = [];
  owner.subscribe(SHARDS, (message) => {
    heard.push(read(message));
    assert.is(message.respond(text('yes')), true);
  });
  await trial.restartBroker();
  await trial.until('both are back', () => wile.isConnected() && owner.isConnected());
  await owner.flush();
  const answer = await wile.request(REQUEST, text('a'), { timeoutMs: 5_000 });
  assert.equal([heard, read(answer)], [['a'], 'yes']);
});

add('an answer to somebody while the connection is away is none', async (trial) => {
  const owner = await trial.bus('owner');
  let message: Message | undefined;
  owner.subscribe(SHARDS, (received) => {
    message = received;
  });
  await owner.flush();
  const wile = await trial.bus('wile');
  const lost = assert.rejects(wile.request(REQUEST, text('a'), { timeoutMs: 20_000 }));
  await trial.until('the request arrived', () => message !== undefined);
  await trial.killBroker();
  await lost;
  await trial.until('the owner is away', () => !owner.isConnected());
  assert.is(message?.respond(text('late')), false);
  await trial.restartBroker();
  await trial.until('both are back', () => wile.isConnected() && owner.isConnected());
});
