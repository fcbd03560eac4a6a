import { readFileSync } from 'node:fs';
import type { ScenarioRecord } from './verdict.ts';

/**
 * The records of a file of scenarios, in its order.
 * @throws ScenarioFileError for a file that cannot be read or is no list of records with ids
 */
export function readScenarios(file: string): ScenarioRecord[] {
  const parsed = parsedFrom(file);
  if (!Array.isArray(parsed)) {
    throw new ScenarioFileError(`${file} must be a JSON list of records (docs/conformance.md)`);
  }
  for (const [at, record] of parsed.entries()) {
    if (typeof record?.id === 'string') continue;
    throw new ScenarioFileError(`${file}: record ${at} has no id; give it a text of its own`);
  }
  return parsed as ScenarioRecord[];
}

/** A file of scenarios that cannot be used; says which, why, and what it should be. */
export class ScenarioFileError extends Error {}

function parsedFrom(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ScenarioFileError(`${file} cannot be read as JSON: ${why}`, { cause });
  }
}
