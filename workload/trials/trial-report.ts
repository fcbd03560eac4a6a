import { rankedAt, type TimeSpread, timeSpreadOf } from '../outcome.ts';
import { accountOf, booksDiffer, type RowAccount } from '../row-account.ts';
import type { DrivenTrials, TrialEnds } from './drive-trials.ts';
import { TRIAL_PRIORITIES, type TrialPlan } from './trial-plan.ts';
import type { PoolRecount, TrialRecount } from './trial-recount.ts';

/** Version of the report's JSON form. */
export const TRIAL_REPORT_VERSION = 1;

/** One pool. Shares and sums are of the whole drive. */
export type PoolReport = Omit<PoolRecount, 'points'>;

/** How long trials of one priority waited for their places, ms as recorded. */
export type WaitReport = {
  readonly priority: string;
  readonly trials: number;
  /** Of these, the ones that had to wait at all. */
  readonly waited: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly maxMs: number;
};

/**
 * What a driven log of whole runs came to; all of it is JSON. Times are ms as recorded unless their
 * name says real.
 */
export type TrialReport = {
  readonly version: typeof TRIAL_REPORT_VERSION;
  readonly workload: {
    readonly source: string;
    readonly rows: number;
    readonly swarms: number;
    readonly teams: number;
    readonly spanMs: number;
    /** Agents that the record says were killed by their limit. */
    readonly killed: number;
  };
  readonly speed: number;
  readonly elapsedRealMs: number;
  readonly rows: RowAccount;
  /** Recounted from the log. */
  readonly pools: readonly PoolReport[];
  /** Pools that had more places taken than they have: must be none. */
  readonly poolsExceeded: readonly string[];
  readonly limits: {
    /** Agents that the governor ended at their deadline, by the log. */
    readonly timedOut: number;
    /** How long after its deadline each had ended, real ms of the governor's clock. */
    readonly afterDeadlineRealMs: TimeSpread;
    /** Agents that outlived their deadline in another way: must be none. */
    readonly overstayed: number;
    readonly ends: TrialEnds;
  };
  /** Recounted from the log. */
  readonly waits: readonly WaitReport[];
  /** Time of agents that was booked, by the log; ms. */
  readonly computeMs: number;
  /** Nodes where the agents' sums and the governor's books differ: must be none. */
  readonly booksDiffer: readonly string[];
  readonly admissionsAboveLimit: number | null;
  readonly requestRealTime: TimeSpread;
  readonly settleRealTime: TimeSpread;
};

/** What a drive is called, and how its log was found to be. */
export type TrialReportContext = {
  readonly source: string;
  readonly plan: TrialPlan;
  readonly speed: number;
  readonly admissionsAboveLimit: number | null;
};

/** Draws together what the agents know and what the log alone tells. */
export function trialReport(
  { source, plan, speed, admissionsAboveLimit }: TrialReportContext,
  driven: DrivenTrials,
  recount: TrialRecount,
): TrialReport {
  const { swarms, teams, rowCount: rows, spanMs } = plan;
  const trials = swarms.flatMap((swarm) => swarm.trials);
  const pools = recount.pools.map(({ points: _, ...pool }) => pool);
  return {
    version: TRIAL_REPORT_VERSION,
    workload: {
      source,
      rows,
      swarms: swarms.length,
      teams: teams.length,
      spanMs,
      killed: trials.filter(({ isKilled, times }) => isKilled && times !== null).length,
    },
    speed,
    elapsedRealMs: driven.elapsedMs,
    rows: accountOf(driven.tally, rows),
    pools,
    poolsExceeded: pools
      .filter(({ slots, peak }) => slots !== null && peak > slots)
      .map(({ path }) => path),
    limits: {
      timedOut: recount.timedOutAfterMs.length,
      afterDeadlineRealMs: timeSpreadOf(recount.timedOutAfterMs),
      overstayed: recount.overstayed,
      ends: driven.ends,
    },
    waits: TRIAL_PRIORITIES.flatMap((priority) => waitOf(priority, recount, speed)),
    computeMs: pools.reduce((sum, { computeMs }) => sum + computeMs, 0),
    booksDiffer: booksDiffer(driven.nodes, driven.tally),
    admissionsAboveLimit,
    requestRealTime: driven.requestTime,
    settleRealTime: driven.settleTime,
  };
}

function waitOf(priority: string, { waitsMs }: TrialRecount, speed: number): WaitReport[] {
  const waits = waitsMs.get(priority);
  if (waits === undefined) return [];
  const sorted = Float64Array.from(waits, (realMs) => realMs * speed).sort();
  return [
    {
      priority,
      trials: sorted.length,
      waited: waits.filter((realMs) => realMs > 0).length,
      p50Ms: rankedAt(sorted, 0.5),
      p90Ms: rankedAt(sorted, 0.9),
      maxMs: rankedAt(sorted, 1),
    },
  ];
}
