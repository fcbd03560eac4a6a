import { Command } from '../events/commands.ts';
import { problemsOf } from '../sim/plan/check-plan.ts';
import { commandCount } from '../sim/plan/count.ts';
import { DAMAGE, FAULT_KINDS, type FaultKind } from '../sim/plan/fault.ts';
import { makePlan } from '../sim/plan/make-plan.ts';
import type { Plan } from '../sim/plan/plan.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('sim: plans');

const SEEDS = 240;
let plans: readonly Plan[] = [];

test.before(() => {
  plans = Array.from({ length: SEEDS }, (_, seed) => makePlan(seed));
});

test('a plan follows from its seed alone, and is plain JSON', () => {
  for (const seed of [0, 7, 19, 39, 201]) {
    const again = makePlan(seed);
    assert.equal(again, plans[seed]);
    assert.equal(JSON.parse(JSON.stringify(again)), again);
    assert.is(again.seed, seed);
  }
  assert.not.equal(plans[3]?.jobs, plans[4]?.jobs);
});

test('every plan can be run', () => {
  for (const plan of plans) assert.equal(problemsOf(plan), [], `seed ${plan.seed}`);
});

test('what cannot be run is found', () => {
  const plan = firstWith('crashWriter');
  const [job] = plan.jobs;
  const [fault] = plan.faults;
  assert.ok(job !== undefined && fault !== undefined);
  const broken: readonly [string, Plan][] = [
    ['no agent', { ...plan, agents: [] }],
    ['twice', { ...plan, jobs: [job, job] }],
    ['too late', { ...plan, jobs: [{ ...job, atMs: plan.jobsEndAtMs + 1 }] }],
    ['no writer', { ...plan, world: { ...plan.world, writers: 0 } }],
    ['not over', { ...plan, faultsEndAtMs: fault.atMs - 1 }],
    ['a gap', { ...plan, jobs: [{ ...job, atMs: Number.NaN }] }],
  ];
  for (const [what, one] of broken) assert.not.equal(problemsOf(one), [], what);
});

test('any job and any fault can be left out', () => {
  const plan = firstWith('crashClient');
  for (const { no } of plan.jobs) {
    const fewer = { ...plan, jobs: plan.jobs.filter((job) => job.no !== no) };
    assert.is(problemsOf(fewer).length, 0, `without job ${no}`);
  }
  for (const { no } of plan.faults) {
    const fewer = { ...plan, faults: plan.faults.filter((fault) => fault.no !== no) };
    assert.is(problemsOf(fewer).length, 0, `without fault ${no}`);
  }
  assert.equal(problemsOf({ ...plan, jobs: [], faults: [] }), []);
});

test('half of the plans have 600 commands or more, some few, none more than 1,600', () => {
  const counts = plans.map(commandCount).sort((a, b) => a - b);
  const median = counts[SEEDS / 2] ?? 0;
  assert.ok(median >= 600, `median ${median}`);
  assert.ok((counts[0] ?? 0) < 120, `least ${counts[0]}`);
  assert.ok((counts[SEEDS - 1] ?? 0) <= 1_600, `most ${counts[SEEDS - 1]}`);
});

test('every kind of fault comes, alone, with others or not at all', () => {
  const seen = new Set<FaultKind>(plans.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  assert.equal(
    [...FAULT_KINDS].filter((kind) => !seen.has(kind)),
    [],
  );
  const kindCounts = plans.map(({ faults }) => new Set(faults.map(({ kind }) => kind)).size);
  for (const isThere of [
    (count: number) => count === 0,
    (count: number) => count === 1,
    (count: number) => count > 5,
  ]) {
    assert.ok(kindCounts.filter(isThere).length > SEEDS / 30, `${kindCounts}`);
  }
});

test('every command is sent, by every way there is, with amounts from nothing to the edge', () => {
  const ops = new Set<string>();
  const ways = new Set<string>();
  const text: string[] = [];
  for (const { jobs } of plans) {
    for (const job of jobs) {
      ways.add(job.kind);
      if (job.kind === 'call') ops.add(job.command.op);
      if (job.kind === 'work') for (const { command } of job.steps) ops.add(command.op);
      if (job.kind === 'work') text.push(JSON.stringify(job.request.items));
    }
  }
  const known = Command.options.map((option) => option.shape.op.value);
  assert.equal([...ops].sort(), [...known].sort());
  assert.equal([...ways].sort(), ['batch', 'call', 'hold', 'raw', 'watch', 'work']);
  for (const amount of [0, 1, Number.MAX_SAFE_INTEGER]) {
    assert.ok(
      text.some((items) => items.includes(`"amount":${amount}}`)),
      `${amount}`,
    );
  }
});

test('plans whose end is known have no fault that could change it', () => {
  const known = plans.filter(({ expected }) => expected !== undefined);
  assert.ok(known.length >= 10);
  for (const { faults, expected, jobs, seed } of known) {
    for (const { kind } of faults)
      assert.not(DAMAGE.has(kind) || kind === 'crashClient', `${seed}`);
    const requests = jobs.filter(({ kind }) => kind === 'work').length;
    const { grantCount, denialCount, lines } = expected ?? { lines: [] };
    if (grantCount !== undefined) assert.is(grantCount + (denialCount ?? 0), requests, `${seed}`);
    assert.ok(lines.length > 0);
    for (const { heldTree } of lines) assert.is(heldTree, 0);
  }
});

function firstWith(kind: FaultKind): Plan {
  const found = plans.find(({ faults }) => faults[0]?.kind === kind);
  if (found === undefined) throw new Error(`no plan begins with ${kind}`);
  return found;
}

test.run();
