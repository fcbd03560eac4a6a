import assert from 'node:assert/strict';

import { QuotaTree } from './quota-tree.ts';
import { exactSum, type FlooredClaim, type Shares, usableOf } from './share-claim.ts';
import { shareMaxMin } from './share-max-min.ts';
import type { ResourceNode } from './types.ts';

/** One algorithm of shares; see share-max-min.ts, share-proportional.ts and share-top-up.ts. */
export type ShareMethod = (capacity: number, claims: readonly FlooredClaim[]) => Shares;

/** What a node uses and asks for; null = as much as there is. */
export interface NodeDemand {
  readonly node: string;
  readonly amount: number | null;
}

export interface ShareTreeOptions {
  /** Default: weighted max-min. */
  readonly method?: ShareMethod;
  /** Whether `nominal` is a guarantee that comes before weights. Default true. */
  readonly honoursGuarantees?: boolean;
}

/**
 * Divides one resource down a tree, level by level: what a node gets goes to its children by their
 * weights. What a branch does not want goes to its siblings at once, on every level, so that
 * nothing stays idle while somebody wants it. A node's ceiling is `max`, or what it may reach by
 * borrowing. To divide is what the root has, or, where it names nothing, what its nodes have.
 * @returns the share of every node, of groups with all beneath them
 */
export function shareTree(
  nodes: readonly ResourceNode[],
  resource: string,
  demands: readonly NodeDemand[],
  { method = shareMaxMin, honoursGuarantees = true }: ShareTreeOptions = {},
): Shares {
  const tree = QuotaTree.ofQuotas(nodes);
  const branchOf = branchMaker(tree, nodes, resource, demands, honoursGuarantees);
  const shares = new Map<string, number>();
  const divide = ({ id, own, children }: Branch, capacity: number): void => {
    shares.set(id, capacity);
    // What a group asks for itself competes with its children, as one more of them.
    const parts = method(capacity, own.demand === 0 ? children : [own, ...children]);
    for (const child of children) divide(child, parts.get(child.id) ?? 0);
  };
  for (const id of tree.nodeIds()) {
    if (tree.parentOf(id) !== null) continue;
    const root = branchOf(id);
    const { nominal } = nodes.find((node) => node.id === id)?.quotas[resource] ?? {};
    const beneath = tree.account(id, resource).guarantee;
    const capacity = nominal ?? (beneath > 0 ? beneath : cappedDemand(root));
    assert(capacity !== null, 'without any quota only a bounded demand can be shared out');
    divide(root, usableOf(root, capacity));
  }
  return shares;
}

/** A node as a claim on its parent, with what is divided beneath it. */
interface Branch extends FlooredClaim {
  readonly own: FlooredClaim;
  readonly children: readonly Branch[];
}

function branchMaker(
  tree: QuotaTree,
  nodes: readonly ResourceNode[],
  resource: string,
  demands: readonly NodeDemand[],
  honoursGuarantees: boolean,
): (id: string) => Branch {
  const quotas = new Map(nodes.map((node) => [node.id, node.quotas[resource] ?? {}]));
  const askedBy = new Map<string, (number | null)[]>();
  for (const { node, amount } of demands) {
    askedBy.set(node, [...(askedBy.get(node) ?? []), amount]);
  }
  const branchOf = (id: string): Branch => {
    const children = tree.childrenOf(id).map(branchOf);
    const own: FlooredClaim = { id, demand: sumOrEndless(askedBy.get(id) ?? []) };
    const { nominal = 0, borrowLimit = Infinity, max = Infinity } = quotas.get(id) ?? {};
    const reach = tree.parentOf(id) === null ? Infinity : nominal + borrowLimit;
    const ceiling = Math.min(max, reach);
    const floors = Number(exactSum(children.map(({ floor }) => floor ?? 0)));
    return {
      id,
      weightMilli: tree.weightMilliOf(id),
      demand: sumOrEndless([own.demand, ...children.map(cappedDemand)]),
      cap: ceiling === Infinity ? null : ceiling,
      floor: honoursGuarantees ? Math.max(nominal, floors) : 0,
      own,
      children,
    };
  };
  return branchOf;
}

function cappedDemand({ demand, cap }: FlooredClaim): number | null {
  const wanted = Math.min(demand ?? Infinity, cap ?? Infinity);
  return wanted === Infinity ? null : wanted;
}

function sumOrEndless(amounts: readonly (number | null)[]): number | null {
  const bounded = amounts.filter((amount) => amount !== null);
  if (bounded.length < amounts.length) return null;
  const sum = Number(exactSum(bounded));
  assert(Number.isSafeInteger(sum), 'what is asked for beneath a node is a safe integer');
  return sum;
}
