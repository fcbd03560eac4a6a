import assert from 'node:assert/strict';

import { LIMITS } from '../events/limits.ts';
import { type DrfBranch, largest, openBranch, regroup, setShares, shareOf } from './drf-branch.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { Amounts } from './types.ts';

/** Equal tasks that a node wants to run; several kinds are taken in the order given. */
export interface TaskDemand {
  readonly node: string;
  readonly amounts: Amounts;
  /** null = without end. */
  readonly count: number | null;
}

export interface DrfFilling {
  /** Tasks per node. */
  readonly tasks: ReadonlyMap<string, number>;
  /** The node of each task, in the order they were handed out. */
  readonly order: readonly string[];
  /** What each of these nodes holds now, with what it held before. */
  readonly use: ReadonlyMap<string, Amounts>;
  /** Whether it ended because nothing more fits, not because of `LIMITS.fillTasksMax`. */
  readonly isComplete: boolean;
}

/**
 * Hands out tasks one by one to whoever has the smallest weighted dominant share, until nothing
 * more fits anywhere: dominant resource fairness by progressive filling (Ghodsi et al., NSDI 2011),
 * in a hierarchy by its dynamic form (drf-branch.ts). Quotas of the tree bound everybody.
 * O(log n) per task below the root, O(siblings) in deeper groups; the tree itself is not changed.
 */
export function fillByDominantShare(tree: QuotaTree, demands: readonly TaskDemand[]): DrfFilling {
  const filling = new Filling(tree.clone(), demands);
  let isComplete = false;
  while (filling.order.length < LIMITS.fillTasksMax && !isComplete) {
    isComplete = !filling.serveNext();
  }
  const counts = new Map(demands.map(({ node }) => [node, 0]));
  for (const node of filling.order) counts.set(node, (counts.get(node) ?? 0) + 1);
  const use = new Map([...counts.keys()].map((node) => [node, filling.useOf(node)]));
  return { tasks: counts, order: filling.order, use, isComplete };
}

interface Kind {
  readonly amounts: Amounts;
  left: number;
}

/** What a leaf holds and what it still wants. */
interface Work {
  readonly held: Record<string, number>;
  readonly kinds: readonly Kind[];
}

class Filling {
  readonly order: string[] = [];
  readonly #trial: QuotaTree;
  readonly #root: DrfBranch;
  readonly #resources: readonly string[];
  readonly #capacities: readonly number[];
  readonly #work = new Map<DrfBranch, Work>();
  #isUsedUp: readonly boolean[];

  constructor(trial: QuotaTree, demands: readonly TaskDemand[]) {
    this.#trial = trial;
    const resources = new Set(demands.flatMap(({ amounts }) => Object.keys(amounts)));
    for (const resource of trial.resources()) resources.add(resource);
    this.#resources = [...resources].sort();
    const roots = trial.nodeIds().filter((id) => trial.parentOf(id) === null);
    assert(roots.length === 1, 'dominant shares are shares of what one root has');
    const root = roots[0] ?? '';
    this.#capacities = this.#resources.map((resource) => trial.capacity(root, resource));
    this.#root = this.#grow(root, null, kindsByNode(demands));
    this.#isUsedUp = this.#usedUp();
    this.#refresh(this.#root);
  }

  useOf(node: string): Amounts {
    return Object.fromEntries(
      this.#resources.map((resource) => [resource, this.#trial.account(node, resource).committed]),
    );
  }

  /** Hands out one task, or finds that nobody can be served. */
  serveNext(): boolean {
    const leaf = this.#nextLeaf();
    if (leaf === undefined) return false;
    const kind = this.#fittingKind(leaf);
    if (kind === undefined) {
      this.#close(leaf);
      return true;
    }
    this.#hand(leaf, kind);
    const isUsedUp = this.#usedUp();
    if (isUsedUp.some((one, place) => one !== this.#isUsedUp[place])) {
      this.#isUsedUp = isUsedUp;
      this.#refresh(this.#root);
    } else {
      this.#climb(leaf);
    }
    return true;
  }

  #hand(leaf: DrfBranch, kind: Kind): void {
    const held = this.#work.get(leaf)?.held ?? {};
    for (const [resource, amount] of Object.entries(kind.amounts)) {
      held[resource] = (held[resource] ?? 0) + amount;
    }
    this.#trial.use(leaf.id, kind.amounts, 1);
    kind.left -= 1;
    this.order.push(leaf.id);
    this.#weigh(leaf);
  }

