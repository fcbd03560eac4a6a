import type { BursarClient } from '../../client/client.ts';
import { AbortedError, DeniedError, LeaseLostError, RefusedError } from '../../client/errors.ts';
import type { AnswerOf } from '../../events/answers.ts';
import { AlreadyDrivenError } from '../drive-errors.ts';
import type { Pace } from '../drive-pace.ts';
import type { DriveTimes } from '../drive-times.ts';
import { untilEnded } from '../drive-unsettled.ts';
import { WORKLOAD_LIMITS } from '../limits.ts';
import type { RowOutcome } from '../outcome.ts';
import type { TrialTimes } from './trial.ts';
import type { PlannedTrial } from './trial-plan.ts';

/** What all trials of a drive have in common. */
export type TrialContext = {
  readonly client: BursarClient;
  readonly pace: Pace;
  readonly times: DriveTimes;
  /** How long a place is waited for, real ms. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
};

/** How often an agent whose time is up looks whether the governor has ended it, ms. */
const END_POLL_MS = 10;

/** How the agent of a trial ended: by itself, or because its node had come to its deadline. */
export type AgentEnd = 'settled' | 'timed_out' | 'unlimited' | 'not_begun';

/** How a trial ended. */
export type TrialEnd = { readonly row: RowOutcome; readonly agent: AgentEnd | null };

/** The node beneath a run on which its agent works, and which closes at its limit. */
export const AGENT_NODE = 'agent';

/**
 * Drives one trial: opens its run, waits for a place in the pool of its swarm, sets up, lets the
 * agent work on a node of its own that has the wall-time limit as its deadline, tests, and gives
 * the place back. An agent that the record says was killed works until the governor ends it.
 *
 * @throws AlreadyDrivenError, and what no agent could handle (governor away for long, forbidden)
 */
export async function driveTrial(trial: PlannedTrial, context: TrialContext): Promise<TrialEnd> {
  const { times, path } = trial;
  const { client, signal } = context;
  if (times === null) return { row: rowOf(trial, 'skipped', 'no_times'), agent: null };
  if (signal.aborted) return { row: rowOf(trial, 'not_asked', 'interrupted'), agent: null };
  await openRun(client, path);
  const end = await takePlace(trial, times, context);
  await client.close(path);
  return end;
}

async function openRun(client: BursarClient, path: string): Promise<void> {
  try {
    await client.open(path, { tier: 'run' });
  } catch (error) {
    const isKnown = error instanceof RefusedError;
    if (!isKnown || (error.code !== 'node_exists' && error.code !== 'node_closed')) throw error;
    throw new AlreadyDrivenError(path, error);
  }
}

async function takePlace(
  trial: PlannedTrial,
  times: TrialTimes,
  context: TrialContext,
): Promise<TrialEnd> {
  const { client, pace, signal } = context;
  const askedAtMs = performance.now();
  let agent: AgentEnd | null = null;
  let waitedMs = 0;
  const work = async (place: { readonly grant: Grant; readonly signal: AbortSignal }) => {
    waitedMs = place.grant.waitedMs ?? 0;
    context.times.request.push(performance.now() - askedAtMs - waitedMs);
    await pace.pass(times.setupMs, place.signal);
    agent = await letWork(trial, times, { ...context, signal: place.signal });
    await pace.pass(times.totalMs - times.setupMs - times.agentMs, place.signal);
    return { actual: {} };
  };
  const ask = {
    items: { concurrency: { amount: 1 } },
    priority: trial.priority,
    maxWaitMs: context.waitMs,
    ttlMs: Math.max(pace.lastingMs(WORKLOAD_LIMITS.trialLeaseMs), WORKLOAD_LIMITS.trialLeaseMsMin),
  };
  try {
    const { grant, settled } = await client.withAllocation(trial.path, ask, work, { signal });
    if (settled.outcome === 'journaled') await untilEnded(client, grant.id);
  } catch (error) {
    if (agent === null) return notTaken(trial, error);
    if (!(error instanceof AbortedError || error instanceof LeaseLostError)) throw error;
  }
  const outcome = waitedMs > 0 ? 'queued_granted' : 'granted';
  const row = { ...rowOf(trial, outcome, null), waitMs: pace.recorded(waitedMs) };
  return { row: { ...row, ...amountsOf(trial, times, agent) }, agent };
}

type Grant = AnswerOf<'granted'> | AnswerOf<'partial'>;

/** The agent's part, under its limit. */
async function letWork(
  { path, limitMs, isKilled }: PlannedTrial,
  times: TrialTimes,
  { client, pace, times: measured, signal }: TrialContext,
): Promise<AgentEnd> {
  if (limitMs === null) {
    await pace.pass(times.agentMs, signal);
    return 'unlimited';
  }
  const node = `${path}/${AGENT_NODE}`;
  const lastingMs = pace.lastingMs(limitMs);
  let endedAtMs = 0;
  const work = async (held: { readonly id: string; readonly signal: AbortSignal }) => {
    // Whoever was killed would have gone on: nothing but the governor ends it, not even the client
    // that counts its lease from its own sending and so gives it up some ms before.
    await pace.pass(isKilled ? Infinity : times.agentMs, held.signal);
    if (isKilled && !signal.aborted) await untilEnded(client, held.id, END_POLL_MS);
    endedAtMs = performance.now();
    return { actual: { compute_ms: times.agentMs } };
  };
  try {
    const limits = { compute_ms: { limit: limitMs } };
    await client.open(node, { tier: 'step', deadlineMs: lastingMs, limits });
    const ask = { items: { compute_ms: { amount: limitMs } }, ttlMs: lastingMs, expectedMs: 0 };
    const { grant, settled } = await client.withAllocation(node, ask, work, { signal });
    const end = settled.outcome === 'journaled' ? await untilEnded(client, grant.id) : settled;
    measured.settle.push(performance.now() - endedAtMs);
    return 'late' in end && end.late === true ? 'timed_out' : 'settled';
  } catch (error) {
    if (error instanceof DeniedError || error instanceof RefusedError) return 'not_begun';
    throw error;
  }
}

function amountsOf({ limitMs }: PlannedTrial, { agentMs }: TrialTimes, agent: AgentEnd | null) {
  const isBooked = agent === 'settled' || agent === 'timed_out';
  const place = { concurrency: 1 };
  const asked = limitMs === null ? place : { ...place, compute_ms: limitMs };
  return {
    asked,
    held: isBooked ? asked : place,
    used: isBooked ? { compute_ms: agentMs } : {},
  };
}

function notTaken(trial: PlannedTrial, error: unknown): TrialEnd {
  if (error instanceof AbortedError) {
    return { row: rowOf(trial, 'not_asked', 'interrupted'), agent: null };
  }
  const isAnswered = error instanceof DeniedError || error instanceof RefusedError;
  if (!isAnswered && !(error instanceof LeaseLostError)) throw error;
  return { row: rowOf(trial, 'denied', error.code), agent: null };
}

function rowOf({ path }: PlannedTrial, outcome: RowOutcome['outcome'], reason: string | null) {
  return {
    path: `${path}/${AGENT_NODE}`,
    outcome,
    reason,
    shortTier: null,
    waitMs: 0,
    asked: {},
    held: {},
    used: {},
  } satisfies RowOutcome;
}
