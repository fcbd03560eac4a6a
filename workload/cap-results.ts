import type { Amounts } from '../events/resources.ts';
import { BUDGET_TIERS, type BudgetTier, budgetTierOf } from './budgets.ts';
import { addAmount } from './money.ts';

/** A node with its ceilings and what it used, both by resource, descendants included. */
export type NodeUse = {
  readonly path: string;
  readonly caps: Amounts;
  readonly used: Amounts;
};

/** How the nodes of one tier ended against their ceilings of one resource. */
export type CapResult = {
  readonly tier: BudgetTier;
  /** `credits` in microcredits, `tool_calls` in calls. */
  readonly resource: string;
  /** Nodes that have such a ceiling and used something of the resource. */
  readonly nodes: number;
  /** Nodes that used more than their ceiling. */
  readonly over: number;
  /** The node that is furthest over, by percent of its ceiling; null when none is over. */
  readonly worst: Excess | null;
  /** Sum of what was used beyond the ceilings, in the resource's unit. */
  readonly totalOver: number;
};

/** Use beyond a ceiling. `percent` is of the ceiling, null where that is 0. */
export type Excess = {
  readonly path: string;
  readonly amount: number;
  readonly percent: number | null;
};

/** The resources whose ceiling bounds a sum, and not what is in use at one time. */
const CONSUMABLES = ['credits', 'tool_calls'] as const;

/** Sums up nodes by tier and resource: outermost tier first, then by name of the resource. */
export function capResults(nodes: Iterable<NodeUse>): CapResult[] {
  const results = new Map<string, CapResult>();
  for (const node of nodes) {
    const tier = budgetTierOf(node.path);
    for (const resource of CONSUMABLES) {
      const cap = node.caps[resource];
      const used = node.used[resource];
      if (cap === undefined || used === undefined) continue;
      const key = `${tier} ${resource}`;
      const before = results.get(key) ?? { ...NOTHING_YET, tier, resource };
      results.set(key, counted(before, excessOf(node.path, used, cap)));
    }
  }
  const rank = (result: CapResult) => BUDGET_TIERS.indexOf(result.tier);
  return [...results.values()].sort(
    (a, b) => rank(a) - rank(b) || a.resource.localeCompare(b.resource),
  );
}

const NOTHING_YET = { nodes: 0, over: 0, worst: null, totalOver: 0 } as const;

function excessOf(path: string, used: number, cap: number): Excess | null {
  if (used <= cap) return null;
  const amount = used - cap;
  return { path, amount, percent: cap === 0 ? null : (amount / cap) * 100 };
}

function counted(before: CapResult, excess: Excess | null): CapResult {
  const nodes = before.nodes + 1;
  if (excess === null) return { ...before, nodes };
  return {
    ...before,
    nodes,
    over: before.over + 1,
    worst: before.worst === null || share(excess) > share(before.worst) ? excess : before.worst,
    totalOver: addAmount(before.totalOver, excess.amount),
  };
}

/** Anything beyond a ceiling of nothing is further over than any percentage. */
function share(excess: Excess): number {
  return excess.percent ?? Number.POSITIVE_INFINITY;
}
