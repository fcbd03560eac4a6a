import { Chance } from '../sim/world/chance.ts';
import { WORLD_BEGINS_AT_MS } from '../sim/world/process-host.ts';
import { Scheduler } from '../sim/world/scheduler.ts';
import { TaskHeap } from '../sim/world/task-heap.ts';
import { assert, suite } from './harness/suite.ts';
import { performIn, text, worldOf } from './sim-world-rig.ts';

const chance = suite('sim: chance');

chance('the same path gives the same numbers, another one others', () => {
  const draw = (path: string) => {
    const drawn = new Chance(path);
    return Array.from({ length: 5 }, () => drawn.next());
  };
  assert.equal(draw('1/network'), draw('1/network'));
  assert.not.equal(draw('1/network'), draw('2/network'));
});

chance('drawing more in one fork changes nothing in another', () => {
  const one = new Chance('7');
  const other = new Chance('7');
  for (let i = 0; i < 100; i += 1) one.fork('network').next();
  one.next();
  assert.is(one.fork('disk').next(), other.fork('disk').next());
});

chance('numbers are spread evenly, and ranges are kept', () => {
  const drawn = new Chance('spread');
  const tens = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 20_000; i += 1) {
    const place = drawn.below(10);
    tens[place] = (tens[place] ?? 0) + 1;
  }
  for (const count of tens) assert.ok(count > 1_800 && count < 2_200, `${tens}`);
  for (let i = 0; i < 100; i += 1) {
    const number = drawn.between(3, 4);
    assert.ok(number >= 3 && number < 4);
  }
  assert.equal([drawn.happens(0), drawn.happens(1)], [false, true]);
});

chance.run();

const scheduling = suite('sim: scheduler');

scheduling('the heap gives tasks by time, then order, and lets any be taken out', () => {
  const drawn = new Chance('heap');
  const heap = new TaskHeap<{ atMs: number; order: number; place: number }>();
  const tasks = Array.from({ length: 300 }, (_, order) => {
    return { atMs: drawn.below(40), order, place: -1 };
  });
  for (const task of tasks) heap.put(task);
  const kept = tasks.filter(() => drawn.happens(0.7));
  for (const task of tasks) if (!kept.includes(task)) heap.take(task);
  const out: typeof tasks = [];
  for (let next = heap.peek(); next !== undefined; next = heap.peek()) {
    heap.take(next);
    out.push(next);
  }
  assert.equal(
    out,
    kept.sort((a, b) => a.atMs - b.atMs || a.order - b.order),
  );
});

scheduling('between two tasks all promises and ticks of the first have run', async () => {
  const scheduler = new Scheduler();
  const seen: string[] = [];
  for (const name of ['a', 'b']) {
    scheduler.at(5, 'arrival', undefined, () => {
      seen.push(name);
      process.nextTick(() => {
        seen.push(`${name} tick`);
        queueMicrotask(() => process.nextTick(() => seen.push(`${name} tick of a microtask`)));
      });
      void (async () => {
        for (let i = 0; i < 50; i += 1) await undefined;
        seen.push(`${name} 50 awaits`);
      })();
    });
  }
  assert.is(await scheduler.run({}), 'idle');
  const all = (name: string) =>
    ['tick', '50 awaits', 'tick of a microtask'].map((s) => `${name} ${s}`);
  assert.equal(seen, ['a', ...all('a'), 'b', ...all('b')]);
});

scheduling('time is that of the task, and stops where the run is told to end', async () => {
  const scheduler = new Scheduler();
  const seen: number[] = [];
  for (const atMs of [30, 10.5, 20]) {
    scheduler.at(atMs, 'arrival', undefined, () => seen.push(scheduler.nowMs));
  }
  assert.is(await scheduler.run({ untilMs: 25 }), 'reached');
  assert.equal([seen, scheduler.nowMs], [[10.5, 20], 25]);
  assert.is(await scheduler.run({ until: () => seen.length === 3 }), 'held');
  assert.equal([seen.at(-1), scheduler.nowMs], [30, 30]);
});

scheduling(
  'what is called off does not run, and periodic work does not keep a run going',
  async () => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    scheduler.at(1, 'timer', undefined, () => seen.push('a'));
    const callOff = scheduler.at(2, 'timer', undefined, () => seen.push('b'));
    scheduler.at(3, 'background', undefined, () => seen.push('c'));
    callOff();
    callOff();
    assert.is(await scheduler.run({ isIdleEnough: true }), 'idle');
    assert.equal(seen, ['a']);
  },
);

