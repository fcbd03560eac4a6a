import type { Message } from '../bus/bus.ts';
import { BusTimeout, Disconnected, NoResponders } from '../bus/errors.ts';
import { SubjectPattern } from '../bus/subject-match.ts';
import { shardOf } from '../events/shard-of.ts';
import type { World } from '../sim/world/world.ts';
import { busContract } from './bus-contract.ts';
import { assert, suite } from './harness/suite.ts';
import { performIn, read, text, worldOf } from './sim-world-rig.ts';

const REQUEST = 'bursar.req.wile.acme.request';
const SHARDS = 'bursar.shard.*.req.>';

const contract = suite('sim: the bus contract');
busContract(contract, async (body) => {
  const world = worldOf();
  world.broker.admit('wile', 'acme');
  world.broker.admit('bugs', 'globex');
  let comeBack = () => {};
  await performIn(world, () => {
    const { host, bus } = handle(world, 'tester');
    return body({
      bus: async (user) => bus(user),
      killBroker: async () => {
        comeBack = world.broker.goAway();
      },
      restartBroker: async () => comeBack(),
      nowMs: () => host.steadyMs(),
      until: async (what, holds) => {
        const endAtMs = host.steadyMs() + 5_000;
        while (!holds()) {
          if (host.steadyMs() > endAtMs) throw new Error(`${what}: not within 5 s`);
          await host.pause(5);
        }
      },
    });
  });
});
contract.run();

const test = suite('sim: broker and bus');

test('a request is heard by its shard, as the mapping of nats.conf has it', async () => {
  const world = worldOf({ shards: 3 });
  const seen: string[] = [];
  await echoing(world, (message) => seen.push(message.subject));
  await asking(world, 'a');
  assert.equal(seen, [`bursar.shard.${shardOf('acme', 3)}.req.wile.acme.request`]);
  assert.not.equal(shardOf('acme', 3), 0, 'a shard that nobody would take by mistake');
});

test('wildcards match as the broker has it', () => {
  const matches = (pattern: string, subject: string) =>
    new SubjectPattern(pattern).matches(subject.split('.'));
  assert.is(matches('a.*.c', 'a.b.c'), true);
  assert.is(matches('a.*.c', 'a.b.d'), false);
  assert.is(matches('a.*', 'a.b.c'), false);
  assert.is(matches('a.>', 'a.b.c'), true);
  assert.is(matches('a.>', 'a'), false);
  const covers = (pattern: string, other: string) => new SubjectPattern(pattern).covers(other);
  assert.is(covers('a.>', 'a.*.c'), true);
  assert.is(covers('a.>', 'a.>'), true);
  assert.is(covers('a.b.>', 'a.>'), false);
  assert.is(covers('a.b', 'a.*'), false);
  assert.is(covers('a.*', 'a.*'), true);
});

test('a receiver that writes into a message changes it for nobody else', async () => {
  const world = worldOf();
  const seen: string[] = [];
  for (const name of ['one', 'other']) {
    await echoing(
      world,
      (message) => {
        seen.push(read(message));
        message.data.fill(0);
      },
      name,
    );
  }
  const sent = text('hello');
  await performIn(world, async () => {
    const bus = handle(world, 'tester').bus('wile');
    bus.publish(REQUEST, sent);
    sent.fill(0);
    await bus.flush();
  });
  await world.runFor(10);
  assert.equal(seen, ['hello', 'hello']);
});

test('messages of one sender stay in order, whatever each takes', async () => {
  const world = worldOf();
  const seen: string[] = [];
  await echoing(world, (message) => seen.push(read(message)));
  await performIn(world, async () => {
    const bus = handle(world, 'tester').bus('wile');
    for (let i = 0; i < 100; i += 1) bus.publish(REQUEST, text(String(i)));
    await bus.flush();
  });
  await world.runFor(10);
  assert.equal(
    seen,
    Array.from({ length: 100 }, (_, i) => String(i)),
  );
});

test('what is dropped does not arrive, and it is counted', async () => {
  const world = worldOf({ faults: { messageDropped: 1 } });
  const seen: Message[] = [];
  await echoing(world, (message) => seen.push(message));
  await assert.rejects(asking(world, 'a'), (error) => error instanceof BusTimeout);
  assert.equal(seen, []);
  assert.equal(world.faults.counts, { messageDropped: 1 });
  assert.equal(
    world.transcript.entries.map(({ arrivals }) => arrivals.length),
    [0],
  );
});

