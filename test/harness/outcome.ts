/** How one registered test ended. `unfinished` is what it stays when the process ends too early. */
export type TestStatus = 'passed' | 'failed' | 'skipped' | 'unfinished';

export type TestOutcome = {
  suite: string;
  name: string;
  status: TestStatus;
  durationMs: number;
  /** Why it was skipped or how it failed; empty for a passed test. */
  reason: string;
};

/**
 * What one test file reports to the runner. `problems` are failures that belong to no single test:
 * a failed `after` hook, a forgotten `.run()`, a late error, an open handle.
 */
export type FileOutcome = {
  tests: TestOutcome[];
  problems: string[];
};

export type Counts = { passed: number; failed: number; skipped: number };

/** Names the file to which a test process writes its `FileOutcome` as JSON. Set by the runner. */
export const OUTCOME_PATH_VARIABLE = 'BURSAR_TEST_OUTCOME';

/** Every problem and every unfinished test counts as failed, so that neither can look green. */
export function countOutcome(outcome: FileOutcome): Counts {
  const ended = (status: TestStatus) =>
    outcome.tests.filter((test) => test.status === status).length;
  return {
    passed: ended('passed'),
    failed: ended('failed') + ended('unfinished') + outcome.problems.length,
    skipped: ended('skipped'),
  };
}

/** The line every run ends with. */
export function describeCounts(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