const BREAKS: readonly [string, () => unknown][] = [
  [
    'a task',
    () => {
      throw new Error('broke');
    },
  ],
  [
    'a tick',
    () =>
      process.nextTick(() => {
        throw new Error('broke');
      }),
  ],
  [
    'a microtask',
    () =>
      queueMicrotask(() => {
        throw new Error('broke');
      }),
  ],
  ['a promise that nobody looks at', () => void Promise.reject(new Error('broke'))],
];
for (const [what, breaks] of BREAKS) {
  scheduling(`an error in ${what} ends the run, not the process, and says where`, async () => {
    const world = worldOf();
    const seen: string[] = [];
    const culprit = world.process('culprit');
    for (let i = 0; i < 40; i += 1) world.process(`other-${i}`).start(() => seen.push('before'));
    culprit.start(breaks);
    world.process('last').start(() => seen.push('after'));
    assert.is(await world.runFor(1_000), 'uncaught');
    const [uncaught, more] = world.scheduler.uncaught;
    assert.equal([uncaught?.process, more], ['culprit', undefined]);
    assert.ok(uncaught?.error instanceof Error && uncaught.error.stack?.includes('sim-world.test'));
    assert.is(seen.includes('after'), false);
    assert.is(await world.runFor(1_000), 'uncaught');
  });
}

scheduling.run();

const processes = suite('sim: process');

processes('clocks: the wall can be set by hours, the monotonic one never falls', async () => {
  const world = worldOf();
  const process = world.process('p');
  const { host } = process;
  await world.runFor(1_000);
  const [wallMs, steadyMs] = [host.wallMs(), host.steadyMs()];
  assert.ok(Math.abs(wallMs - WORLD_BEGINS_AT_MS - 1_000) <= 1);
  assert.is(Number.isInteger(wallMs), true);
  process.jumpClock(-3_600_000);
  assert.ok(host.wallMs() < wallMs - 3_599_000);
  process.jumpClock(7_200_000);
  assert.ok(host.wallMs() > wallMs + 3_599_000);
  const later = Array.from({ length: 100 }, () => host.steadyMs());
  assert.equal(
    later,
    [...later].sort((a, b) => a - b),
  );
  assert.ok((later[99] ?? 0) > steadyMs, 'looking takes a moment');
  assert.ok((later[99] ?? 0) < steadyMs + 2);
  assert.ok(Math.abs(world.process('q').host.steadyMs() - host.steadyMs()) > 100);
});

processes(
  'timers fire at their time, periodic ones again and again, pauses end early',
  async () => {
    const world = worldOf();
    const { host } = world.process('p');
    const seen: Record<string, number[]> = {};
    const note = (what: string) => () => {
      seen[what] = [...(seen[what] ?? []), Math.floor(world.nowMs)];
    };
    const abort = new AbortController();
    await performIn(
      world,
      async () => {
        host.after(30, note('once'));
        host.after(25, note('never'))();
        const end = host.every(10, note('every'));
        void host.pause(1_000, abort.signal).then(note('pause'));
        host.after(20, () => abort.abort());
        await host.pause(45);
        end();
        await host.pause(100);
      },
      { name: 'p' },
    );
    const { every = [], ...others } = seen;
    assert.equal(others, { once: [30], pause: [20] });
    // Each time up to half a millisecond late, as timers are.
    assert.equal(
      every.map((ms) => Math.floor(ms / 10)),
      [1, 2, 3, 4],
    );
  },
);

processes('the next turn comes after all that has arrived', async () => {
  const world = worldOf();
  const process = world.process('p');
  const seen: string[] = [];
  process.start(() => {
    seen.push('first');
    process.host.nextTurn(() => seen.push('next turn'));
  });
  process.start(() => seen.push('arrived'));
  await world.runFor(1);
  assert.equal(seen, ['first', 'arrived', 'next turn']);
});

processes(
  'nothing of a process runs after its crash: no timer, no answer, no promise',
  async () => {
    const world = worldOf();
    const process = world.process('p');
    const seen: string[] = [];
    process.start(async () => {
      process.host.every(10, () => seen.push('tick'));
      await process.host.files.replace('f', text('x'));
      seen.push('written');
      await process.host.pause(50);
      seen.push('rested');
    });
    await world.runFor(35);
    process.crash();
    await world.runFor(1_000);
    assert.equal(seen, ['written', 'tick', 'tick', 'tick']);
    assert.is(process.isAlive, false);
  },
);

