import type { Fault } from './fault.ts';
import type { Job } from './job.ts';
import { agentProcessName, type Plan } from './plan.ts';

/** Longest that an agent sees a request to its outcome, ms: runs shall end. */
const WAIT_MS_MAX = 30_000;

/** What is wrong with a plan; empty if it can be run. A plan without some of its parts is one too. */
export function problemsOf(plan: Plan): string[] {
  const problems: string[] = [];
  const { faultsBeginAtMs, faultsEndAtMs, jobsEndAtMs } = plan;
  if (faultsBeginAtMs > faultsEndAtMs) problems.push('faults end before they begin');
  if (!isJson(plan)) problems.push('it is no plain JSON');
  const names = plan.agents.map(agentProcessName);
  if (new Set(names).size < names.length) problems.push('two agents of one name and team');
  problems.push(...repeatedNo('job', plan.jobs), ...repeatedNo('fault', plan.faults));
  for (const job of plan.jobs) {
    for (const problem of jobProblems(job, plan)) problems.push(`job ${job.no}: ${problem}`);
    if (job.atMs > jobsEndAtMs) problems.push(`job ${job.no}: begins after the end`);
  }
  for (const fault of plan.faults) {
    for (const problem of faultProblems(fault, plan))
      problems.push(`fault ${fault.no}: ${problem}`);
  }
  return problems;
}

function jobProblems(job: Job, { agents }: Plan): string[] {
  const problems: string[] = [];
  const isKnown = agents.some(({ name, team }) => name === job.agent && team === job.team);
  if (!isKnown) problems.push(`there is no agent ${job.agent} of ${job.team}`);
  if (job.atMs < 0) problems.push('begins before the beginning');
  const request = job.kind === 'work' || job.kind === 'hold' ? job.request : undefined;
  if ((request?.maxWaitMs ?? 0) > WAIT_MS_MAX) problems.push('waits too long');
  const steps = job.kind === 'work' ? job.steps : [];
  if (steps.some(({ afterMs }) => afterMs < 0)) problems.push('a step before the outcome');
  return problems;
}

function faultProblems(fault: Fault, plan: Plan): string[] {
  const { world, agents, faultsBeginAtMs, faultsEndAtMs } = plan;
  const problems: string[] = [];
  if (fault.atMs < faultsBeginAtMs) problems.push('begins before faults do');
  const forMs = 'forMs' in fault ? (fault.forMs ?? 0) : 0;
  if (fault.atMs + forMs > faultsEndAtMs) problems.push('is not over when all are');
  if ('writer' in fault && fault.writer >= world.writers) problems.push('no such writer');
  if ('shard' in fault && fault.shard >= world.shards) problems.push('no such shard');
  if ('projector' in fault && fault.projector >= world.projectors) {
    problems.push('no such projector');
  }
  const isOfAgent = fault.kind === 'crashClient';
  if (isOfAgent && !agents.some(({ name, team }) => name === fault.agent && team === fault.team)) {
    problems.push('no such agent');
  }
  return problems;
}

function repeatedNo(what: string, list: readonly { readonly no: number }[]): string[] {
  const numbers = new Set(list.map(({ no }) => no));
  return numbers.size === list.length ? [] : [`a ${what} number is given twice`];
}

/** Whether it is the same after a way through JSON: nothing undefined, no NaN, no class. */
function isJson(plan: Plan): boolean {
  try {
    const text = JSON.stringify(plan);
    return text === JSON.stringify(JSON.parse(text)) && !hasGap(plan);
  } catch {
    return false;
  }
}

function hasGap(value: unknown): boolean {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return true;
  if (typeof value !== 'object' || value === null) return typeof value === 'function';
  return Object.values(value).some(hasGap);
}
