import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import type { Policy } from '../../events/policy.ts';
import { assert, suite } from '../harness/suite.ts';
import { served } from './busy.ts';
import { shows, type TeamRig, the } from './rig.ts';
import { ask, givenLab, open, policy, release, setLimits, settle } from './world.ts';

const test = suite('actors: named policies');

type Queueing = Policy['queueing'];
const NAMED = ['classic', 'fair', 'budget'] as const;
const RUNS = ['acme/lab/r1', 'acme/lab/r2', 'acme/lab/r3'] as const;
const LONG = { maxWaitMs: 600_000, ttlMs: 600_000 } as const;
const guaranteed = (guarantee: number) => ({ limit: 4, guarantee, lend: null });

/** Nobody is evicted: what is tried is who waits. */
const policyOf = (queueing: Queueing) =>
  policy({ queueing, preemption: { withinNode: 'never', reclaim: 'never' } });

/** A lab of 4 slots, all of which ann holds one by one at the step of the usual run. */
function givenFull(queueing: Queueing, ...more: readonly CommandInput[]): TeamRig {
  const rig = givenLab(setLimits('acme', { 'slot.gpu': 4 }), policyOf(queueing), ...more);
  for (const id of ['h0', 'h1', 'h2', 'h3']) rig.when(ask(id, { 'slot.gpu': 1 }, LONG), 'ann');
  return rig;
}

const gpuOf = (id: string, run: string, more: Parameters<typeof ask>[2] = {}, slots = 1) =>
  ask(id, { 'slot.gpu': slots }, { ...LONG, path: `${run}/s`, ...more });

/** Frees the slots of the holders one after the other, and says who was served. */
function drain(rig: TeamRig): string[] {
  for (const id of ['h0', 'h1', 'h2', 'h3']) rig.when(release(id), 'ann');
  return served(rig);
}

test('S-02 R-09 by default priority goes before what is guaranteed', () => {
  const rig = givenFull('default', open(RUNS[0], { 'slot.gpu': guaranteed(1) }), open(RUNS[1]));
  rig.when(gpuOf('owner', RUNS[0], { priority: 100 }), 'bob');
  rig.when(gpuOf('borrower', RUNS[1], { priority: 300 }), 'bob');
  assert.equal(drain(rig), ['borrower', 'owner']);
});

test('R-09 F-06 classic: who does not borrow is served before a borrower of higher priority', () => {
  const rig = givenFull('classic', open(RUNS[0], { 'slot.gpu': guaranteed(1) }), open(RUNS[1]));
  rig.when(gpuOf('borrower', RUNS[1], { priority: 300 }), 'bob');
  rig.when(gpuOf('owner', RUNS[0], { priority: 100 }), 'bob');
  assert.equal(drain(rig), ['owner', 'borrower']);
});

test('R-09 classic: who borrows of its own swarm is served before who borrows of another', () => {
  const rig = givenFull(
    'classic',
    open('acme/near', { 'slot.gpu': guaranteed(2) }),
    open('acme/near/run'),
    open(RUNS[0]),
  );
  rig.when(gpuOf('far', RUNS[0], { priority: 300 }), 'bob');
  rig.when(gpuOf('near', 'acme/near/run', { priority: 100 }), 'bob');
  assert.equal(drain(rig), ['near', 'far']);
});

test('R-09 classic: of those who borrow from equally far the higher priority, then the longer wait', () => {
  const rig = givenFull('classic', ...RUNS.map((path) => open(path)));
  rig.when(gpuOf('first', RUNS[0], { priority: 100 }), 'bob');
  rig.when(gpuOf('high', RUNS[1], { priority: 200 }), 'bob');
  rig.when(gpuOf('second', RUNS[2], { priority: 100 }), 'bob');
  assert.equal(drain(rig), ['high', 'first', 'second']);
});

test('R-09 classic: once the guarantee is used up its run borrows like the others', () => {
  const rig = givenFull('classic', open(RUNS[0], { 'slot.gpu': guaranteed(1) }), open(RUNS[1]));
  for (const id of ['o1', 'o2']) rig.when(gpuOf(id, RUNS[0], { priority: 100 }), 'bob');
  rig.when(gpuOf('other', RUNS[1], { priority: 200 }), 'bob');
  assert.equal(drain(rig), ['o1', 'other', 'o2']);
});

test('A-03 A-08 F-06 S-14 fair: the run with the smaller share is served first, whatever its priority', () => {
  const rig = givenFull('fair', ...RUNS.map((path) => open(path)));
  rig.when(release('h0'), 'ann');
  shows(rig.when(gpuOf('a0', RUNS[0]), 'bob'), { outcome: 'granted' });
  rig.when(gpuOf('a1', RUNS[0], { priority: 300 }), 'bob');
  rig.when(gpuOf('b1', RUNS[1], { priority: 100 }), 'bob');
  assert.equal(drain(rig), ['b1', 'a1']);
});

test('F-06 fair: a share is by weight, and counts what is granted with it', () => {
  const rig = givenFull('fair', { ...open(RUNS[0]), weightMilli: 3_000 }, open(RUNS[1]));
  for (const id of ['a0', 'a1', 'a2']) rig.when(gpuOf(id, RUNS[0], { priority: 100 }), 'bob');
  rig.when(gpuOf('b0', RUNS[1], { priority: 110 }), 'bob');
  // 1/3 and 2/3 of a slot by weight come before the first of the other, 3/3 is equal to it.
  assert.equal(drain(rig), ['a0', 'a1', 'b0', 'a2']);
});

