import { Strategy } from '../events/strategy.ts';
import type {
  Alternative,
  ConflictResolutionResult,
  ResourceConflict,
  StrategyCost,
  StrategyOutcome,
} from './conflict.ts';
import { detectConflicts } from './detect-conflicts.ts';
import { planClassic } from './plan-classic.ts';
import { planFair } from './plan-fair.ts';
import { QuotaTree } from './quota-tree.ts';
import type { Planner } from './reversals.ts';
import { runStrategy } from './run-strategy.ts';
import { chooseStrategy, isLegal } from './select-strategy.ts';
import { exactSum, shownAmount } from './share-claim.ts';
import type { AccountNode, LiveAllocation, PendingRequest, ResourceNode } from './types.ts';

/** The tree: nodes with quotas, or with accounts in the governor's own terms. */
export type ResolverTree =
  | { readonly nodes: readonly ResourceNode[] }
  | { readonly accounts: readonly AccountNode[] };

export interface ResolverOptions {
  /** By which rules holders are evicted; default classic. */
  readonly preemption?: 'classic' | 'fair';
}

/**
 * Finds and resolves contention over a snapshot: a tree of quotas, who holds what, who asks. Needs
 * no governor, no log and no NATS, and changes nothing: whoever calls it applies the result.
 * What it says does not depend on the order of its input. docs/resolver.md has an example.
 */
export class ResourceConflictResolver {
  readonly #tree: QuotaTree;
  readonly #planner: Planner;

  /** @throws QuotaTreeError for nodes that form no tree */
  constructor(tree: ResolverTree, { preemption = 'classic' }: ResolverOptions = {}) {
    this.#tree =
      'nodes' in tree ? QuotaTree.ofQuotas(tree.nodes) : QuotaTree.ofAccounts(tree.accounts);
    this.#planner = preemption === 'fair' ? planFair : CLASSIC;
  }

  /**
   * Where demand exceeds supply, outer accounts first: who waits there, who holds.
   * @throws QuotaTreeError for a node that the tree does not have
   */
  detectConflicts(
    pendingRequests: readonly PendingRequest[],
    currentAllocations: readonly LiveAllocation[],
  ): ResourceConflict[] {
    return detectConflicts(this.#treeWith(currentAllocations), pendingRequests, currentAllocations);
  }

  /**
   * Decides about every request of a conflict.
   * @param strategy used where it is legal for the resource; else the decision table chooses
   */
  resolveConflict(conflict: ResourceConflict, strategy?: Strategy): ConflictResolutionResult {
    const tree = this.#treeWith(conflict.allocations);
    const choice = chooseStrategy(tree, conflict, strategy);
    const outcome = runStrategy(tree, conflict, choice.strategy, this.#planner);
    const others = Strategy.options.filter(
      (each) => each !== choice.strategy && isLegal(each, conflict),
    );
    return {
      success: outcome.allocationsGranted.length === conflict.requests.length,
      ...choice,
      ...outcome,
      cost: costOf(conflict, outcome),
      alternatives: others.map((each) =>
        alternativeOf(conflict, each, runStrategy(tree, conflict, each, this.#planner)),
      ),
    };
  }

  #treeWith(live: readonly LiveAllocation[]): QuotaTree {
    const tree = this.#tree.clone();
    for (const { node, amounts } of live) tree.use(node, amounts, 1);
    return tree;
  }
}

const CLASSIC: Planner = (...asked) => planClassic(...asked, { refines: true });

function alternativeOf(
  conflict: ResourceConflict,
  strategy: Strategy,
  outcome: StrategyOutcome,
): Alternative {
  const { allocationsGranted, allocationsQueued, allocationsDenied } = outcome;
  return {
    strategy,
    grantedCount: allocationsGranted.length,
    partialCount: allocationsGranted.filter(({ isPartial }) => isPartial).length,
    queuedCount: allocationsQueued.length,
    deniedCount: allocationsDenied.length,
    cost: costOf(conflict, outcome),
  };
}

function costOf(
  { account: { resource }, requests, allocations }: ResourceConflict,
  { allocationsGranted, preemptedTasks }: StrategyOutcome,
): StrategyCost {
  const byId = new Map(allocations.map((one) => [one.id, one]));
  const evicted = preemptedTasks.filter(({ id }) => byId.get(id)?.state !== 'evicting');
  const taken = evicted.map(({ id, take }) => (take ?? byId.get(id)?.amounts)?.[resource] ?? 0);
  const granted = new Map(allocationsGranted.map(({ id, amounts }) => [id, amounts[resource]]));
  const unserved = requests.map(
    ({ id, amounts }) => (amounts[resource] ?? 0) - (granted.get(id) ?? 0),
  );
  return {
    evictedCount: evicted.length,
    takenAmount: shownAmount(exactSum(taken)),
    unservedAmount: shownAmount(exactSum(unserved)),
  };
}