test('what is doubled arrives twice or more, and is answered once to the asker', async () => {
  const world = worldOf({ faults: { messageDuplicated: 1 } });
  const seen: string[] = [];
  await echoing(world, (message) => seen.push(read(message)));
  assert.is(await asking(world, 'a'), 'a');
  await world.runFor(10_000);
  assert.equal(seen, ['a', 'a', 'a', 'a']);
  const [entry] = world.transcript.entries;
  assert.equal([entry?.arrivals.length, entry?.replies.length], [4, 4]);
});

test('what is overtaken arrives out of order; when the faults stop, order is back', async () => {
  const world = worldOf({ faults: { messageOvertaken: 0.3 } });
  const seen: number[] = [];
  await echoing(world, (message) => seen.push(Number(read(message))));
  const count = async () => {
    await performIn(world, async () => {
      const bus = handle(world, 'tester').bus('wile');
      for (let i = 0; i < 30; i += 1) bus.publish(REQUEST, text(String(i)));
      await bus.flush();
    });
    await world.runFor(1_000);
    return seen.splice(0);
  };
  const sorted = Array.from({ length: 30 }, (_, i) => i);
  const mixed = await count();
  assert.not.equal(mixed, sorted);
  assert.equal(
    mixed.sort((a, b) => a - b),
    sorted,
  );
  world.faults.calm();
  assert.equal(await count(), sorted);
});

test('a delay holds up all that comes after it', async () => {
  const world = worldOf({ faults: { messageDelayed: 0.2 } });
  const seen: number[] = [];
  await echoing(world, (message) => seen.push(Number(read(message))));
  await performIn(world, async () => {
    const bus = handle(world, 'tester').bus('wile');
    for (let i = 0; i < 30; i += 1) bus.publish(REQUEST, text(String(i)));
    await bus.flush();
  });
  await world.runFor(10_000);
  assert.equal(
    seen,
    Array.from({ length: 30 }, (_, i) => i),
  );
  assert.ok((world.transcript.entries.at(-1)?.arrivals[0]?.atMs ?? 0) > 500);
  assert.ok((world.faults.counts['messageDelayed'] ?? 0) > 3);
});

test('a process that is reset loses what is on its way, and comes back by itself', async () => {
  const world = worldOf();
  const seen: string[] = [];
  await echoing(world, (message) => seen.push(read(message)));
  const asker = world.process('asker');
  const statuses: unknown[] = [];
  await performIn(
    world,
    async () => {
      const bus = asker.bus('wile');
      bus.onStatus((status) => statuses.push(status));
      const due = assert.rejects(
        bus.request(REQUEST, text('a'), { timeoutMs: 5_000 }),
        (error) => error instanceof Disconnected,
      );
      world.broker.reset(asker);
      await due;
      await asker.host.pause(500);
      assert.is(read(await bus.request(REQUEST, text('b'), { timeoutMs: 5_000 })), 'b');
    },
    { name: 'asker' },
  );
  assert.equal(statuses, ['disconnected', 'connected']);
  assert.equal(seen, ['b']);
});

test('cut off shortly, a process sees only that it takes longer', async () => {
  const world = worldOf();
  await echoing(world, () => {});
  const asker = world.process('asker');
  const answered = performIn(
    world,
    async () => {
      const bus = asker.bus('wile');
      await asker.host.pause(100);
      return read(await bus.request(REQUEST, text('a'), { timeoutMs: 8_000 }));
    },
    { name: 'asker' },
  );
  at(world, 50, () => world.broker.cut(asker));
  at(world, 5_000, () => world.broker.heal(asker));
  assert.is(await answered, 'a');
  assert.ok(world.nowMs > 5_000);
});

