import type { CrashPoint } from './fault.ts';
import type { Job } from './job.ts';
import { type AgentPlan, PLAN_VERSION, type Plan } from './plan.ts';

const TEAM = 'acme';
const STEP = 'acme/lab/run/step';
/** From here on the writer may crash: before its first claim there is nothing to lose. */
const BEGIN_AT_MS = 400;

/**
 * A small run in which a writer crashes at one operation that leaves it. Enumerated from 1 on, until
 * the operation is never reached, these are all the places at which a crash makes a difference.
 */
export function crashPlan(point: CrashPoint): Plan {
  const agents = ['operator', 'ann', 'bob'].map(agentNamed);
  return {
    v: PLAN_VERSION,
    seed: 7,
    theme: `crash ${point.side} operation ${point.count}`,
    world: {
      shards: 1,
      writers: 2,
      projectors: 0,
      sizes: {},
      logBytesMax: null,
      lookMs: 0.01,
    },
    rates: {},
    agents,
    jobs: jobs(),
    faults: [{ no: 0, atMs: BEGIN_AT_MS, kind: 'crashWriter', writer: 0, forMs: 1_000, point }],
    faultsBeginAtMs: BEGIN_AT_MS,
    faultsEndAtMs: 5_500,
    jobsEndAtMs: 6_000,
  };
}

/** Opening, a grant and its settle, a queue that moves on, a preemption, a freeze, an expiry. */
function jobs(): Job[] {
  const limits = { credits: { limit: 100 }, concurrency: { limit: 1 } };
  const of = (no: number, atMs: number, agent: string) => ({ no, atMs, agent, team: TEAM });
  const call = (no: number, atMs: number, agent: string, command: CallCommand): Job => ({
    ...of(no, atMs, agent),
    kind: 'call',
    command,
    isPersistent: true,
  });
  const slot = { concurrency: { amount: 1 }, credits: { amount: 10 } };
  const ask = { op: 'request', path: STEP, items: slot } as const;
  return [
    call(0, 0, 'operator', { op: 'open', id: 'o1', path: TEAM, limits }),
    call(1, 50, 'operator', { op: 'open', id: 'o2', path: 'acme/lab' }),
    call(2, 100, 'operator', { op: 'open', id: 'o3', path: 'acme/lab/run' }),
    call(3, 150, 'operator', { op: 'enrol', id: 'e1', agent: 'ann', role: 'agent', prefix: TEAM }),
    call(4, 150, 'operator', { op: 'enrol', id: 'e2', agent: 'bob', role: 'agent', prefix: TEAM }),
    call(5, 500, 'ann', { ...ask, id: 'r1', ttlMs: 60_000 }),
    {
      ...of(6, 700, 'bob'),
      kind: 'work',
      request: { ...ask, id: 'r2', maxWaitMs: 30_000, ttlMs: 60_000 },
      until: 'outcome',
      isPersistent: true,
      steps: [{ afterMs: 100, command: settleOf('r2'), isPersistent: true }],
    },
    call(7, 1_000, 'ann', settleOf('r1')),
    call(8, 2_000, 'ann', { ...ask, id: 'r3', priority: 'low', ttlMs: 500 }),
    call(9, 2_100, 'operator', { op: 'freeze', id: 'f1', path: 'acme/lab', reason: 'look' }),
    call(10, 2_400, 'operator', { op: 'unfreeze', path: 'acme/lab', freeze: 'f1', id: 'u1' }),
    call(11, 4_000, 'ann', settleOf('r3')),
  ];
}

type CallCommand = Extract<Job, { kind: 'call' }>['command'];

function settleOf(allocation: string) {
  return { op: 'settle', id: `s-${allocation}`, allocation, actual: { credits: 7 } } as const;
}

function agentNamed(name: string): AgentPlan {
  return {
    name,
    team: TEAM,
    role: name === 'operator' ? 'operator' : 'agent',
    prefix: TEAM,
    hasJournal: false,
    timeoutMs: 30_000,
    tryTimeoutMs: 2_000,
    inFlightMax: 2,
    batchMax: 256,
  };
}
