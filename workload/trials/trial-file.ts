import { newRowIds } from '../row.ts';
import { readRowsAs } from '../row-file.ts';
import { isTrialLine, parseTrial, type Trial } from './trial.ts';

/** Streams the trials of a `.jsonl` or `.jsonl.gz` file. Throws WorkloadFileError. */
export function readTrials(file: string): AsyncGenerator<Trial, void, undefined> {
  const ids = newRowIds();
  return readRowsAs(file, (text, at) => parseTrial(text, at, ids));
}

/** Whether a file is a log of whole runs: its first row says so. Throws WorkloadFileError. */
export async function isTrialFile(file: string): Promise<boolean> {
  for await (const isTrial of readRowsAs(file, isTrialLine)) return isTrial;
  return false;
}
