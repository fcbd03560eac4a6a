import { type BudgetTier, budgetTierOf } from './budgets.ts';
import { type CapResult, capResults } from './cap-results.ts';
import type { CheckThenCharge } from './check-then-charge.ts';
import type { EmergencySeen, NodeOutcome, TimeSpread, WorkloadOutcome } from './outcome.ts';
import { accountOf, booksDiffer, type RowAccount } from './row-account.ts';
import type { ResourceSums, RowTally } from './row-tally.ts';

/** Version of the report's JSON form. */
export const REPORT_VERSION = 1;

/** One ceiling under both methods. */
export type CapComparison = {
  readonly tier: BudgetTier;
  readonly resource: string;
  /** Null where no node of the method met such a ceiling. */
  readonly bursar: CapResult | null;
  readonly checkThenCharge: CapResult | null;
};

/** What a driven workload came to; all of it is JSON. Money is microcredits, times are ms. */
export type WorkloadReport = {
  readonly version: typeof REPORT_VERSION;
  readonly workload: WorkloadOutcome['workload'];
  readonly speed: number | 'max';
  readonly priceBook: string;
  readonly elapsedMs: number;
  readonly rows: RowAccount;
  readonly credits: ResourceSums;
  readonly toolCalls: ResourceSums;
  readonly queue: TimeSpread;
  readonly nodes: readonly NodeOutcome[];
  /** Admissions by which held + spent passed a ceiling: must be 0; null when not counted. */
  readonly admissionsAboveLimit: number | null;
  /** Nodes where the agents' sums and the governor's books differ: must be none. */
  readonly booksDiffer: readonly string[];
  readonly caps: readonly CapComparison[];
  readonly checkThenCharge: CheckThenCharge;
  readonly emergencies: readonly EmergencySeen[];
  readonly preemptions: WorkloadOutcome['preemptions'];
  readonly decisions: number;
  readonly decisionsPerSecond: number;
  readonly requestTime: TimeSpread;
  readonly settleTime: TimeSpread;
};

/** Draws the sums together and checks them against each other. */
export function workloadReport(outcome: WorkloadOutcome, tally: RowTally): WorkloadReport {
  const { workload, nodes, elapsedMs, decisions } = outcome;
  return {
    version: REPORT_VERSION,
    workload,
    speed: outcome.speed,
    priceBook: outcome.priceBook,
    elapsedMs,
    rows: accountOf(tally, workload.rows),
    credits: tally.sumsOf('credits'),
    toolCalls: tally.sumsOf('tool_calls'),
    queue: tally.waits(),
    nodes,
    admissionsAboveLimit: outcome.admissionsAboveLimit,
    booksDiffer: booksDiffer(nodes, tally),
    caps: comparisons(capResults(nodes), outcome.checkThenCharge.caps),
    checkThenCharge: outcome.checkThenCharge,
    emergencies: outcome.emergencies,
    preemptions: outcome.preemptions,
    decisions,
    decisionsPerSecond: elapsedMs > 0 ? Math.round((decisions * 1_000) / elapsedMs) : 0,
    requestTime: outcome.requestTime,
    settleTime: outcome.settleTime,
  };
}

function comparisons(bursar: readonly CapResult[], soft: readonly CapResult[]): CapComparison[] {
  const isSame = (a: CapResult) => (b: CapResult) => a.tier === b.tier && a.resource === b.resource;
  const onlySoft = soft.filter((result) => !bursar.some(isSame(result)));
  return [
    ...bursar.map((result) => ({
      tier: result.tier,
      resource: result.resource,
      bursar: result,
      checkThenCharge: soft.find(isSame(result)) ?? null,
    })),
    ...onlySoft.map((result) => ({
      tier: result.tier,
      resource: result.resource,
      bursar: null,
      checkThenCharge: result,
    })),
  ];
}

/** Nodes of one tier, by credits used, most first. */
export function nodesOfTier(report: WorkloadReport, tier: BudgetTier): NodeOutcome[] {
  return report.nodes
    .filter((node) => budgetTierOf(node.path) === tier)
    .sort((a, b) => (b.used['credits'] ?? 0) - (a.used['credits'] ?? 0));
}
