import { judgeBudget } from './budget/judge.ts';
import type { BudgetRecord } from './budget/record.ts';
import { judgeScheduling } from './scheduling/judge.ts';
import type { SchedulingRecord } from './scheduling/record.ts';
import { notUnderstood, type ScenarioRecord, type Verdict, verdictOf } from './verdict.ts';

/** Runs one record, of whichever vocabulary it is. */
export async function judgeRecord(record: ScenarioRecord): Promise<Verdict> {
  if ('kind' in record) return judgeScheduling(record as SchedulingRecord);
  if ('family' in record) return judgeBudget(record as BudgetRecord);
  return verdictOf([notUnderstood('a record without kind or family', Object.keys(record))]);
}
