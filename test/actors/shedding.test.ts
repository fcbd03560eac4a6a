import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { given, has, START_MS, shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, open, policy, RUN, release, setLimits } from './world.ts';

const test = suite('actors: load shedding');

const RULE = { onPermille: 900, offPermille: 600, graceMs: 1_000 };
const shedding = (more: object = {}): CommandInput =>
  policy({ priorityMax: 'emergency', shedding: { memory: { ...RULE, ...more } } });

/** A run of 100 bytes beneath a team and swarm without limits. */
function givenMemory(...more: readonly CommandInput[]): TeamRig {
  return given(
    open('acme'),
    open('acme/lab'),
    open(RUN, { memory: 100 }),
    enrol('ann'),
    shedding(),
    ...more,
  );
}
const some = (id: string, amount: number, min = 5, more: object = {}) =>
  ask(id, { memory: { amount, min } }, { ttlMs: 600_000, ...more });

function heldOf(rig: TeamRig): number | undefined {
  return rig.team.nodes.get(RUN)?.accounts.get('memory')?.heldTree;
}

test('R-12 above its bound holders are asked to shrink, each by what would be taken', () => {
  const rig = givenMemory(some('a', 60), some('b', 20));
  const { events } = rig.when(some('c', 10));
  const request = the(events, 'ShrinkRequested');
  has(request, { path: RUN, held: 90, limit: 100, excess: 30, untilMs: START_MS + 1_000 });
  assert.is(
    request.from.reduce((sum, { by }) => sum + by, 0),
    30,
  );
  assert.is(heldOf(rig), 90);
});

test('R-12 who shrinks in time loses nothing more', () => {
  const rig = givenMemory(some('a', 60), some('b', 30));
  rig.when({ op: 'resize', allocation: 'a', items: { memory: 30 } });
  const after = rig.pass(1_000);
  assert.is(the(after, 'SheddingEnded').held, 60);
  assert.is(after.filter(({ type }) => type !== 'SheddingEnded').length, 0);
});

test('R-12 what is too much is taken when the time is over: parts first, never below the least', () => {
  const rig = givenMemory(some('a', 60, 40), some('b', 30, 30));
  assert.is(rig.pass(999).length, 0);
  const after = rig.pass(1);
  const shrunk = the(after, 'AllocationResized');
  assert.equal([shrunk.allocation, shrunk.items, shrunk.reclaimed], ['a', { memory: 40 }, true]);
  assert.ok((heldOf(rig) ?? 0) >= 40);
  assert.is(the(after, 'SheddingEnded').held, heldOf(rig));
});

test('R-12 what is not preemptible, or below the bound, is left alone', () => {
  const rig = givenMemory(some('a', 89));
  assert.is(rig.eventsOf('ShrinkRequested').length, 0);
  rig.when(release('a'));
  rig.when(some('b', 95, 5, { preemptible: false }));
  assert.is(rig.eventsOf('ShrinkRequested').length, 0);
  assert.is(rig.pass(5_000).length, 0);
});

test('R-11 R-12 idle holders are taken first: whoever was heard of stays whole', () => {
  const rig = givenMemory(shedding({ idleMs: 3_000 }));
  rig.when(some('idle', 40), 'ann');
  rig.when(some('busy', 40), 'ann');
  rig.pass(2_500);
  rig.when({ op: 'report', allocation: 'busy', used: {} }, 'ann');
  rig.pass(500);
  const { events } = rig.when(some('more', 15), 'ann');
  const [asked] = the(events, 'ShrinkRequested').from;
  assert.equal(asked, { allocation: 'idle', by: 40 });
  const after = rig.pass(1_000);
  has(the(after, 'AllocationEnded'), { allocation: 'idle', as: 'reclaimed' });
  assert.is(heldOf(rig), 55);
});

test('R-12 what comes free serves whoever waits', () => {
  const rig = givenMemory(some('a', 60, 10), some('b', 35, 10));
  shows(rig.when(some('w', 30, 30, { maxWaitMs: 60_000 })), { outcome: 'queued' });
  rig.pass(1_000);
  assert.ok(rig.team.allocations.has('w'));
});

test('R-12 off unless policy names the resource; a limit that is cut brings pressure too', () => {
  const rig = givenMemory(policy({}), some('a', 100));
  assert.is(rig.eventsOf('ShrinkRequested').length, 0);
  rig.when(shedding());
  assert.is(rig.eventsOf('ShrinkRequested').length, 1);
  rig.pass(1_000);
  const before = rig.eventsOf('ShrinkRequested').length;
  rig.when(setLimits(RUN, { memory: 50 }));
  assert.is(rig.eventsOf('ShrinkRequested').length, before + 1);
});

test('R-12 a takeover goes on where it was', () => {
  const rig = givenMemory(some('a', 60), some('b', 30));
  const next = rig.takenOver();
  assert.is(next.recorded.length, rig.recorded.length);
  assert.is(the(next.pass(1_000), 'SheddingEnded').held, 60);
});

test('R6 R-12 who takes over asks nobody who has become idle since it was looked at', () => {
  const rig = givenMemory(shedding({ idleMs: 3_000 }), some('a', 95, 95));
  assert.is(rig.eventsOf('ShrinkRequested').length, 0, 'it is not idle, and can give nothing');
  rig.pass(5_000);
  const next = rig.takenOver();
  assert.is(next.recorded.length, rig.recorded.length);
  const { events } = next.when(some('b', 1, 1));
  assert.equal(the(events, 'ShrinkRequested').from[0], { allocation: 'a', by: 95 });
  assert.equal(rig.when(some('b', 1, 1)).events, events);
});

test('R6 R-12 what was still to be asked when its writer ended is asked by the next', () => {
  const rig = givenMemory(some('a', 60), some('b', 30));
  rig.recorded.splice(rig.recorded.findIndex(({ event }) => event.type === 'ShrinkRequested'));
  rig.pass(500);
  const asked = the(
    rig.takenOver().recorded.map(({ event }) => event),
    'ShrinkRequested',
  );
  has(asked, { path: RUN, excess: 30, untilMs: rig.nowMs + 1_000 });
});

test.run();
