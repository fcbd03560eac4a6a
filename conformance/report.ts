import { shown } from './compare.ts';
import type { Judged } from './verdict.ts';

/** One line for a scenario; under a failed one each difference in full. */
export function linesOf({ record, verdict }: Judged): string[] {
  const line = `${verdict.status.padEnd(7)} ${record.id}  ${record.title}`;
  if (verdict.status === 'skipped') return [`${line} (${verdict.reason})`];
  if (verdict.status === 'passed') return [line];
  return [
    line,
    ...verdict.differences.flatMap(({ at, expected, observed }) => [
      `          ${at}`,
      `            expected ${shown(expected)}`,
      `            observed ${shown(observed)}`,
    ]),
  ];
}

/** How many records ended how. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function tallyOf(judged: readonly Judged[]): Tally {
  const count = (status: string) =>
    judged.filter(({ verdict }) => verdict.status === status).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** The last line of a report. */
export function tallyLineOf({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