  /** A branch for the node and all beneath it; what a group asks for itself is one more child. */
  #grow(
    id: string,
    parent: DrfBranch | null,
    kindsOf: ReadonlyMap<string, readonly Kind[]>,
  ): DrfBranch {
    const branch = openBranch(id, parent, this.#trial.weightMilliOf(id));
    const children = this.#trial.childrenOf(id).map((one) => this.#grow(one, branch, kindsOf));
    const kinds = kindsOf.get(id) ?? [];
    if (children.length === 0 && parent) {
      this.#work.set(branch, { held: this.useOf(id), kinds });
    } else if (kinds.length > 0) {
      const leaf = openBranch(id, branch, 1000);
      this.#work.set(leaf, { held: {}, kinds });
      children.push(leaf);
    }
    branch.open.replace(children);
    return branch;
  }

  #nextLeaf(): DrfBranch | undefined {
    let branch = this.#root.open.first;
    while (branch?.open.first) branch = branch.open.first;
    return branch;
  }

  #fittingKind(leaf: DrfBranch): Kind | undefined {
    return this.#work
      .get(leaf)
      ?.kinds.find(({ amounts, left }) => left > 0 && this.#trial.fits(leaf.id, amounts));
  }

  #weigh(leaf: DrfBranch): void {
    const { held, kinds } = this.#work.get(leaf) ?? { held: {}, kinds: [] };
    setShares(leaf, this.#sharesOf(held));
    leaf.next = largest(this.#sharesOf(kinds.find(({ left }) => left > 0)?.amounts ?? {}));
  }

  #sharesOf(amounts: Amounts): readonly bigint[] {
    return this.#resources.map((resource, place) =>
      shareOf(amounts[resource] ?? 0, this.#capacities[place] ?? 0),
    );
  }

  #usedUp(): boolean[] {
    return this.#resources.map((resource) => this.#trial.available(this.#root.id, resource) === 0);
  }

  /** Puts the branch, which its parent serves next, and its ancestors in their new places. */
  #climb(from: DrfBranch): void {
    for (let group = from.parent; group; group = group.parent) {
      group.open.firstChanged();
      if (group.parent) regroup(group, this.#isUsedUp);
    }
  }

  /** Takes the leaf, which is served next, out of the order, and groups that are empty by it. */
  #close(leaf: DrfBranch): void {
    let branch = leaf;
    while (branch.parent) {
      branch.parent.open.removeFirst();
      branch.parent.closed.push(branch);
      if (branch.parent.parent) regroup(branch.parent, this.#isUsedUp);
      if (branch.parent.open.first) break;
      branch = branch.parent;
    }
    if (branch.parent) this.#climb(branch.parent);
  }

  /** Looks at every branch anew: who can still be served, and in which order. */
  #refresh(branch: DrfBranch): boolean {
    if (this.#work.has(branch)) {
      this.#weigh(branch);
      return this.#fittingKind(branch) !== undefined;
    }
    const open: DrfBranch[] = [];
    for (const child of branch.open.items()) {
      if (this.#refresh(child)) open.push(child);
      else branch.closed.push(child);
    }
    branch.open.replace(open);
    if (branch.parent) regroup(branch, this.#isUsedUp);
    return open.length > 0;
  }
}

function kindsByNode(demands: readonly TaskDemand[]): ReadonlyMap<string, readonly Kind[]> {
  const kinds = new Map<string, Kind[]>();
  for (const { node, amounts, count } of demands) {
    const kind = { amounts, left: count ?? Infinity };
    const others = kinds.get(node);
    if (others) others.push(kind);
    else kinds.set(node, [kind]);
  }
  return kinds;
}
