import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BursarEvent } from '../events/events.ts';
import { newRowIds } from '../workload/row.ts';
import { slotPicture } from '../workload/trials/slot-picture.ts';
import { parseTrial, type Trial, type TrialForm } from '../workload/trials/trial.ts';
import { isTrialFile, readTrials } from '../workload/trials/trial-file.ts';
import { planTrials, type TrialPlan } from '../workload/trials/trial-plan.ts';
import { TrialCount } from '../workload/trials/trial-recount.ts';
import { assert, skip, suite } from './harness/suite.ts';

const test = suite('workload: whole runs, their places and limits');
const traces = path.resolve(import.meta.dirname, '..', '..', 'shared', 'traces');
const folder = mkdtempSync(path.join(tmpdir(), 'bursar-trials-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A trial that takes 2 s to set up, works for `agentMs` and needs a second after it. */
function row(run: string, startMs: number, agentMs: number, more: Partial<TrialForm> = {}) {
  const task = run.split('.')[0] ?? run;
  const times = { setup_ms: 2_000, agent_ms: agentMs, total_ms: agentMs + 3_000 };
  return { team: 'bench', swarm: 's', run, task, t_ms: startMs, ...times, ...more };
}

const killed = { failure_mode: 'agent_timeout' };

function trialsOf(rows: readonly object[]): Trial[] {
  const ids = newRowIds();
  return rows.map((one, i) => parseTrial(JSON.stringify(one), { file: 'test', line: i + 1 }, ids));
}

const planOf = (...rows: readonly object[]): Promise<TrialPlan> => planTrials(trialsOf(rows));

test('a log of whole runs is known by its first row', async () => {
  const fileOf = (name: string, ...rows: readonly object[]) => {
    const file = path.join(folder, name);
    writeFileSync(file, rows.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return file;
  };
  assert.is(await isTrialFile(fileOf('runs.jsonl', row('a', 0, 1))), true);
  const unknown = { run: 'a', agent_ms: null, t_ms: null };
  assert.is(await isTrialFile(fileOf('no-times.jsonl', unknown)), true);
  assert.is(await isTrialFile(fileOf('steps.jsonl', { run: 'a', kind: 'llm' })), false);
  const broken = path.join(folder, 'broken.jsonl');
  writeFileSync(broken, `${JSON.stringify(row('a', 0, 1))}\n{"t_ms":"soon"}\n`);
  const read = async () => {
    for await (const _ of readTrials(broken));
  };
  await assert.rejects(read, /broken\.jsonl:2: t_ms/);
});

test('R-13 the pool of a swarm is the most runs that it had at once', async () => {
  const plan = await planOf(row('a', 0, 4_000), row('b', 6_999, 1_000), row('c', 7_000, 1_000));
  // a ends at 7,000, when c begins: at most two.
  assert.is(plan.swarms[0]?.poolSlots, 2);
  assert.is(plan.spanMs, 11_000);
});

test('T-20 a limit is when the agent was killed, else the latest kill on its task', async () => {
  const plan = await planOf(
    row('x.1-of-3', 0, 9_000, killed),
    row('x.2-of-3', 0, 3_000),
    row('x.3-of-3', 0, 7_000, killed),
    row('y.1-of-1', 0, 5_000),
  );
  assert.equal(
    plan.swarms[0]?.trials.map(({ limitMs, isKilled }) => [limitMs, isKilled]),
    [
      [9_000, true],
      [9_000, false],
      [7_000, true],
      [null, false],
    ],
  );
});

test('C-01 the first try of a task is asked for high, the last low, others normal', async () => {
  const runs = ['x.1-of-3', 'x.2-of-3', 'x.3-of-3', 'y.1-of-1', 'z'];
  const plan = await planOf(...runs.map((run, i) => row(run, i, 1)));
  assert.equal(
    plan.swarms[0]?.trials.map(({ priority }) => priority),
    ['high', 'normal', 'low', 'high', 'normal'],
  );
});

test('rows without times stay, behind the others; a name that comes back gets a number', async () => {
  const none = { t_ms: null, agent_ms: null, total_ms: null, setup_ms: null };
  const plan = await planOf(row('a', 0, 0, none), row('b', 5, 1), row('b', 1, 1));
  const [swarm] = plan.swarms;
  assert.is(plan.rowCount, 3);
  assert.equal(
    swarm?.trials.map(({ path: at, times }) => [at, times?.startMs]),
    [
      ['bench/s/b', 1],
      ['bench/s/b-2', 5],
      ['bench/s/a', undefined],
    ],
  );
  const tagged = await planTrials(trialsOf([row('a', 0, 1)]), { tag: 'again' });
  assert.is(tagged.swarms[0]?.path, 'bench/s-again');
});

test('M-01 the recount sees a pool that is exceeded and an agent that outlives its limit', async () => {
  const plan = await planOf(row('a', 0, 1), row('b', 5, 1));
  const count = new TrialCount(plan);
  const head = { v: 1, team: 'bench' } as const;
  const grant = (id: string, on: string, resource: string, atMs: number, waitedMs = 0) => {
    const items = { [resource]: { amount: 1 } };
    const ask = { path: on, items, priority: 200 };
    const granted = { id, by: 'x', digest: 1, ask, items: { [resource]: 1 }, priority: 200 };
    const via = waitedMs > 0 ? ('queue' as const) : ('request' as const);
    const rest = { expiresAtMs: atMs + 9, via, waitedMs, rule: 'fits' };
    return { type: 'AllocationGranted', ...head, atMs, ...granted, ...rest } as const;
  };
  const end = (allocation: string, as: 'expired' | 'timed_out', atMs: number) =>
    ({ type: 'AllocationEnded', ...head, atMs, allocation, as, booked: {} }) as const;
  const node = (on: string, more: object) =>
    ({ type: 'NodeOpened', ...head, atMs: 1, path: on, tier: 'run', ...more }) as const;
  const events = [
    node('bench/s', { limits: { concurrency: { limit: 1 } } }),
    node('bench/s/a/agent', { deadlineAtMs: 50 }),
    node('bench/s/b/agent', { deadlineAtMs: 60 }),
    grant('1', 'bench/s/a', 'concurrency', 10),
    grant('2', 'bench/s/b', 'concurrency', 20, 8),
    grant('3', 'bench/s/a/agent', 'compute_ms', 30),
    grant('4', 'bench/s/b/agent', 'compute_ms', 30),
    grant('5', 'bench/s/other', 'concurrency', 30),
    end('3', 'timed_out', 53),
    end('4', 'expired', 61),
  ] satisfies readonly BursarEvent[];
  for (const event of events) count.take(event);
  const { pools, timedOutAfterMs, overstayed, waitsMs } = count.end();
  const [pool] = pools;
  assert.equal([pool?.slots, pool?.peak, pool?.trials, pool?.timedOut], [1, 2, 2, 1]);
  assert.equal(timedOutAfterMs, [3]);
  assert.is(overstayed, 1);
  assert.equal([...waitsMs], [['high', [0, 8]]]);
  const svg = slotPicture({ title: 't', pools, speed: 1_000 });
  assert.match(svg, /bench\/s: at most 2 of 1/);
  assert.match(svg, /stroke="#c62828"[^>]*stroke-dasharray/, 'the pool is a dashed line');
  assert.not.match(svg, /NaN|undefined/);
});

test('5,680 trials of 20 evaluations: 1,987 killed, pools of 5 to 30', async () => {
  const file = path.join(traces, 'orca_tbench_runs.jsonl.gz');
  if (!existsSync(file)) skip(`no ${file}`);
  const { swarms, rowCount } = await planTrials(readTrials(file));
  const trials = swarms.flatMap((swarm) => swarm.trials);
  assert.equal([rowCount, trials.length, swarms.length], [5_680, 5_680, 20]);
  assert.is(trials.filter(({ isKilled }) => isKilled).length, 1_987);
  assert.is(trials.filter(({ times }) => times === null).length, 134);
  const pools = swarms.map(({ poolSlots }) => poolSlots);
  assert.equal([Math.min(...pools), Math.max(...pools)], [5, 30]);
  const driven = trials.filter(({ times }) => times !== null);
  assert.ok(driven.every(({ limitMs }) => limitMs !== null));
  assert.is(new Set(trials.map((trial) => trial.path)).size, 5_680);
});

test.run();
