import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import {
  countOutcome,
  describeCounts,
  type FileOutcome,
  OUTCOME_PATH_VARIABLE,
  type TestOutcome,
} from './outcome.ts';

/** How long a file may stay alive after its last suite before that counts as an open handle. */
const DRAIN_LIMIT_MS = 3_000;

const outcome: FileOutcome = { tests: [], problems: [] };
const outcomePath = process.env[OUTCOME_PATH_VARIABLE];
// Processes that a test starts must not write into the outcome of the file that started them.
delete process.env[OUTCOME_PATH_VARIABLE];

let failRunningTest: ((error: unknown) => void) | undefined;
let drainTimer: NodeJS.Timeout | undefined;

/** Adds a test that must end before the process does. */
export function registerTest(suite: string, name: string): TestOutcome {
  const test: TestOutcome = { suite, name, status: 'unfinished', durationMs: 0, reason: '' };
  outcome.tests.push(test);
  return test;
}

/** Records a failure of the file that belongs to no single test, and shows it at once. */
export function recordProblem(problem: string): void {
  outcome.problems.push(problem);
  process.stderr.write(`\n  PROBLEM ${problem}\n`);
}

/** While `fail` is set, an uncaught error fails that test; else it fails the file. */
export function watchUncaught(fail: ((error: unknown) => void) | undefined): void {
  failRunningTest = fail;
}

/** Called when no suite is left to run: whatever keeps the process alive now is a leak. */
export function expectExit(): void {
  clearTimeout(drainTimer);
  drainTimer = setTimeout(() => {
    const handles = process.getActiveResourcesInfo().join(', ');
    const problem = `an open handle kept the process alive after the last test: ${handles}`;
    // A test that failed or timed out is expected to leave some.
    if (countOutcome(outcome).failed === 0) recordProblem(problem);
    process.exit(1);
  }, DRAIN_LIMIT_MS);
  drainTimer.unref();
}

/** Called when another suite starts. */
export function cancelExpectedExit(): void {
  clearTimeout(drainTimer);
}

process.on('uncaughtException', (error) => {
  if (failRunningTest) failRunningTest(error);
  else recordProblem(`uncaught outside any test: ${inspect(error)}`);
});

process.on('exit', (code) => {
  for (const test of outcome.tests) {
    if (test.status !== 'unfinished') continue;
    test.reason = 'never ended: .run() forgotten, .only elsewhere, or the process ended early';
    process.stderr.write(`\n  PROBLEM "${test.suite} › ${test.name}" ${test.reason}\n`);
  }
  if (code !== 0 && countOutcome(outcome).failed === 0) {
    recordProblem(`the process ended with code ${code}`);
  }
  if (outcome.tests.length === 0) recordProblem('the file registered no test');
  const counts = countOutcome(outcome);
  process.exitCode = counts.failed > 0 ? 1 : 0;
  if (outcomePath) writeFileSync(outcomePath, JSON.stringify(outcome));
  else process.stdout.write(`${describeCounts(counts)}\n`);
});
