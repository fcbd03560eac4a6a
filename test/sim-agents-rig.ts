import { startAgents } from '../sim/agents/start-agents.ts';
import type { Job } from '../sim/plan/job.ts';
import { type AgentPlan, PLAN_VERSION, type Plan } from '../sim/plan/plan.ts';
import { Diary } from '../sim/run/diary.ts';
import { WriterSeat } from '../sim/run/writer-seat.ts';
import { simSigner } from '../sim/world/signer.ts';
import { World } from '../sim/world/world.ts';

type WithoutNo<J> = J extends unknown ? Omit<J, 'no' | 'team'> : never;

/** A plan of one team with an operator and `ann`, who works; the tree stands first. */
export function planOf(jobs: readonly WithoutNo<Job>[], agent: Partial<AgentPlan> = {}): Plan {
  const agentNamed = (name: string, role: AgentPlan['role']): AgentPlan => ({
    name,
    team: 'acme',
    role,
    prefix: 'acme',
    hasJournal: true,
    timeoutMs: 4_000,
    tryTimeoutMs: 500,
    inFlightMax: 2,
    batchMax: 16,
    ...agent,
  });
  const call = (atMs: number, command: Extract<Job, { kind: 'call' }>['command']) =>
    ({ kind: 'call', atMs, agent: 'operator', command, isPersistent: true }) as const;
  const setUp = [
    call(0, { op: 'open', id: 'o1', path: 'acme', limits: { credits: { limit: 100 } } }),
    call(1, { op: 'enrol', id: 'e1', agent: 'ann', role: 'agent', prefix: 'acme' }),
    call(100, { op: 'open', id: 'o2', path: 'acme/s' }),
    call(200, { op: 'open', id: 'o3', path: 'acme/s/r' }),
  ];
  const all = [...setUp, ...jobs];
  return {
    v: PLAN_VERSION,
    seed: 1,
    theme: 'a test',
    world: {
      shards: 1,
      writers: 1,
      projectors: 0,
      sizes: {},
      logBytesMax: null,
      lookMs: 0,
    },
    rates: {},
    agents: [agentNamed('operator', 'operator'), agentNamed('ann', 'agent')],
    jobs: all.map((job, no): Job => ({ ...job, no, team: 'acme' }) as Job),
    faults: [],
    faultsBeginAtMs: 0,
    faultsEndAtMs: 0,
    jobsEndAtMs: Math.max(...all.map(({ atMs }) => atMs)),
  };
}

/** A world with one writer that serves, and the agents of a plan at their beginning. */
export async function stageOf(plan: Plan) {
  const world = new World({ seed: plan.seed, shards: plan.world.shards });
  const diary = new Diary(
    () => world.nowMs,
    () => false,
  );
  const signer = simSigner(world.chance);
  const writer = new WriterSeat(0, world, signer, {}, diary);
  await world.runUntil(() => writer.status[0]?.state === 'serving', 10_000);
  const agents = startAgents(plan, world);
  return {
    world,
    writer,
    agents,
    diary,
    /** Whether all that was planned is over within a time, and all that was kept delivered. */
    ends: (withinMs = 120_000) =>
      world.runUntil(() => agents.isDone && agents.unsettledCount === 0, withinMs),
    /** What became of the calls of `ann`: op, then outcome, refusal or error. */
    callsOfAnn: () =>
      agents.calls
        .filter(({ agent }) => agent === 'ann')
        .map(({ op, end }) => `${op}: ${textOf(end)}`),
  };
}

type End = ReturnType<typeof startAgents>['calls'][number]['end'];

function textOf(end: End): string {
  if (end === undefined) return 'open';
  switch (end.kind) {
    case 'answer':
      return end.answer.outcome === 'refused' ? end.answer.code : end.answer.outcome;
    case 'answers':
      return end.answers.map(({ outcome }) => outcome).join(' ');
    case 'error':
      return `error ${end.code}`;
    default:
      return end.kind;
  }
}
