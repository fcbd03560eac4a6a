import { type Ratio, readRatio } from '../exact.ts';
import { type Difference, notUnderstood, type Verdict, verdictOf } from '../verdict.ts';
import { answerKeyOf, COMPARED } from './compared-keys.ts';
import { type Answers, FAMILIES } from './families.ts';
import type { SchedulingRecord } from './record.ts';

/** Runs one record through the adapter of its kind and compares what it says. */
export function judgeScheduling(record: SchedulingRecord): Verdict {
  const family = FAMILIES[record.kind];
  if (family === undefined) return verdictOf([notUnderstood('kind', record.kind)]);
  if (typeof record.expected !== 'object' || record.expected === null) {
    return verdictOf([notUnderstood('expected', record.expected)]);
  }
  const wanted = comparedOf(record);
  if (wanted.length === 0) return verdictOf([notUnderstood('expected', record.expected)]);
  let answers: Answers;
  try {
    answers = family(record);
  } catch (err) {
    return verdictOf([{ at: 'the whole', expected: record.expected, observed: String(err) }]);
  }
  const tolerance = toleranceOf(record);
  return verdictOf(
    wanted.flatMap(([key, expected]) => differencesAt(key, expected, answers, tolerance)),
  );
}

/** Where a source rounds its numbers, the record states by how much. */
function toleranceOf({ tolerance, expected }: SchedulingRecord): Ratio | undefined {
  return readRatio(tolerance ?? expected['tolerance']);
}

function differencesAt(
  key: string,
  expected: unknown,
  answers: Answers,
  tolerance: Ratio | undefined,
): Difference[] {
  const answerKey = answerKeyOf(key);
  if (!Object.hasOwn(answers, answerKey)) return [notUnderstood(`${key} of this kind`, expected)];
  const observed = answers[answerKey];
  const isSame = COMPARED[key]?.(expected, observed, answers, tolerance) === true;
  return isSame ? [] : [{ at: key, expected, observed }];
}

/** What is compared: the source's outcome, or ours where ours is data and says otherwise. */
function comparedOf({ expected }: SchedulingRecord): [key: string, expected: unknown][] {
  const ours = typeof expected['ours'] === 'object' ? expected['ours'] : {};
  return Object.entries({ ...expected, ...betterOf(expected), ...ours }).filter(([key]) =>
    Object.hasOwn(COMPARED, key),
  );
}

/** A better set of victims than the source's own; `beat` that is prose says nothing to compare. */
function betterOf({ beat }: SchedulingRecord['expected']): Readonly<Record<string, unknown>> {
  if (typeof beat !== 'object' || beat === null || !('closestSubset' in beat)) return {};
  const { closestSubset, ...others } = beat;
  return { ...others, victimSizes: closestSubset };
}