processes('what a crashed process still throws is no error of the world', async () => {
  const world = worldOf();
  const process = world.process('p');
  process.start(() => {
    process.crash();
    throw new Error('too late');
  });
  assert.is(await world.runFor(10), 'reached');
});

processes(
  'steps are counted, and a crash comes before or after the one that is named',
  async () => {
    const written = async (step: number, side: 'before' | 'after') => {
      const world = worldOf();
      const process = world.process('p');
      process.crashAt(step, side);
      process.start(async () => {
        for (const name of ['1', '2', '3']) {
          await process.host.files.replace(name, text(name));
          await process.host.pause(5);
        }
      });
      await world.runFor(1_000);
      return [process.stepCount, process.isAlive, process.machine.files.length];
    };
    // Each round: a file, a timer. What was under way at the crash may be there or not.
    assert.equal(await written(99, 'before'), [6, true, 3]);
    assert.equal(await written(2, 'before'), [2, false, 1]);
    assert.equal(await written(3, 'before'), [3, false, 1]);
    assert.equal(await written(4, 'after'), [4, false, 2]);
  },
);

processes('a paused process stands still and sees to everything when it goes on', async () => {
  const world = worldOf();
  const process = world.process('p');
  const seen: string[] = [];
  const calledOff: string[] = [];
  process.start(() => {
    process.host.every(10, () => seen.push('tick'));
    process.host.after(20, () => {
      seen.push('once');
      cancel();
    });
    const cancel = process.host.after(30, () => calledOff.push('fired'));
  });
  await world.runFor(15);
  const steadyMs = process.host.steadyMs();
  process.pause();
  await world.runFor(500);
  assert.equal(seen, ['tick']);
  process.resume();
  await world.runFor(1);
  assert.equal(seen.sort(), ['once', 'tick', 'tick']);
  assert.equal(calledOff, []);
  assert.ok(process.host.steadyMs() > steadyMs + 500);
  await world.runFor(20);
  assert.is(seen.length, 5);
});

processes('a paused process that crashes does not come back by being resumed', async () => {
  const world = worldOf();
  const process = world.process('p');
  const seen: string[] = [];
  process.start(() => process.host.after(20, () => seen.push('once')));
  await world.runFor(10);
  process.pause();
  await world.runFor(50);
  process.crash();
  process.resume();
  await world.runFor(50);
  assert.equal(seen, []);
});

processes(
  'files belong to the machine: the next process finds what the last one wrote',
  async () => {
    const world = worldOf();
    const machine = world.machine('m');
    const first = world.process('first', machine);
    await performIn(world, () => first.host.files.replace('d/a', text('one')), { name: 'first' });
    first.crash();
    const { files } = world.process('second', machine).host;
    await performIn(
      world,
      async () => {
        assert.equal(await files.read('d/a'), text('one'));
        assert.equal(await files.list('d'), ['a']);
        assert.equal(await files.read('d/b'), undefined);
        await files.replace('d/a', text('two'));
        machine.makeStale('d/a');
        assert.equal(await files.read('d/a'), text('one'));
        machine.tear('d/a', 2);
        assert.equal(await files.read('d/a'), text('on'));
        await files.remove('d/a');
        assert.equal(await files.list('d'), []);
      },
      { name: 'second' },
    );
  },
);

processes('a disk that takes no write says so, and keeps what it had', async () => {
  const world = worldOf({ faults: { fileRefused: 1 } });
  const { machine, host } = world.process('p');
  machine.write('f', text('old'));
  await performIn(
    world,
    async () => {
      await assert.rejects(host.files.replace('f', text('new')), /no space left/);
      await assert.rejects(host.files.remove('f'), /no space left/);
      assert.equal(await host.files.read('f'), text('old'));
    },
    { name: 'p' },
  );
  assert.equal(world.faults.counts, { fileRefused: 2 });
});

processes('a file whose writing a crash cut short is the old one or the new one', async () => {
  const found = new Set<string>();
  for (let seed = 0; seed < 20; seed += 1) {
    const world = worldOf({ seed });
    const process = world.process('p');
    process.machine.write('f', text('old'));
    process.crashAt(1, 'after');
    process.start(() => process.host.files.replace('f', text('new')));
    await world.runFor(100);
    found.add(new TextDecoder().decode(process.machine.read('f')));
  }
  assert.equal([...found].sort(), ['new', 'old']);
});

processes.run();
