import { judgeScheduling } from './scheduling/judge.ts';
import type { SchedulingRecord } from './scheduling/record.ts';
import { notUnderstood, type ScenarioRecord, type Verdict, verdictOf } from './verdict.ts';

/** Runs one record, of whichever vocabulary it is. */
export async function judgeRecord(record: ScenarioRecord): Promise<Verdict> {
  if ('kind' in record) return judgeScheduling(record as SchedulingRecord);
  return verdictOf([notUnderstood('a record without a kind', Object.keys(record))]);
}
