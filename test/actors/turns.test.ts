import fc from 'fast-check';
import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { givenBusy, served, wait } from './busy.ts';
import { shows, type TeamRig, the } from './rig.ts';
import { ask, enrol, givenLab, open, policy, release, setLimits } from './world.ts';

const test = suite('actors: turns');

const RUNS = ['acme/lab/r1', 'acme/lab/r2', 'acme/lab/r3'] as const;
const weighted = (path: string, weightMilli: number): CommandInput => ({
  ...open(path),
  weightMilli,
});
const gpuAt = (id: string, run: string, more = {}) =>
  ask(id, { 'slot.gpu': 1 }, { ...wait, path: `${run}/s`, ...more });

/** Lets the one slot pass on, so often, and says who had it. */
function drain(rig: TeamRig, count: number): string[] {
  rig.when(release('busy'), 'ann');
  for (let n = 1; n < count; n += 1) rig.when(release(served(rig).at(-1) ?? ''), 'bob');
  return served(rig);
}

test('A-08 F-06 R-15 R-19 R-20 runs take turns: who asks often does not hold up who asks once', () => {
  const rig = givenBusy(open(RUNS[0]), open(RUNS[1]));
  for (const id of ['a1', 'a2', 'a3']) rig.when(gpuAt(id, RUNS[0]), 'bob');
  shows(rig.when(gpuAt('b1', RUNS[1]), 'bob'), { outcome: 'queued', position: 2 });
  assert.equal(drain(rig, 4), ['a1', 'b1', 'a2', 'a3']);
});

test('F-06 S-14 by their weights: a run of twice the weight is served twice as often', () => {
  const rig = givenBusy(weighted(RUNS[0], 2_000), weighted(RUNS[1], 1_000));
  for (let n = 0; n < 6; n += 1) rig.when(gpuAt(`a${n}`, RUNS[0]), 'bob');
  for (let n = 0; n < 3; n += 1) rig.when(gpuAt(`b${n}`, RUNS[1]), 'bob');
  assert.equal(drain(rig, 9), ['a0', 'b0', 'a1', 'a2', 'b1', 'a3', 'a4', 'b2', 'a5']);
});

test('F-06 a weight that is set later counts from the next request on', () => {
  const rig = givenBusy(open(RUNS[0]), open(RUNS[1]));
  rig.when({ ...setLimits(RUNS[0], {}), weightMilli: 500 });
  for (let n = 0; n < 2; n += 1) rig.when(gpuAt(`a${n}`, RUNS[0]), 'bob');
  for (let n = 0; n < 3; n += 1) rig.when(gpuAt(`b${n}`, RUNS[1]), 'bob');
  assert.equal(drain(rig, 5), ['a0', 'b0', 'b1', 'a1', 'b2']);
});

test('F-06 a run that comes late is not served for the time in which it did not ask', () => {
  const rig = givenBusy(open(RUNS[0]), open(RUNS[1]));
  for (let n = 0; n < 4; n += 1) rig.when(gpuAt(`a${n}`, RUNS[0]), 'bob');
  assert.equal(drain(rig, 3), ['a0', 'a1', 'a2']);
  for (let n = 0; n < 3; n += 1) rig.when(gpuAt(`b${n}`, RUNS[1]), 'bob');
  for (let n = 0; n < 4; n += 1) rig.when(release(served(rig).at(-1) ?? ''), 'bob');
  assert.equal(served(rig).slice(3), ['b0', 'a3', 'b1', 'b2']);
});

test('F-06 who leaves unserved has used no turn of its run', () => {
  const rig = givenBusy(open(RUNS[0]), open(RUNS[1]));
  rig.when(gpuAt('a', RUNS[0]), 'bob');
  rig.when({ op: 'cancel', request: 'a' }, 'bob');
  rig.when(gpuAt('b', RUNS[1]), 'bob');
  assert.is(the(rig.when(gpuAt('a2', RUNS[0]), 'bob').events, 'RequestQueued').pass, 0);
});

test('F-06 turns come after priority, slack and what is at stake', () => {
  const rig = givenBusy(open(RUNS[0]), open(RUNS[1]));
  rig.when(gpuAt('a1', RUNS[0]), 'bob');
  rig.when(gpuAt('a2', RUNS[0], { businessImpact: 60 }), 'bob');
  rig.when(gpuAt('b1', RUNS[1]), 'bob');
  assert.equal(drain(rig, 3), ['a2', 'a1', 'b1']);
});

test('F-06 no run is ever more than a turn ahead of another that waits too', () => {
  const asks = fc.array(fc.nat(2), { minLength: 6, maxLength: 30 });
  fc.assert(
    fc.property(asks, (runs) => {
      const rig = givenBusy(...RUNS.map((path) => open(path)));
      for (const [no, run] of runs.entries()) {
        rig.when(gpuAt(`w${no}`, RUNS[run] as string, { maxWaitMs: 600_000 }), 'bob');
      }
      const order = drain(rig, runs.length).map((id) => runs[Number(id.slice(1))] as number);
      const left = RUNS.map((_, run) => runs.filter((one) => one === run).length);
      const had = [0, 0, 0];
      for (const run of order) {
        for (const other of [0, 1, 2]) {
          const isAhead = (had[run] as number) > (had[other] as number);
          assert.not.ok(isAhead && (left[other] as number) > (had[other] as number), `${order}`);
        }
        had[run] = (had[run] as number) + 1;
      }
    }),
    { numRuns: 30 },
  );
});

test('S-03 the wait bound: after it nobody who comes later is served before it', () => {
  const level = fc.record({
    mine: fc.nat(300),
    top: fc.nat(300),
    step: fc.integer({ min: 1, max: 90 }),
  });
  fc.assert(
    fc.property(level, fc.nat(999), ({ mine, top, step }, offsetMs) => {
      const rig = givenLab(
        setLimits('acme', { 'slot.gpu': 1 }),
        policy({ aging: { intervalMs: 1_000, step }, priorityMax: 0 }),
        enrol('bob', { priorityMax: Math.max(mine, top) }),
        enrol('ann', { priorityMax: 0 }),
      );
      rig.when(ask('busy', { 'slot.gpu': 1 }, { priority: 0, ttlMs: 3_600_000 }), 'ann');
      rig.pass(offsetMs);
      const patient = { maxWaitMs: 3_600_000, ttlMs: 3_600_000 } as const;
      const asked = rig.when(ask('old', { 'slot.gpu': 1 }, { ...patient, priority: mine }), 'bob');
      const boundMs = the(asked.events, 'RequestQueued').waitBoundMs ?? Number.NaN;
      shows(asked, { outcome: 'queued', waitBoundMs: boundMs });
      rig.pass(boundMs);
      const urgent = { ...patient, priority: top, deadlineMs: 3_600_001 } as const;
      shows(rig.when(ask('new', { 'slot.gpu': 1 }, urgent), 'bob'), { position: 2 });
      shows(rig.when({ op: 'status', of: 'old' }, 'bob'), { waitBoundMs: 0 });
    }),
    { numRuns: 60 },
  );
});

test('S-03 where waiting adds nothing there is no bound', () => {
  const rig = givenBusy(policy({ aging: { intervalMs: 1_000, step: 0 } }));
  shows(rig.when(gpuAt('w', 'acme/lab/run'), 'bob'), { outcome: 'queued', waitBoundMs: null });
});

test.run();
