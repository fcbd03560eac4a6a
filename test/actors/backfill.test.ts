import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { served, wait } from './busy.ts';
import { shows, type TeamRig, the } from './rig.ts';
import { ask, givenLab, open, policy, release, setLimits } from './world.ts';

const test = suite('actors: backfill');

const POOL = { 'slot.pool': 10 };

/** Ten slots: `a` has 4 for 30 s, `b` has 4 for 60 s; `head` waits for 6, from 30 s on. */
function givenHead(...more: CommandInput[]): TeamRig {
  const rig = givenLab(setLimits('acme', POOL), ...more);
  rig.when(ask('a', { 'slot.pool': 4 }, { ttlMs: 30_000 }), 'ann');
  rig.when(ask('b', { 'slot.pool': 4 }, { ttlMs: 60_000 }), 'ann');
  shows(rig.when(ask('head', { 'slot.pool': 6 }, { ...wait, ttlMs: 90_000 }), 'bob'), {
    outcome: 'queued',
    expectedWaitMs: 30_000,
  });
  return rig;
}
const small = (id: string, ttlMs: number, more = {}) =>
  ask(id, { 'slot.pool': 2 }, { ttlMs, ...more });

test('S-08 who is over before the head could start is let past it', () => {
  const rig = givenHead();
  const shown = rig.when(small('s', 30_000), 'bob');
  shows(shown, { outcome: 'granted', rule: 'backfill' }, ['AllocationGranted']);
  assert.is(the(shown.events, 'AllocationGranted').endsByMs, rig.nowMs + 30_000);
  rig.pass(30_000);
  assert.equal(served(rig), ['head'], 'not a moment later than without it');
});

test('S-08 who could delay the head by a moment is not', () => {
  const rig = givenHead();
  shows(rig.when(small('s', 30_001), 'bob'), { outcome: 'denied', reason: 'queued_ahead' });
  const off = givenHead(policy({ backfill: 'none' }));
  shows(off.when(small('s', 1_000), 'bob'), { outcome: 'denied', reason: 'queued_ahead' });
});

test('S-08 its lease is not renewed beyond what it was let past for', () => {
  const rig = givenHead();
  rig.when(small('s', 10_000), 'bob');
  rig.pass(4_000);
  shows(rig.when({ op: 'renew', allocation: 's', byMs: 20_000 }, 'bob'), { expiresInMs: 6_000 });
  rig.when({ op: 'renew', allocation: 'a', byMs: 20_000 }, 'ann');
  rig.pass(6_000);
  assert.not.ok(rig.team.allocations.has('s'));
});

test('S-08 an outage moves that too', () => {
  const rig = givenHead();
  rig.when(small('s', 10_000), 'bob');
  rig.record({ type: 'LeasesExtended', v: 1, team: 'acme', atMs: rig.nowMs, byMs: 5_000 });
  assert.is(rig.team.allocations.get('s')?.endsByMs, rig.nowMs + 15_000);
});

test('S-08 those who wait are let past too when room comes', () => {
  const rig = givenHead();
  rig.when(ask('c', { 'slot.pool': 2 }, { ttlMs: 20_000 }), 'ann');
  rig.when(small('long', 50_000, wait), 'bob');
  rig.when(small('short', 15_000, wait), 'bob');
  rig.pass(1_000);
  rig.when(release('c'), 'ann');
  assert.equal(served(rig), ['short']);
  shows(rig.when({ op: 'status', of: 'head' }, 'bob'), { outcome: 'queued', position: 1 });
});

test('S-08 the end that is expected counts, and an overdue one may come any moment', () => {
  const rig = givenLab(setLimits('acme', POOL));
  const hold = { ttlMs: 60_000, expectedMs: 5_000 };
  rig.when(ask('a', { 'slot.pool': 8 }, hold), 'ann');
  rig.when(ask('head', { 'slot.pool': 6 }, wait), 'bob');
  shows(rig.when(small('s', 6_000), 'bob'), { outcome: 'denied' });
  shows(rig.when(small('t', 5_000), 'bob'), { outcome: 'granted' });
  rig.when(release('t'), 'bob');
  rig.pass(5_000);
  shows(rig.when(small('u', 10), 'bob'), { outcome: 'denied' });
});

test('S-08 nobody is let past for what does not come back when it is spent', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 900 }, { ttlMs: 60_000 }), 'ann');
  rig.when(ask('head', { credits: 500 }, wait), 'bob');
  shows(rig.when(ask('s', { credits: 10 }, { ttlMs: 10 }), 'bob'), { reason: 'queued_ahead' });
});

test('S-08 nobody is let past one who collects from victims', () => {
  const rig = givenLab(setLimits('acme', POOL));
  rig.when(ask('a', { 'slot.pool': 9 }, { priority: 'low', graceMs: 9_000, ttlMs: 60_000 }), 'ann');
  rig.when(ask('vip', { 'slot.pool': 5 }, { priority: 'emergency' }), 'bob');
  shows(rig.when(small('s', 10), 'bob'), { outcome: 'denied' });
});

test('S-08 of what a guarantee gives the head, nothing is missing further out', () => {
  const rig = givenLab(
    setLimits('acme', POOL),
    open('acme/kept', { 'slot.pool': { guarantee: 4 } }),
  );
  const kept = { path: 'acme/kept/s' };
  rig.when(open('acme/kept/s', {}, { tier: 'step' }));
  rig.when(ask('a', { 'slot.pool': 2 }, { ttlMs: 10_000 }), 'ann');
  rig.when(ask('b', { 'slot.pool': 3 }, { ttlMs: 60_000 }), 'ann');
  // 4 lie within the guarantee, one is free: of the 7 asked 2 are missing.
  shows(rig.when(ask('head', { 'slot.pool': 7 }, { ...kept, ...wait }), 'bob'), {
    outcome: 'queued',
  });
  const one = (id: string, ttlMs: number) => ask(id, { 'slot.pool': 1 }, { ttlMs });
  shows(rig.when(one('s', 10_001), 'bob'), { outcome: 'denied' });
  shows(rig.when(one('t', 10_000), 'bob'), { outcome: 'granted' });
});

test('S-08 who would have to wait for what is its own is let past as others are', () => {
  const kept = { 'slot.pool': { guarantee: 4, lend: null } };
  const rig = givenHead(open('acme/kept', kept), open('acme/kept/s', {}, { tier: 'step' }));
  const own = { path: 'acme/kept/s', strategy: 'queue_and_wait', ...wait } as const;
  const shown = rig.when(small('s', 30_000, own), 'bob');
  shows(shown, { outcome: 'granted', rule: 'backfill' }, ['AllocationGranted']);
  shows(rig.when(small('t', 30_001, own), 'bob'), { outcome: 'queued' });
});

test.run();
