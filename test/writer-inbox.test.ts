import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemHost } from '../host/system-host.ts';
import { Inbox } from '../writer/inbox.ts';
import { SHARD_SIZES } from '../writer/shard-sizes.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('writer inbox');

/** An inbox whose messages take a time each, ms, by a clock of its own. */
function inboxOf(takesMs: number, bytes = 1) {
  const handled: number[] = [];
  const turnedAway: number[] = [];
  let nowMs = 0;
  const inbox = new Inbox<number>({
    handle: (message) => {
      handled.push(message);
      nowMs += takesMs;
    },
    turnAway: (message) => turnedAway.push(message),
    bytesOf: () => bytes,
    bytesMax: SHARD_SIZES.inboxBytesMax,
    host: { ...systemHost, steadyMs: () => nowMs },
  });
  return { inbox, handled, turnedAway };
}

test('a message that comes alone is handled at once', () => {
  const { inbox, handled } = inboxOf(5);
  inbox.put(1);
  assert.equal(handled, [1]);
});

test('messages that come together are handled in order, a turn of the loop between some', async () => {
  const { inbox, handled } = inboxOf(0.5);
  for (let no = 1; no <= 7; no += 1) inbox.put(no);
  const afterTurns = [handled.length];
  while (handled.length < 7 && afterTurns.length < 20) {
    await nextTurn();
    afterTurns.push(handled.length);
  }
  assert.equal(handled, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(afterTurns[0], 2, 'the first turn takes what fits into a millisecond');
  assert.ok(afterTurns.length >= 3, `the rest takes turns of its own: ${afterTurns}`);
});

test('a message longer than a turn does not stop the next', async () => {
  const { inbox, handled } = inboxOf(30);
  inbox.put(1);
  inbox.put(2);
  inbox.put(3);
  assert.equal(handled, [1]);
  for (let turns = 0; turns < 10 && handled.length < 3; turns += 1) await nextTurn();
  assert.equal(handled, [1, 2, 3]);
});

test('a message that comes while others wait stays behind them', async () => {
  const { inbox, handled } = inboxOf(1);
  inbox.put(1);
  inbox.put(2);
  inbox.put(3);
  await nextTurn();
  inbox.put(4);
  for (let turns = 0; turns < 10 && handled.length < 4; turns += 1) await nextTurn();
  assert.equal(handled, [1, 2, 3, 4]);
});

test('beyond what may wait a message is turned away, and later ones are taken again', async () => {
  const { inbox, handled, turnedAway } = inboxOf(5, 1024 * 1024);
  for (let no = 1; no <= 12; no += 1) inbox.put(no);
  assert.equal([handled, turnedAway], [[1], [10, 11, 12]]);
  while (handled.length < 9) await nextTurn();
  inbox.put(13);
  while (handled.length < 10) await nextTurn();
  assert.equal(handled, [1, 2, 3, 4, 5, 6, 7, 8, 9, 13]);
});

test.run();
