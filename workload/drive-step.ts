import type { AskInput, BursarClient } from '../client/client.ts';
import { AbortedError, DeniedError, LeaseLostError, RefusedError } from '../client/errors.ts';
import type { AnswerOf } from '../events/answers.ts';
import type { Amounts } from '../events/resources.ts';
import { actualOf, askOf, type Pricing, type RowActual } from './ask.ts';
import { budgetTierOf } from './budgets.ts';
import type { DriveBooks } from './drive-books.ts';
import type { Pace } from './drive-pace.ts';
import type { DriveTimes } from './drive-times.ts';
import { untilEnded } from './drive-unsettled.ts';
import type { RowOutcome } from './outcome.ts';
import type { PlannedStep } from './plan.ts';

/** What the steps of one run have in common. */
export type StepContext = {
  readonly client: BursarClient;
  readonly runPath: string;
  readonly pricing: Pricing;
  /** Asked beside each step's own items, such as one slot of a capped concurrency. */
  readonly alwaysAsked: Amounts;
  readonly maxWaitMs: number;
  readonly pace: Pace;
  readonly books: DriveBooks;
  readonly times: DriveTimes;
  readonly signal: AbortSignal;
};

/** One try of a step: how its row ends if no other try follows. */
export type StepEnd = RowOutcome & {
  /** How long the governor says to wait before another ask, ms; null: it says nothing. */
  readonly retryAfterMs: number | null;
  /** Another ask can never be granted. */
  readonly isFinal: boolean;
};

/**
 * Takes one step as its agent would: asks, works for as long as recorded, settles what it cost. The
 * call counts as made once it was granted: cut short, by a stop or because driving ends, it is
 * settled with its whole recorded cost.
 */
export async function driveStep(context: StepContext, step: PlannedStep): Promise<StepEnd> {
  const { pricing, pace, signal } = context;
  const path = `${context.runPath}/${step.step}`;
  const ask = askOf(step.row, pricing);
  if (ask.kind === 'skip') {
    await pace.pass(step.durationMs, signal);
    return endOf(path, { outcome: 'skipped', reason: ask.reason, isFinal: true });
  }
  const asked = { ...ask.items, ...context.alwaysAsked };
  const tried: Tried = { path, asked, askedAtMs: performance.now(), hold: null };
  try {
    return await askWorkSettle(context, step, tried);
  } catch (error) {
    return afterError(context, tried, error);
  }
}

/** Rows that nobody asks for any more. */
export function notAsked(path: string, reason: 'run_ended' | 'interrupted' | string): StepEnd {
  return endOf(path, { outcome: 'not_asked', reason, isFinal: true });
}

type Grant = AnswerOf<'granted'> | AnswerOf<'partial'>;

/** A try on its way; `hold` once it was granted. */
type Tried = {
  readonly path: string;
  readonly asked: Amounts;
  readonly askedAtMs: number;
  hold: { readonly grant: Grant; readonly waitMs: number } | null;
};

async function askWorkSettle(
  context: StepContext,
  step: PlannedStep,
  tried: Tried,
): Promise<StepEnd> {
  const { client, pace, books, times } = context;
  const { path, asked } = tried;
  const actual = actualOf(step.row, context.pricing);
  let settleAtMs = 0;
  const work = async (held: { readonly grant: Grant; readonly signal: AbortSignal }) => {
    const waitedMs = held.grant.waitedMs ?? 0;
    times.request.push(performance.now() - tried.askedAtMs - waitedMs);
    tried.hold = { grant: held.grant, waitMs: pace.recorded(waitedMs) };
    books.granted(context.runPath, held.grant.granted, pace.atMs);
    await pace.pass(step.durationMs, held.signal);
    settleAtMs = performance.now();
    return { actual };
  };
  const done = await client.withAllocation(path, askInput(context, asked), work, {
    signal: context.signal,
  });
  const settled =
    done.settled.outcome === 'journaled' ? await untilEnded(client, done.grant.id) : done.settled;
  times.settle.push(performance.now() - settleAtMs);
  return granted(context, tried, usedBy(actual, settled.booked));
}

function askInput({ maxWaitMs, pace }: StepContext, asked: Amounts): AskInput {
  const items: Record<string, { amount: number }> = {};
  for (const [resource, amount] of Object.entries(asked)) items[resource] = { amount };
  const waitMs = pace.waitMs(maxWaitMs);
  return { items, ttlMs: pace.leaseMs, ...(waitMs === 0 ? {} : { maxWaitMs: waitMs }) };
}

/** What the agent knows it used; what was booked for it where it does not know. */
function usedBy(actual: RowActual, booked: Amounts): Amounts {
  return actual === 'unknown' ? booked : actual;
}

function granted(
  { books, pace, runPath }: StepContext,
  { path, asked, hold }: Tried,
  used: Amounts,
  reason: string | null = null,
): StepEnd {
  if (hold === null) throw new Error(`${path} was never granted`);
  const { grant, waitMs } = hold;
  books.settled(runPath, grant.granted, used, pace.atMs);
  const isWaited = waitMs > 0 && grant.outcome === 'granted';
  const outcome = isWaited ? 'queued_granted' : grant.outcome;
  return endOf(path, { outcome, reason, waitMs, asked, held: grant.granted, used });
}

/** What a try came to that ended in an error; those that are nobody's answer are thrown on. */
async function afterError(context: StepContext, tried: Tried, error: unknown): Promise<StepEnd> {
  const { path, asked, hold } = tried;
  if (hold !== null) {
    if (!(error instanceof RefusedError)) throw error;
    // The settle was refused (`implausible_amount`): nothing is booked, and nothing shall be held.
    await context.client.release(hold.grant.id).catch(ignoreRefusal);
    return granted(context, tried, {}, error.code);
  }
  if (error instanceof AbortedError) return notAsked(path, 'interrupted');
  const isAnswered = error instanceof DeniedError || error instanceof RefusedError;
  if (!isAnswered && !(error instanceof LeaseLostError)) throw error;
  const answer = error instanceof DeniedError ? error.answer : null;
  const waitedMs = answer?.waitedMs ?? 0;
  context.times.request.push(performance.now() - tried.askedAtMs - waitedMs);
  const shortPath = answer?.short?.at(-1)?.path ?? answer?.factors?.['at'];
  return endOf(path, {
    outcome: 'denied',
    reason: error.code,
    shortTier: typeof shortPath === 'string' ? budgetTierOf(shortPath) : null,
    waitMs: context.pace.recorded(waitedMs),
    asked,
    retryAfterMs: answer?.retryAfterMs ?? null,
    isFinal: !error.retryable,
  });
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof RefusedError)) throw error;
}

function endOf(path: string, known: Partial<StepEnd> & Pick<StepEnd, 'outcome'>): StepEnd {
  return {
    path,
    reason: null,
    shortTier: null,
    waitMs: 0,
    asked: {},
    held: {},
    used: {},
    retryAfterMs: null,
    isFinal: false,
    ...known,
  };
}
