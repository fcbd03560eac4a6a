import assert from 'node:assert/strict';

import { compareShares, type DominantShare, dominantShare } from './dominant-share.ts';
import { isCheaper } from './fair-candidates.ts';
import type { QuotaTree } from './quota-tree.ts';
import type { LiveAllocation } from './types.ts';

/**
 * Says of which node the next victim is to be taken: from the root down into the branch with the
 * largest weighted share among those that still have candidates. Shares are read anew each time,
 * so the branch that has just given is weighed again before it gives more.
 *
 * A branch that no longer borrows is left alone, unless the requester is beneath it; the
 * requester's own node stays for as long as it has candidates. Of equal shares an inner branch
 * comes before a leaf, and of leaves the one whose first candidate is cheaper.
 *
 * After Kueue's ordering of target queues (pkg/scheduler/preemption/fairsharing).
 */
export class FairTournament {
  readonly #tree: QuotaTree;
  readonly #requesterPath: ReadonlySet<string>;
  readonly #requester: string;
  readonly #root: string;
  readonly #queues: ReadonlyMap<string, LiveAllocation[]>;
  readonly #sorted = new Set<string>();
  /** Nodes with candidates at or beneath them. */
  readonly #ways = new Set<string>();
  readonly #closed = new Set<string>();

  /** Candidates of the requester's subtree count as its own node's. */
  constructor(tree: QuotaTree, requester: string, candidates: readonly LiveAllocation[]) {
    const path = tree.pathOf(requester);
    this.#tree = tree;
    this.#requester = requester;
    this.#requesterPath = new Set(path);
    this.#root = path.at(-1) ?? requester;
    this.#queues = queuesOf(tree, requester, candidates);
    for (const node of this.#queues.keys()) {
      for (const each of tree.pathOf(node)) this.#ways.add(each);
    }
  }

  /** The node that gives next, or undefined when nobody is left. */
  next(): string | undefined {
    while (!this.#closed.has(this.#root)) {
      const node = this.#descend(this.#root);
      if (node !== undefined) return node;
    }
    return undefined;
  }

  /** Takes the first candidate of a node out of the tournament. */
  pop(node: string): LiveAllocation {
    const first = this.#first(node);
    assert(first, `node ${node} has a candidate left`);
    this.#queues.get(node)?.pop();
    return first;
  }

  /** All candidates that are left. */
  rest(): LiveAllocation[] {
    return [...this.#queues.values()].flat();
  }

  /** Sorts a queue when it is asked for first: the cheapest stands last. */
  #first(node: string): LiveAllocation | undefined {
    const queue = this.#queues.get(node);
    if (!this.#sorted.has(node)) queue?.sort((a, b) => (isCheaper(a, b) ? 1 : -1));
    this.#sorted.add(node);
    return queue?.at(-1);
  }

  has(node: string): boolean {
    return (this.#queues.get(node)?.length ?? 0) > 0;
  }

  /** Takes a node out of the tournament with all its candidates. */
  close(node: string): void {
    this.#queues.get(node)?.splice(0);
  }

  /** Undefined where this walk only found something to close. */
  #descend(node: string): string | undefined {
    if (node === this.#requester) return this.has(node) ? node : this.#shut(node);
    let best: Branch | undefined;
    for (const id of this.#tree.childrenOf(node)) {
      if (!this.#ways.has(id) || this.#closed.has(id)) continue;
      const branch = this.#branchOf(id);
      if (branch === undefined) this.#closed.add(id);
      else if (best === undefined || this.#comesBefore(branch, best)) best = branch;
    }
    if (best === undefined) return this.has(node) ? node : this.#shut(node);
    return best.isInner ? this.#descend(best.id) : best.id;
  }

  #shut(node: string): undefined {
    this.#closed.add(node);
    return undefined;
  }

  #branchOf(id: string): Branch | undefined {
    const isInner = id !== this.#requester && this.#tree.childrenOf(id).length > 0;
    if (!isInner && !this.has(id)) return undefined;
    const share = dominantShare(this.#tree, id);
    if (share.borrowed === 0 && !this.#requesterPath.has(id)) return undefined;
    return { id, isInner, share };
  }

  #comesBefore(a: Branch, b: Branch): boolean {
    const order = compareShares(a.share, b.share);
    if (order !== 0) return order > 0;
    if (a.isInner !== b.isInner) return a.isInner;
    const [first, second] = [this.#first(a.id), this.#first(b.id)];
    return first !== undefined && second !== undefined && isCheaper(first, second);
  }
}

interface Branch {
  readonly id: string;
  readonly isInner: boolean;
  readonly share: DominantShare;
}

function queuesOf(
  tree: QuotaTree,
  requester: string,
  candidates: readonly LiveAllocation[],
): Map<string, LiveAllocation[]> {
  const queues = new Map<string, LiveAllocation[]>();
  const known = new Map<string, string>();
  const nodeOf = (id: string): string => {
    const node = known.get(id) ?? (tree.pathOf(id).includes(requester) ? requester : id);
    known.set(id, node);
    return node;
  };
  for (const candidate of candidates) {
    const node = nodeOf(candidate.node);
    const queue = queues.get(node);
    if (queue) queue.push(candidate);
    else queues.set(node, [candidate]);
  }
  return queues;
}
