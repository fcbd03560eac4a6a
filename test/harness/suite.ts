import './engine.ts';
import fc from 'fast-check';
import * as uvu from 'uvu';
import { clearEngineQueue } from './engine.ts';
import type { TestOutcome } from './outcome.ts';
import {
  cancelExpectedExit,
  expectExit,
  recordProblem,
  registerTest,
  watchUncaught,
} from './tally.ts';
import { TestSkipped, toPrintableError } from './thrown.ts';

// biome-ignore lint/performance/noBarrelFile: a test file shall need one import
export { assert } from './assert.ts';

/** The limit of a test or hook that sets none. */
const TIMEOUT_MS = 30_000;

// fast-check keeps the original error in `cause`, which uvu never prints.
fc.configureGlobal({ includeErrorInReport: true });

export type Body = () => unknown;
export type Limits = { timeoutMs?: number };

type Hook = { (hook: Body): void; each(hook: Body): void };

/** What `suite` returns: call it to add a test, and end with `run()`. */
export type Suite = {
  (name: string, body: Body, limits?: Limits): void;
  /** Runs this test alone. For use at the desk: a file with `.only` in it fails. */
  only(name: string, body: Body, limits?: Limits): void;
  /** Counts as skipped, with a reason that the runner lists. */
  skip(name: string, reason: string): void;
  /** Sets the limit of every test and hook added afterwards. */
  timeout(timeoutMs: number): void;
  before: Hook;
  after: Hook;
  run(): void;
};

/**
 * A uvu suite that cannot be green by accident: failed hooks, thrown non-Errors, a forgotten
 * `run()`, a left-in `only`, tests that never end, late errors and open handles all fail the file.
 * Suites run one after the other, in the order of their `run()`.
 */
export function suite(name: string, { timeoutMs = TIMEOUT_MS }: Limits = {}): Suite {
  const hooks = { before: [], beforeEach: [], afterEach: [], after: [] } as Record<
    'before' | 'beforeEach' | 'afterEach' | 'after',
    Step[]
  >;
  const engine = uvu.suite(name);
  let limitMs = timeoutMs;
  let testCount = 0;
  let beforeFailure: { error: unknown } | undefined;

  async function runTest(outcome: TestOutcome, body: Step): Promise<void> {
    const startedAtMs = performance.now();
    const errors: unknown[] = beforeFailure ? [beforeFailure.error] : [];
    if (errors.length === 0) {
      errors.push(...(await failuresOf([...hooks.beforeEach, body], true)));
      errors.push(...(await failuresOf(hooks.afterEach, false)));
    }
    outcome.durationMs = performance.now() - startedAtMs;
    settle(outcome, errors);
  }

  function add(testName: string, body: Body, limits: Limits, register: typeof engine.only): void {
    testCount += 1;
    const outcome = registerTest(name, testName);
    const step: Step = { label: 'test', body, timeoutMs: limits.timeoutMs ?? limitMs };
    register(testName, () => runTest(outcome, step));
  }

  function hook(key: keyof typeof hooks, label: string): (body: Body) => void {
    return (body) => hooks[key].push({ label, body, timeoutMs: limitMs });
  }

  async function execute(): Promise<void> {
    const [failure] = await failuresOf(hooks.before, true);
    if (failure !== undefined) beforeFailure = { error: failure };
    clearEngineQueue();
    engine.run();
    await uvu.exec();
    for (const error of await failuresOf(hooks.after, false)) {
      recordProblem(`suite "${name}": ${toPrintableError(error).message}`);
    }
  }

  const test = ((testName, body, limits = {}) => add(testName, body, limits, engine)) as Suite;
  test.only = (testName, body, limits = {}) => {
    recordProblem(`suite "${name}": .only is left in at "${testName}"`);
    add(testName, body, limits, engine.only);
  };
  test.skip = (testName, reason) => {
    testCount += 1;
    settle(registerTest(name, testName), [new TestSkipped(reason)]);
    engine.skip();
  };
  test.timeout = (nextLimitMs) => {
    limitMs = nextLimitMs;
  };
  test.before = Object.assign(hook('before', 'before hook'), {
    each: hook('beforeEach', 'before.each hook'),
  });
  test.after = Object.assign(hook('after', 'after hook'), {
    each: hook('afterEach', 'after.each hook'),
  });
  test.run = () => {
    if (testCount === 0) recordProblem(`suite "${name}" has no test`);
    enqueue(execute);
  };
  return test;
}

/** Ends the running test as skipped, or, in a `before` hook, every test of the suite. */
export function skip(reason: string): never {
  throw new TestSkipped(reason);
}

type Step = { label: string; body: Body; timeoutMs: number };

let queue: Promise<void> = Promise.resolve();
let queuedSuites = 0;

function enqueue(execute: () => Promise<void>): void {
  queuedSuites += 1;
  queue = queue.then(async () => {
    cancelExpectedExit();
    await new Promise((resolve) => setImmediate(resolve));
    await execute();
    queuedSuites -= 1;
    if (queuedSuites === 0) expectExit();
  });
}

/** Runs the steps in order, up to the first failure if `stopAtFirst`, and returns the failures. */
async function failuresOf(steps: Step[], stopAtFirst: boolean): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await runLimited(step);
    } catch (error) {
      failures.push(error);
      if (stopAtFirst) break;
    }
  }
  return failures;
}

async function runLimited({ label, body, timeoutMs }: Step): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const broken = new Promise<never>((_, reject) => {
    const expire = () =>
      reject(new Error(`${label} took longer than its limit of ${timeoutMs} ms`));
    timer = setTimeout(expire, timeoutMs);
    watchUncaught(reject);
  });
  try {
    await Promise.race([(async () => body())(), broken]);
  } finally {
    clearTimeout(timer);
    watchUncaught(undefined);
  }
}

/** Writes down how the test ended; throws what uvu shall print for a failed one. */
function settle(outcome: TestOutcome, errors: unknown[]): void {
  const failures = errors.filter((error) => !(error instanceof TestSkipped));
  if (failures.length > 0) {
    const printable = failures.map(toPrintableError);
    outcome.status = 'failed';
    outcome.reason = printable.map((error) => error.message).join('; ');
    throw printable.length === 1 ? printable[0] : toPrintableError(new AggregateError(printable));
  }
  const [skipped] = errors;
  outcome.status = skipped instanceof TestSkipped ? 'skipped' : 'passed';
  outcome.reason = skipped instanceof TestSkipped ? skipped.message : '';
}
