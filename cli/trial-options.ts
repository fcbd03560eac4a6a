import { countText } from '../workload/number-text.ts';
import { readTrials } from '../workload/trials/trial-file.ts';
import { planTrials, type TrialPlan } from '../workload/trials/trial-plan.ts';
import type { DriveTexts } from './drive-options.ts';
import { speedFrom } from './drive-options.ts';
import { UsageError } from './errors.ts';
import type { Screen } from './screen.ts';
import { durationMs, wholeNumber } from './values.ts';

/** How a log of whole runs is driven. */
export type TrialSettings = {
  readonly speed: number;
  /** Ms as recorded; null: as long as a request may wait. */
  readonly maxWaitMs: number | null;
  /** Places of each pool; null: as many as the record had. */
  readonly poolSlots: number | null;
};

/** Times faster than recorded when nobody says: nine hours in two and a quarter minutes. */
export const TRIAL_SPEED = 240;

/** What can be said of a log of whole runs, beside the report's folder. */
const UNDERSTOOD = new Set(['speed', 'maxWait', 'swarmConcurrency', 'report', 'onDeny', 'swarms']);
const UNDERSTOOD_FLAGS = '--speed, --max-wait, --swarm-concurrency and --report';

/** @throws UsageError for what makes no sense for whole runs, which have places and no calls */
export function trialSettings(options: DriveTexts): TrialSettings {
  const { maxWait, swarmConcurrency } = options;
  for (const name of Object.keys(options)) {
    if (UNDERSTOOD.has(name) || !isDriveOption(name)) continue;
    throw new UsageError(
      `--${flagOf(name)} says nothing of whole runs: they take places in a pool and no calls.`,
      `Leave it out; ${UNDERSTOOD_FLAGS} are understood.`,
    );
  }
  const speed = options.speed === undefined ? TRIAL_SPEED : speedFrom(options.speed);
  if (speed === 'max') {
    throw new UsageError(
      '--speed max: without time there are no wall-time limits.',
      `Write a number, such as ${TRIAL_SPEED}.`,
    );
  }
  return {
    speed,
    maxWaitMs: maxWait === undefined ? null : durationMs(maxWait, '--max-wait'),
    poolSlots:
      swarmConcurrency === undefined
        ? null
        : wholeNumber(swarmConcurrency, '--swarm-concurrency', 1),
  };
}

/** Reads and plans a log of whole runs, telling how far it is. @throws WorkloadFileError, TagError */
export async function readTrialPlan(
  screen: Screen,
  file: string,
  tag?: string | undefined,
): Promise<TrialPlan> {
  let rows = 0;
  const counted = async function* () {
    for await (const trial of readTrials(file)) {
      rows += 1;
      screen.progress(() => `reading ${file}: ${countText(rows)} rows`);
      yield trial;
    }
  };
  return planTrials(counted(), { tag });
}

function isDriveOption(name: string): boolean {
  return /(Cap|ToolCalls|Concurrency)$|^(budget|atOnce|defaultModel)$/.test(name);
}

/** `runCap` → `run-cap`. */
function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