test('cut off for long, it notices by itself; nothing of before arrives afterwards', async () => {
  const world = worldOf();
  const seen: string[] = [];
  await echoing(world, (message) => seen.push(read(message)));
  const asker = world.process('asker');
  const noticed = performIn(
    world,
    async () => {
      const bus = asker.bus('wile');
      const statuses: unknown[] = [];
      bus.onStatus((status) => statuses.push([status, Math.floor(world.nowMs / 1_000)]));
      await asker.host.pause(100);
      bus.publish(REQUEST, text('lost'));
      await asker.host.pause(30_000);
      assert.is(read(await bus.request(REQUEST, text('b'), { timeoutMs: 5_000 })), 'b');
      return statuses as [string, number][];
    },
    { name: 'asker' },
  );
  at(world, 50, () => world.broker.cut(asker));
  at(world, 20_000, () => world.broker.heal(asker));
  const [lost, back] = await noticed;
  assert.is(lost?.[0], 'disconnected');
  assert.ok((lost?.[1] ?? 0) >= 10 && (lost?.[1] ?? 99) <= 15, `${lost}`);
  assert.equal(back, ['connected', 20]);
  assert.equal(seen, ['b']);
});

test('who asks one that is cut off hears silence; who asks one that crashed, that nobody is there', async () => {
  const world = worldOf();
  const owner = await echoing(world, () => {});
  world.broker.cut(owner);
  await assert.rejects(asking(world, 'a'), (error) => error instanceof BusTimeout);
  world.broker.heal(owner);
  await world.runFor(20_000);
  assert.is(await asking(world, 'b'), 'b');
  owner.crash();
  await world.runFor(10);
  await assert.rejects(asking(world, 'c'), (error) => error instanceof NoResponders);
});

test('who is disconnected is not there for others until it is back', async () => {
  const world = worldOf();
  const owner = await echoing(world, () => {});
  owner.pause();
  world.broker.reset(owner);
  await assert.rejects(asking(world, 'a'), (error) => error instanceof NoResponders);
  owner.resume();
  await world.runFor(500);
  assert.is(await asking(world, 'b'), 'b');
});

test('the transcript has what was asked, by whom, what reached whom, and what was answered', async () => {
  const world = worldOf();
  await echoing(world, () => {});
  await asking(world, 'hello');
  const [entry] = world.transcript.entries;
  assert.equal(
    [entry?.agent, entry?.team, entry?.op, entry?.from],
    ['wile', 'acme', 'request', 'tester'],
  );
  const [arrival] = entry?.arrivals ?? [];
  const [reply] = entry?.replies ?? [];
  assert.equal(
    [arrival?.process, arrival?.shard, reply?.process],
    ['owner', reply?.shard, 'owner'],
  );
  assert.equal(reply?.bytes, text('hello'));
  const times = [
    entry?.sentAtMs,
    arrival?.atMs,
    reply?.repliedAtMs,
    reply?.arrivedAtMs,
  ] as number[];
  assert.equal(
    times,
    [...times].sort((a, b) => a - b),
  );
  assert.ok((times[1] ?? 0) > (times[0] ?? 0) && (times[3] ?? 0) > (times[2] ?? 0));
});

test('a handler that throws ends the run, with the process and the stack', async () => {
  const world = worldOf();
  await echoing(world, () => {
    throw new Error('handler broke');
  });
  handle(world, 'tester').start(() => {
    handle(world, 'tester').bus('wile').publish(REQUEST, text('a'));
  });
  assert.is(await world.run({ untilMs: 1_000 }), 'uncaught');
  const { process, error } = world.scheduler.uncaught[0] ?? {};
  assert.is(process, 'owner');
  assert.ok(error instanceof Error);
  assert.match(error.stack ?? '', /handler broke[\s\S]*sim-world-bus/);
});

test.run();

function handle(world: World, name: string) {
  const process = world.processes.find((one) => one.name === name) ?? world.process(name);
  return {
    host: process.host,
    bus: (user: string) => process.bus(user),
    start: (work: () => unknown) => process.start(work),
  };
}

/** A process that stands in for the writer, and answers each request with its own bytes. */
async function echoing(world: World, heard: (message: Message) => void, name = 'owner') {
  const process = world.process(name);
  await performIn(
    world,
    async () => {
      const bus = process.bus('owner');
      bus.subscribe(SHARDS, (message) => {
        const bytes = message.data.slice();
        heard(message);
        message.respond(bytes);
      });
      await bus.flush();
    },
    { name },
  );
  return process;
}

function asking(world: World, question: string): Promise<string> {
  return performIn(world, async () => {
    const bus = handle(world, 'tester').bus('wile');
    return read(await bus.request(REQUEST, text(question), { timeoutMs: 5_000 }));
  });
}

function at(world: World, atMs: number, work: () => void): void {
  world.scheduler.at(atMs, 'arrival', undefined, work);
}
