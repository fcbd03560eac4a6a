import type { BursarClient } from '../client/client.ts';
import type { Pricing } from './ask.ts';
import type { Budgets } from './budgets.ts';
import type { Plan } from './plan.ts';

/** What an agent does when its ask is denied. */
export const ON_DENY = [
  /** The run ends; its remaining rows are not asked. */
  'end-run',
  /** The step is left out; the run goes on with its next one. */
  'skip',
  /** The step is asked again, a few times with growing pauses; then the run ends. */
  'retry',
] as const;
export type OnDeny = (typeof ON_DENY)[number];

/** Times faster than recorded; `max` leaves out every pause. */
export type DriveSpeed = number | 'max';

/** The way to a running governor. Whoever drives closes what these connect. */
export type GovernorAccess = {
  /** Connects as the operator, to open the team and enrol its agent. */
  readonly operatorOf: (team: string) => Promise<BursarClient>;
  /** Connects as the one agent that stands for all agents of a team; makes its key if need be. */
  readonly agentOf: (team: string) => Promise<BursarClient>;
};

/** How a workload is driven. */
export type DriveOptions = {
  /** What it is called in the report. */
  readonly source: string;
  readonly plan: Plan;
  readonly pricing: Pricing;
  readonly budgets: Budgets;
  readonly governor: GovernorAccess;
  readonly speed: DriveSpeed;
  readonly onDeny: OnDeny;
  /**
   * How long an ask may wait in a queue, ms as recorded; 0: not at all. Null: a minute in runs whose
   * calls at once are capped, because a slot comes back, and not at all in others.
   */
  readonly maxWaitMs: number | null;
  /** Most runs under way at once; absent: as many as the record has. */
  readonly atOnceMax?: number | undefined;
  /** Aborting it settles what is held, closes the runs and counts the other rows as not asked. */
  readonly signal?: AbortSignal | undefined;
  /** Told a few times a second, and at the end. */
  readonly onProgress?: ((progress: DriveProgress) => void) | undefined;
};

/** How far a drive is. */
export type DriveProgress = {
  readonly rows: number;
  readonly rowsDone: number;
  readonly granted: number;
  readonly denied: number;
  readonly notAsked: number;
  readonly skipped: number;
  readonly runsUnderWay: number;
  readonly spentMicro: number;
  readonly elapsedMs: number;
};
