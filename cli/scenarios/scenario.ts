import type { Stage } from './stage.ts';

/** A short story that is played on a governor of its own. */
export type Scenario = {
  readonly name: string;
  readonly introduction: string;
  readonly team: string;
  /** Enrolled beneath the team; any of them may claim an emergency. */
  readonly agents: readonly string[];
  /** The id whose decision is explained at the end. */
  readonly explained: string;
  readonly play: (stage: Stage) => Promise<void>;
};
