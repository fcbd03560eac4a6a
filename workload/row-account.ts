import { type NodeOutcome, ROW_OUTCOMES, type RowOutcomeKind } from './outcome.ts';
import type { ReasonCount, RowTally } from './row-tally.ts';

/** What became of the rows of a workload, each counted once. */
export type RowAccount = {
  readonly byOutcome: Readonly<Record<RowOutcomeKind, number>>;
  /** Sum of the outcomes. */
  readonly accounted: number;
  /** Whether that sum is the number of rows of the workload. */
  readonly addsUp: boolean;
  readonly reasons: readonly ReasonCount[];
};

/** @param rows of the workload */
export function accountOf(tally: RowTally, rows: number): RowAccount {
  const byOutcome = Object.fromEntries(
    ROW_OUTCOMES.map((kind) => [kind, tally.count(kind)]),
  ) as Record<RowOutcomeKind, number>;
  const accounted = tally.total();
  return { byOutcome, accounted, addsUp: accounted === rows, reasons: tally.reasons() };
}

/** Paths of the nodes where the agents' sums and the governor's books differ. */
export function booksDiffer(nodes: readonly NodeOutcome[], tally: RowTally): string[] {
  const known = tally.usedByPath();
  return nodes
    .filter((node) => {
      const agents = known.get(node.path) ?? {};
      const resources = new Set([...Object.keys(node.used), ...Object.keys(agents)]);
      return [...resources].some((name) => (node.used[name] ?? 0) !== (agents[name] ?? 0));
    })
    .map((node) => node.path);
}
