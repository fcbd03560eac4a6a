import type { Amounts } from '../events/resources.ts';
import type { BudgetTier } from './budgets.ts';
import type { NodeUse } from './cap-results.ts';
import type { CheckThenCharge } from './check-then-charge.ts';

/** What became of a row; every row gets exactly one. */
export const ROW_OUTCOMES = [
  'granted',
  /** Granted less than it asked for. */
  'partial',
  /** Granted in full after waiting in the queue. */
  'queued_granted',
  'denied',
  /** Its run had ended, or its driving was stopped, before its turn came. */
  'not_asked',
  /** Could not be asked: no price, no tokens, no step. */
  'skipped',
] as const;
export type RowOutcomeKind = (typeof ROW_OUTCOMES)[number];

/** One row as it was driven through the governor. Amounts by resource. */
export type RowOutcome = {
  /** Path of the step. */
  readonly path: string;
  readonly outcome: RowOutcomeKind;
  /** Code of the denial, of the skip, or why it was not asked; null for grants. */
  readonly reason: string | null;
  /** Tier that was short, for a denial by a limit. */
  readonly shortTier: BudgetTier | null;
  /** Time in the queue, however it ended; 0 for a row that did not wait. */
  readonly waitMs: number;
  readonly asked: Amounts;
  /** What was granted; empty when nothing was. */
  readonly held: Amounts;
  /** What was settled; empty when nothing was. */
  readonly used: Amounts;
};

/** Spread of a measured time, in ms. */
export type TimeSpread = {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

/** A team, swarm or run at the end, by the governor's own books. */
export type NodeOutcome = NodeUse & {
  /** Highest sum of held and spent at any time; an absent resource was not watched. */
  readonly peak: Amounts;
};

/** An emergency that was published while the workload ran. */
export type EmergencySeen = {
  /** Since the start of the workload, ms. */
  readonly atMs: number;
  /** Path of the node it is about. */
  readonly path: string;
  readonly kind: string;
  readonly resource: string | null;
};

/** All that is known at the end of a driven workload; `workloadReport` makes a report of it. */
export type WorkloadOutcome = {
  readonly workload: {
    /** File, or what stands for it. */
    readonly source: string;
    readonly rows: number;
    readonly runs: number;
    readonly swarms: number;
    readonly teams: number;
    readonly peakOverlap: number;
    /** From the first recorded start to the last recorded end. */
    readonly spanMs: number;
  };
  /** How many times faster than recorded; `max` leaves out every pause. */
  readonly speed: number | 'max';
  readonly priceBook: string;
  readonly elapsedMs: number;
  readonly nodes: readonly NodeOutcome[];
  /**
   * Admissions in the log after which held + spent was above a ceiling of the path, not counting
   * what settles had booked beyond their holds; null when nobody counted.
   */
  readonly admissionsAboveLimit: number | null;
  readonly emergencies: readonly EmergencySeen[];
  readonly preemptions: {
    /** Allocations that were asked to yield. */
    readonly requested: number;
    /** Allocations that were taken away. */
    readonly taken: number;
    /** Victims that were put back into the queue. */
    readonly requeued: number;
  };
  /** Requests and settles that the governor decided. */
  readonly decisions: number;
  readonly requestTime: TimeSpread;
  readonly settleTime: TimeSpread;
  /** The same rows and budgets under the other method. */
  readonly checkThenCharge: CheckThenCharge;
};

/** Spread of measured times (nearest rank). All zero for no samples. */
export function timeSpreadOf(samplesMs: readonly number[]): TimeSpread {
  const sorted = Float64Array.from(samplesMs).sort();
  const at = (share: number) => rankedAt(sorted, share);
  return { count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}

/** The sample below which a share of all lies (nearest rank); 0 of none. */
export function rankedAt(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
