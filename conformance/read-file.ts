import { readFileSync } from 'node:fs';
import type { ScenarioRecord } from './verdict.ts';

/**
 * The records of a file of scenarios, in its order.
 * @throws Error that says what is wrong with the file
 */
export function readScenarios(file: string): ScenarioRecord[] {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(parsed)) throw new Error(`${file}: must be a list of records`);
  for (const [at, record] of parsed.entries()) {
    if (typeof record?.id !== 'string') throw new Error(`${file}: record ${at} has no id`);
  }
  return parsed as ScenarioRecord[];
}