test('F-06 fair: who stays inside its guarantee is served before the smaller share', () => {
  const rig = givenFull('fair', open(RUNS[0], { 'slot.gpu': guaranteed(3) }), open(RUNS[1]));
  for (const id of ['a0', 'a1', 'a2', 'a3']) rig.when(gpuOf(id, RUNS[0]), 'bob');
  rig.when(gpuOf('b0', RUNS[1], { priority: 300 }), 'bob');
  assert.equal(drain(rig), ['a0', 'a1', 'a2', 'b0']);
});

test('R-09 S-02 budget: at equal priority the run that has used least of its own limit', () => {
  const rig = givenLab(
    setLimits('acme', { credits: 100 }),
    policy({ queueing: 'budget' }),
    open(RUNS[0], { credits: 50 }),
    open(RUNS[1], { credits: 50 }),
  );
  const credits = (id: string, run: string, amount: number, more = {}) =>
    ask(id, { credits: amount }, { ...LONG, path: `${run}/s`, ...more });
  rig.when(credits('spent', RUNS[0], 30), 'bob');
  rig.when(settle('spent', { credits: 30 }), 'bob');
  rig.when(ask('rest', { credits: 70 }, LONG), 'ann');
  rig.when(credits('a', RUNS[0], 10), 'bob');
  rig.when(credits('b', RUNS[1], 10), 'bob');
  rig.when(credits('c', RUNS[0], 10, { priority: 200 }), 'bob');
  rig.when(settle('rest', { credits: 40 }), 'ann');
  assert.equal(served(rig), ['c', 'b', 'a']);
});

test('S-03 an emergency is the head of every queue, by any policy', () => {
  for (const queueing of NAMED) {
    const rig = givenFull(queueing, open(RUNS[0], { 'slot.gpu': guaranteed(4) }), open(RUNS[1]));
    rig.when(gpuOf('owner', RUNS[0]), 'bob');
    shows(rig.when(gpuOf('alarm', RUNS[1], { priority: 'emergency' }), 'bob'), {
      outcome: 'queued',
    });
    assert.equal(drain(rig), ['alarm', 'owner'], queueing);
  }
});

test('S-03 by classic and fair no wait is bounded; by budget the bound is that of aging', () => {
  for (const queueing of NAMED) {
    const rig = givenFull(queueing, open(RUNS[0]));
    const asked = rig.when(gpuOf('w', RUNS[0]), 'bob');
    const { waitBoundMs } = the(asked.events, 'RequestQueued');
    if (queueing === 'budget') assert.type(waitBoundMs, 'number');
    else assert.is(waitBoundMs, null);
  }
});

test('S-08 by a named policy nobody is let past: it is not known who would be first', () => {
  const rig = givenFull('classic', open(RUNS[0]), open(RUNS[1]));
  rig.when(release('h0'), 'ann');
  rig.when(gpuOf('large', RUNS[0], { priority: 200 }, 4), 'bob');
  shows(rig.when(gpuOf('small', RUNS[1], { ttlMs: 10 }), 'bob'), { outcome: 'queued' });
});

test('R-09 the choice is made anew when another policy is set', () => {
  const rig = givenFull('classic', open(RUNS[0], { 'slot.gpu': guaranteed(4) }), open(RUNS[1]));
  rig.when(release('h0'), 'ann');
  rig.when(gpuOf('large', RUNS[0], {}, 4), 'bob');
  rig.when(gpuOf('small', RUNS[1], { priority: 300 }), 'bob');
  assert.equal(served(rig), []);
  rig.when(policyOf('default'));
  assert.equal(served(rig), ['small']);
});

test('R-09 what is granted elsewhere may make another the next, who is served at once', () => {
  const rig = givenFull(
    'classic',
    open(RUNS[0], { 'slot.gpu': guaranteed(2) }),
    open(RUNS[1]),
    setLimits('acme', { memory: 8 }),
  );
  rig.when(release('h0'), 'ann');
  rig.when(gpuOf('large', RUNS[0], { priority: 50 }, 2), 'bob');
  rig.when(gpuOf('small', RUNS[1], { priority: 200 }), 'bob');
  assert.equal(served(rig), []);
  // Without its guarantee the first borrows too, and what is left is its priority.
  rig.when(setLimits(RUNS[0], { 'slot.gpu': { limit: 4, guarantee: 0 } }));
  assert.equal(served(rig), ['small']);
});

test('INV-1 S-03 by any policy all are served in the end, and none of what is free is lost', () => {
  const asks = fc.array(
    fc.record({ run: fc.nat(2), slots: fc.integer({ min: 1, max: 4 }), priority: fc.nat(300) }),
    { minLength: 1, maxLength: 12 },
  );
  const guarantees = fc.tuple(fc.nat(2), fc.nat(1), fc.nat(1));
  fc.assert(
    fc.property(fc.constantFrom(...NAMED), asks, guarantees, (queueing, all, own) => {
      const opens = RUNS.map((path, no) => open(path, { 'slot.gpu': guaranteed(own[no] ?? 0) }));
      const rig = givenFull(queueing, ...opens);
      for (const [no, { run, slots, priority }] of all.entries()) {
        rig.when(gpuOf(`w${no}`, RUNS[run] ?? RUNS[0], { priority }, slots), 'bob');
      }
      drain(rig);
      for (let no = 0; no < all.length; no += 1) rig.when(release(served(rig)[no] ?? ''), 'bob');
      assert.is(served(rig).length, all.length);
      assert.is(rig.team.nodes.get('acme')?.accounts.get('slot.gpu')?.committed, 0);
    }),
    { numRuns: 60 },
  );
});

test.run();
