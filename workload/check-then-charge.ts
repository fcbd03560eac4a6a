import type { Amounts } from '../events/resources.ts';
import { type Budgets, capsOf } from './budgets.ts';
import { type CapResult, capResults, type NodeUse } from './cap-results.ts';
import { addAmount } from './money.ts';
import type { Plan, PlannedRun, PlannedStep } from './plan.ts';

/** What would have happened with counters that are checked before a call and charged after it. */
export type CheckThenCharge = {
  readonly admittedRows: number;
  readonly refusedRows: number;
  /** Rows of runs that had ended by a refusal. */
  readonly notAskedRows: number;
  /** Rows for which `usedBy` gave null. */
  readonly skippedRows: number;
  /** Sums of what the admitted rows used, by resource. */
  readonly used: Amounts;
  readonly caps: readonly CapResult[];
};

/** What the method is played with. */
export type CheckThenChargeOptions = {
  /** Only ceilings of what is used up count: a counter charged afterwards knows no slots. */
  readonly budgets: Budgets;
  /** What a step really used; null for one that is skipped. */
  readonly usedBy: (step: PlannedStep) => Amounts | null;
  /** Whether a refused run asks no more, or tries its next step. */
  readonly isRunEndedByRefusal: boolean;
};

/**
 * Plays a workload against soft caps, as gateways and agent frameworks have them: a call is let
 * through while every counter on its path is below its cap, and what it really used is added to
 * them when it ends. Calls that are in flight together all see the same room, and what they use
 * together lands beyond the cap.
 *
 * The calls start and end when the record says. A call that ends at the instant at which another
 * starts is charged first, as inside a run, where one follows the other; this favours the method.
 */
export function checkThenCharge(plan: Plan, options: CheckThenChargeOptions): CheckThenCharge {
  const tree = new SoftTree(options.budgets);
  const used: Record<string, number> = {};
  const rows = { admitted: 0, refused: 0, notAsked: 0, skipped: 0 };
  const endedRuns = new Set<PlannedRun>();
  for (const edge of edgesOf(plan, tree, options.usedBy)) {
    const { call } = edge;
    if (call === null) rows.skipped += 1;
    else if (edge.isStart) {
      call.isAdmitted = !endedRuns.has(call.run) && call.nodes.every((node) => hasRoom(node, call));
      if (call.isAdmitted) rows.admitted += 1;
      else if (endedRuns.has(call.run)) rows.notAsked += 1;
      else rows.refused += 1;
      if (!call.isAdmitted && options.isRunEndedByRefusal) endedRuns.add(call.run);
    }
    if (call?.isAdmitted && edge.isEnd) {
      for (const counters of [used, ...call.nodes.map((node) => node.used)])
        add(counters, call.use);
    }
  }
  return {
    admittedRows: rows.admitted,
    refusedRows: rows.refused,
    notAskedRows: rows.notAsked,
    skippedRows: rows.skipped,
    used,
    caps: capResults(tree.nodes()),
  };
}

type SoftNode = NodeUse & { readonly used: Record<string, number> };

/** The nodes that were met, made on first sight with their ceilings. */
class SoftTree {
  readonly #budgets: Budgets;
  readonly #nodes = new Map<string, SoftNode>();

  constructor(budgets: Budgets) {
    this.#budgets = budgets;
  }

  at(path: string): SoftNode {
    const known = this.#nodes.get(path);
    if (known !== undefined) return known;
    const node = { path, caps: capsOf(this.#budgets, path), used: {} };
    this.#nodes.set(path, node);
    return node;
  }

  nodes(): Iterable<NodeUse> {
    return this.#nodes.values();
  }
}

type Call = {
  readonly run: PlannedRun;
  readonly nodes: readonly SoftNode[];
  readonly use: Amounts;
  isAdmitted: boolean;
};

/** A moment in the record; a call without duration starts and ends in one. */
type Edge = {
  readonly atMs: number;
  /** Null for a row that is skipped. */
  readonly call: Call | null;
  readonly isStart: boolean;
  readonly isEnd: boolean;
};

function edgesOf(
  plan: Plan,
  tree: SoftTree,
  usedBy: CheckThenChargeOptions['usedBy'],
): readonly Edge[] {
  const edges: Edge[] = [];
  for (const run of plan.runs) {
    for (const step of run.steps) {
      const use = usedBy(step);
      const nodes = use === null ? [] : pathsOf(run, step).map((path) => tree.at(path));
      const call = use === null ? null : { run, nodes, use, isAdmitted: false };
      const endMs = step.startMs + step.durationMs;
      const isEnd = call === null || endMs === step.startMs;
      edges.push({ atMs: step.startMs, call, isStart: true, isEnd });
      if (!isEnd) edges.push({ atMs: endMs, call, isStart: false, isEnd: true });
    }
  }
  // Stable: starts at the same instant keep the order of runs and steps.
  return edges.sort((a, b) => a.atMs - b.atMs || Number(a.isStart) - Number(b.isStart));
}

function pathsOf(run: PlannedRun, step: PlannedStep): string[] {
  return [run.team, `${run.team}/${run.swarm}`, run.path, `${run.path}/${step.step}`];
}

/** The check of a soft cap: is the counter still below it? The size of the call plays no part. */
function hasRoom(node: SoftNode, call: Call): boolean {
  for (const resource of Object.keys(call.use)) {
    const cap = node.caps[resource];
    if (cap !== undefined && (node.used[resource] ?? 0) >= cap) return false;
  }
  return true;
}

function add(counters: Record<string, number>, amounts: Amounts): void {
  for (const [resource, amount] of Object.entries(amounts)) {
    counters[resource] = addAmount(counters[resource] ?? 0, amount);
  }
}
