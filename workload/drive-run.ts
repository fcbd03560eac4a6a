import type { BursarClient } from '../client/client.ts';
import { RefusedError } from '../client/errors.ts';
import type { Amounts } from '../events/resources.ts';
import type { Pricing } from './ask.ts';
import { type Budgets, capsOf } from './budgets.ts';
import type { DriveBooks } from './drive-books.ts';
import { AlreadyDrivenError } from './drive-errors.ts';
import { limitsFrom, nodeOutcomeOf } from './drive-nodes.ts';
import type { OnDeny } from './drive-options.ts';
import type { Pace } from './drive-pace.ts';
import { driveStep, notAsked, type StepContext, type StepEnd } from './drive-step.ts';
import type { DriveTimes } from './drive-times.ts';
import { WORKLOAD_LIMITS } from './limits.ts';
import type { NodeOutcome } from './outcome.ts';
import type { PlannedRun, PlannedStep } from './plan.ts';
import type { RowTally } from './row-tally.ts';

/** What all runs of a drive have in common. */
export type RunContext = {
  readonly budgets: Budgets;
  readonly pricing: Pricing;
  readonly onDeny: OnDeny;
  readonly maxWaitMs: number | null;
  readonly pace: Pace;
  readonly books: DriveBooks;
  readonly times: DriveTimes;
  readonly tally: RowTally;
  readonly signal: AbortSignal;
};

/**
 * Drives one run in closed loop: opens it with its caps, takes its steps one after the other, each
 * its recorded pause after the one before has ended, and closes it. Every row gets its outcome.
 *
 * @returns how the run ended by the governor's books; null when it could not be opened
 * @throws AlreadyDrivenError, and what no agent could handle (governor away for long, forbidden)
 */
export async function driveRun(
  client: BursarClient,
  run: PlannedRun,
  context: RunContext,
): Promise<NodeOutcome | null> {
  const { budgets, books, tally } = context;
  const refused = await openRun(client, run.path, capsOf(budgets, run.path));
  if (refused !== null) {
    for (const step of run.steps) tally.add(notAsked(`${run.path}/${step.step}`, refused));
    return null;
  }
  const alwaysAsked = slots(run, budgets);
  const slotWaitMs = alwaysAsked['concurrency'] === undefined ? 0 : WORKLOAD_LIMITS.slotWaitMs;
  const maxWaitMs = context.maxWaitMs ?? slotWaitMs;
  const steps: StepContext = { ...context, client, runPath: run.path, alwaysAsked, maxWaitMs };
  let endedBy: string | null = null;
  for (const step of run.steps) {
    if (endedBy === null) await context.pace.pass(step.gapBeforeMs, context.signal);
    if (context.signal.aborted) endedBy ??= 'interrupted';
    const end =
      endedBy === null
        ? await takeStep(steps, step, context)
        : notAsked(`${run.path}/${step.step}`, endedBy);
    tally.add(end);
    if (end.outcome === 'denied' && context.onDeny !== 'skip') endedBy ??= 'run_ended';
  }
  const outcome = nodeOutcomeOf(await client.balance(run.path), {}, books.peakOf(run.path));
  await client.close(run.path);
  return outcome;
}

/** The step with its repeats. A step with a budget of its own is opened first, and closed. */
async function takeStep(
  steps: StepContext,
  step: PlannedStep,
  { budgets, onDeny, pace, signal }: RunContext,
): Promise<StepEnd> {
  const { client, runPath } = steps;
  const path = `${runPath}/${step.step}`;
  const caps = capsOf(budgets, path);
  const isOpened = Object.keys(caps).length > 0;
  if (isOpened) await client.open(path, { tier: 'step', limits: limitsFrom(caps) });
  let end = await driveStep(steps, step);
  const repeats = onDeny === 'retry' ? WORKLOAD_LIMITS.retriesMax : 0;
  for (let repeat = 0; repeat < repeats && mayBeRepeated(end, signal); repeat += 1) {
    await pace.rest(end.retryAfterMs ?? pace.retryMs(repeat), signal);
    end = await driveStep(steps, step);
  }
  if (isOpened) await client.close(path);
  return end;
}

function mayBeRepeated(end: StepEnd, signal: AbortSignal): boolean {
  return end.outcome === 'denied' && !end.isFinal && !signal.aborted;
}

/** @returns why it could not be opened, or null */
async function openRun(client: BursarClient, path: string, caps: Amounts): Promise<string | null> {
  try {
    await client.open(path, { tier: 'run', limits: limitsFrom(caps) });
    return null;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    if (error.code === 'node_exists' || error.code === 'node_closed') {
      throw new AlreadyDrivenError(path, error);
    }
    return error.code;
  }
}

/** One slot for each call, where anything on the run's path caps how many there may be at once. */
function slots(run: PlannedRun, budgets: Budgets): Amounts {
  const paths = [run.team, `${run.team}/${run.swarm}`, run.path, `${run.path}/any`];
  const isCapped = paths.some((path) => capsOf(budgets, path)['concurrency'] !== undefined);
  return isCapped ? { concurrency: 1 } : {};
}
