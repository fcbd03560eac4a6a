import type { Amounts } from '../events/resources.ts';

/** The tiers that a budget may be given for by name. */
export const BUDGET_TIERS = ['team', 'swarm', 'run', 'step'] as const;
/** A tier of the tree; everything below a step counts as step. */
export type BudgetTier = (typeof BUDGET_TIERS)[number];

/**
 * Ceilings by resource: `credits` in microcredits, `tool_calls` in calls, `concurrency` in slots.
 * An absent resource has no ceiling here; null takes away the one that the tier sets.
 */
export type Caps = Readonly<Record<string, number | null>>;

/** What each node may use: caps for every node of a tier, and others for single paths. */
export type Budgets = {
  readonly tiers: Readonly<Record<BudgetTier, Caps>>;
  /** By path, such as `acme/research`; wins over the tier, resource by resource. */
  readonly paths: Readonly<Record<string, Caps>>;
};

/** No ceiling anywhere. */
export const NO_BUDGETS: Budgets = {
  tiers: { team: {}, swarm: {}, run: {}, step: {} },
  paths: {},
};

/** The tier of a node by the depth of its path. */
export function budgetTierOf(path: string): BudgetTier {
  const depth = path.split('/').length;
  return BUDGET_TIERS[Math.min(depth, BUDGET_TIERS.length) - 1] ?? 'step';
}

/** The ceilings of one node, resources without one left out. */
export function capsOf(budgets: Budgets, path: string): Amounts {
  const merged = { ...budgets.tiers[budgetTierOf(path)], ...budgets.paths[path] };
  const caps: Record<string, number> = {};
  for (const [resource, cap] of Object.entries(merged)) if (cap !== null) caps[resource] = cap;
  return caps;
}

/** Both budgets together; where both say something of a resource, `over` wins. */
export function mergeBudgets(under: Budgets, over: Budgets): Budgets {
  const tiers = { ...under.tiers };
  for (const tier of BUDGET_TIERS) tiers[tier] = { ...under.tiers[tier], ...over.tiers[tier] };
  const paths = { ...under.paths };
  for (const [path, caps] of Object.entries(over.paths)) paths[path] = { ...paths[path], ...caps };
  return { tiers, paths };
}
