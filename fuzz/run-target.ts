import { Chance } from './chance.ts';
import { shrink } from './shrink.ts';
import type { FuzzInput, Target } from './target.ts';
import { isHang, withinTime } from './time-limit.ts';

/** One input may take this long, ms; measured again where it took longer, others use the machine. */
const SLOW_MS = 250;
const SLOW_TRIES = 3;
/** Different finds of one target after which it is left alone. */
const FINDS_MAX = 10;
/** Runs between two looks of the loop at signals and progress. */
const RUNS_A_TURN = 64;

/** A property that was broken, and the smallest input that was found to break it. */
export interface Find {
  readonly target: string;
  readonly run: number;
  /** Tells it from other finds. */
  readonly signature: string;
  /** What does not hold. */
  readonly problem: string;
  readonly input: FuzzInput;
  /** Bytes of the input before it was made smaller. */
  readonly firstBytes: number;
  readonly stack: string;
}

export interface TargetReport {
  readonly target: string;
  readonly runs: number;
  readonly elapsedMs: number;
  /** Longest time of one input, ms. */
  readonly slowestMs: number;
  readonly inputBytes: number;
  readonly finds: readonly Find[];
}

export interface RunLimits {
  readonly seed: string;
  readonly runs?: number;
  readonly forMs?: number;
  /** What the same target has done with the same seed: it goes on from there. */
  readonly before?: TargetReport;
  readonly signal?: AbortSignal;
  readonly onProgress?: (report: TargetReport) => void;
}

/** Runs one target until its runs or its time are over, it has found enough, or it is ended. */
export async function runTarget(target: Target, limits: RunLimits): Promise<TargetReport> {
  const { seed, before, runs = Number.POSITIVE_INFINITY } = limits;
  const { forMs = Number.POSITIVE_INFINITY } = limits;
  const startedAtMs = performance.now();
  const finds = new Map((before?.finds ?? []).map((find) => [find.signature, find]));
  const tally: Tally = {
    run: before?.runs ?? 0,
    slowestMs: before?.slowestMs ?? 0,
    inputBytes: before?.inputBytes ?? 0,
  };
  const report = (): TargetReport => ({
    target: target.name,
    runs: tally.run,
    elapsedMs: (before?.elapsedMs ?? 0) + performance.now() - startedAtMs,
    slowestMs: tally.slowestMs,
    inputBytes: tally.inputBytes,
    finds: [...finds.values()],
  });
  const isOver = () =>
    tally.run >= runs ||
    finds.size >= FINDS_MAX ||
    limits.signal?.aborted === true ||
    performance.now() - startedAtMs >= forMs;
  const makeInput = (run: number) => target.make(new Chance(`${seed}/${target.name}/${run}`));
  while (!isOver()) {
    const endRun = Math.min(runs, tally.run + (target.isWaiting === true ? 1 : RUNS_A_TURN));
    const suspects = await takeTurn(target, makeInput, endRun, tally);
    for (const { run, input } of suspects) {
      const { error } = await attempt(target, input);
      if (error === undefined || finds.has(signatureOf(error))) continue;
      finds.set(signatureOf(error), await findOf(target, run, input, error));
    }
    limits.onProgress?.(report());
    await new Promise((resolve) => setImmediate(resolve));
  }
  return report();
}

interface Tally {
  run: number;
  slowestMs: number;
  inputBytes: number;
}

interface Suspect {
  readonly run: number;
  readonly input: FuzzInput;
}

/**
 * Runs up to `endRun`, or to the first that fails. The runs that have to be looked at again: one
 * that failed, those that took long.
 */
async function takeTurn(
  target: Target,
  makeInput: (run: number) => FuzzInput,
  endRun: number,
  tally: Tally,
): Promise<Suspect[]> {
  const suspects: Suspect[] = [];
  let input: FuzzInput | undefined;
  const begin = () => {
    input = makeInput(tally.run);
    tally.inputBytes += input.bytes.byteLength;
    tally.run += 1;
    return input;
  };
  const end = (one: FuzzInput, startedAtMs: number) => {
    const tookMs = performance.now() - startedAtMs;
    tally.slowestMs = Math.max(tally.slowestMs, tookMs);
    if (tookMs > SLOW_MS) suspects.push({ run: tally.run - 1, input: one });
  };
  try {
    if (target.isWaiting === true) {
      await withinTime(() => target.check(begin()));
    } else {
      withinTime(() => {
        while (tally.run < endRun) {
          const one = begin();
          const startedAtMs = performance.now();
          void target.check(one);
          end(one, startedAtMs);
        }
      });
    }
  } catch (error) {
    if (input === undefined) throw error;
    suspects.push({ run: tally.run - 1, input });
  }
  return suspects;
}

/** What is broken by one input; undefined: nothing. */
export async function problemOfInput(target: Target, input: FuzzInput): Promise<Error | undefined> {
  const { error } = await attempt(target, input);
  return error;
}

interface Attempt {
  readonly error: Error | undefined;
  readonly tookMs: number;
}

async function attempt(target: Target, input: FuzzInput): Promise<Attempt> {
  let tookMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < SLOW_TRIES && tookMs > SLOW_MS; tries += 1) {
    const startedAtMs = performance.now();
    const error = await errorOf(target, input);
    tookMs = performance.now() - startedAtMs;
    if (error !== undefined) return { error, tookMs };
    // What waits for others is not slow by itself.
    if (target.isWaiting === true) return { error, tookMs };
  }
  if (tookMs <= SLOW_MS) return { error: undefined, tookMs };
  const error = new Error(`slow: more than ${SLOW_MS} ms, ${SLOW_TRIES} times`);
  return { error, tookMs };
}

async function errorOf(target: Target, input: FuzzInput): Promise<Error | undefined> {
  try {
    const waiting = withinTime(() => target.check(input));
    if (waiting !== undefined) await waiting;
    return undefined;
  } catch (error) {
    if (isHang(error)) return new Error('hangs: it was ended after seconds');
    return error instanceof Error ? error : new Error(`threw ${String(error)}`);
  }
}

async function findOf(target: Target, run: number, input: FuzzInput, error: Error): Promise<Find> {
  const signature = signatureOf(error);
  const stillFails = async (candidate: FuzzInput) => {
    const { error: again } = await attempt(target, candidate);
    return again !== undefined && signatureOf(again) === signature;
  };
  const smallest = await shrink(input, stillFails, target.smaller?.bind(target));
  const last = (await attempt(target, smallest)).error ?? error;
  return {
    target: target.name,
    run,
    signature,
    problem: `${last.name}: ${last.message}`.slice(0, 500),
    input: smallest,
    firstBytes: input.bytes.byteLength,
    stack: (last.stack ?? '').split('\n').slice(1, 8).join('\n'),
  };
}

/** Tells finds apart: the same words (whatever the numbers and quotes) at the same place. */
function signatureOf(error: Error): string {
  const words = error.message.replace(/"[^"]*"|\d+/g, '_').slice(0, 60);
  const places = (error.stack ?? '').match(/[\w-]+\.ts:\d+/g) ?? [];
  return `${error.name} ${words} ${places.slice(0, 2).join(' ')}`;
}
