import type { Host } from '../host/host.ts';
import { systemHost } from '../host/system-host.ts';
import { AUDIT_PACE, AuditTurns } from '../writer/audit-turns.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('turns of the background audits');

/** A host whose clock moves by what is waited for and by what work is said to take. */
function slowHost() {
  let nowMs = 0;
  const rested: number[] = [];
  let onTurn = () => {};
  const host: Host = {
    ...systemHost,
    steadyMs: () => nowMs,
    pause: async (ms) => {
      rested.push(ms);
      nowMs += ms;
    },
    nextTurn: (work) => {
      onTurn();
      setImmediate(work);
    },
  };
  return {
    host,
    rested,
    work: (ms: number) => {
      nowMs += ms;
    },
    eachTurn: (then: () => void) => {
      onTurn = then;
    },
  };
}

const signal = new AbortController().signal;

test('a slice is over after its millisecond, or its steps where the clock stands still', async () => {
  const { host, work } = slowHost();
  const turns = new AuditTurns(host, { ...AUDIT_PACE, stepsMax: 3 });
  const slice = await turns.begin(signal);
  assert.is(slice.isOver(), false);
  work(AUDIT_PACE.sliceMs);
  assert.is(slice.isOver(), true);
  await slice.giveWay();
  assert.equal([slice.isOver(), slice.isOver(), slice.isOver()], [false, false, true]);
});

test('after a slice it rests: three times as long when nobody asks, ninety-nine times when somebody does', async () => {
  const { host, work, rested } = slowHost();
  const turns = new AuditTurns(host);
  const slice = await turns.begin(signal);
  work(2);
  await slice.giveWay();
  assert.equal(rested, [6]);
  turns.noteWork();
  work(1);
  await slice.giveWay();
  assert.equal(rested, [6, 99]);
});

test('it gives way to requests, and is not put off for ever', async () => {
  const { host, rested, eachTurn } = slowHost();
  const turns = new AuditTurns(host);
  let asked = 0;
  eachTurn(() => {
    asked += 1;
    if (asked <= 3) turns.noteWork();
  });
  (await turns.begin(signal)).end();
  assert.is(rested.length, 3, 'it waited while requests came');
  eachTurn(() => turns.noteWork());
  (await turns.begin(signal)).end();
  assert.ok(rested.length <= 14, 'and works in spite of them in the end');
});

test('audits take turns, and one that is done twice hands its turn on once', async () => {
  const { host } = slowHost();
  const turns = new AuditTurns(host);
  const order: string[] = [];
  const first = await turns.begin(signal);
  const second = turns.begin(signal).then((slice) => {
    order.push('second');
    return slice;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  order.push('first is done');
  first.end();
  first.end();
  const held = await second;
  const third = turns.begin(signal).then(() => order.push('third'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(order, ['first is done', 'second']);
  held.end();
  await third;
});

test.run();
