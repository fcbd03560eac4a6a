import type { QuotaTree } from './quota-tree.ts';
import { compareBigints, compareIds } from './ratio.ts';
import type { Amounts } from './types.ts';

/**
 * How much a node borrows of what its parent could hand out, in the resource where that is most,
 * over its weight: Kueue's measure of who has more than its fair part (KEP 1714; the dominant
 * share of Ghodsi et al., DRF, NSDI 2011, of borrowed amounts). Kept as an exact fraction.
 */
export interface DominantShare {
  /** Borrowed of the dominant resource; 0 where the node borrows nothing that can be lent. */
  readonly borrowed: number;
  /** What the parent could hand out of it in an empty tree; at least 1. */
  readonly lendable: number;
  readonly weightMilli: number;
  /** The resource, or null where the share is 0. Without its flavour, see `kindOf`. */
  readonly dominant: string | null;
  /** Whether the node is above its quota in any resource, lendable or not. */
  readonly isBorrowing: boolean;
}

/**
 * @param more counted as if the node used it too, for the share after a grant
 */
export function dominantShare(tree: QuotaTree, node: string, more: Amounts = {}): DominantShare {
  const weightMilli = tree.weightMilliOf(node);
  const parent = tree.parentOf(node);
  const none = { borrowed: 0, lendable: 1, weightMilli, dominant: null };
  if (parent === null) return { ...none, isBorrowing: false };
  const borrowed = borrowedByKind(tree, node, more);
  let largest: DominantShare = { ...none, isBorrowing: borrowed.size > 0 };
  for (const [kind, amount] of [...borrowed].sort(([a], [b]) => compareIds(a, b))) {
    const lendable = lendableOfKind(tree, parent, kind);
    // Of what has no end nobody borrows a part that could be named.
    if (lendable <= 0 || lendable === Infinity) continue;
    const share = { ...largest, borrowed: amount, lendable, dominant: kind };
    if (compareRatios(share, largest) > 0) largest = share;
  }
  return largest;
}

/**
 * Orders shares; the larger one is asked to give first and served last. A node of weight 0 that
 * borrows stands above all others.
 */
export function compareShares(a: DominantShare, b: DominantShare): number {
  const [isEndlessA, isEndlessB] = [isEndless(a), isEndless(b)];
  if (isEndlessA || isEndlessB) {
    return isEndlessA && isEndlessB ? compareRatios(a, b) : isEndlessA ? 1 : -1;
  }
  // Without a weight and without a loan the share is 0.
  const weightA = a.borrowed === 0 ? 1 : a.weightMilli;
  const weightB = b.borrowed === 0 ? 1 : b.weightMilli;
  return compareBigints(
    product(a.borrowed, b.lendable, weightB),
    product(b.borrowed, a.lendable, weightA),
  );
}

/** Whether the share has no number: weight 0, and borrowing. */
export function isEndless({ weightMilli, isBorrowing }: DominantShare): boolean {
  return weightMilli === 0 && isBorrowing;
}

/** The share in thousandths as people read it, rounded up; null where it is endless. */
export function sharePermille(share: DominantShare): bigint | null {
  if (isEndless(share)) return null;
  if (share.borrowed === 0) return 0n;
  const below = product(share.lendable, share.weightMilli);
  return (product(share.borrowed, 1_000_000) + below - 1n) / below;
}

/** `cpu@spot` is a flavour of `cpu`: loans of flavours of one kind are counted together. */
function kindOf(resource: string): string {
  return resource.split('@', 1)[0] ?? resource;
}

function borrowedByKind(tree: QuotaTree, node: string, more: Amounts): Map<string, number> {
  const borrowed = new Map<string, number>();
  for (const resource of new Set([...tree.resources(), ...Object.keys(more)])) {
    const amount = tree.borrowedOf(node, resource, more[resource] ?? 0);
    const kind = kindOf(resource);
    if (amount > 0) borrowed.set(kind, (borrowed.get(kind) ?? 0) + amount);
  }
  return borrowed;
}

function lendableOfKind(tree: QuotaTree, parent: string, kind: string): number {
  let lendable = 0;
  for (const resource of tree.resources()) {
    if (kindOf(resource) === kind) lendable += tree.capacity(parent, resource);
  }
  return lendable;
}

function compareRatios(a: DominantShare, b: DominantShare): number {
  return compareBigints(product(a.borrowed, b.lendable), product(b.borrowed, a.lendable));
}

function product(...factors: readonly number[]): bigint {
  return factors.reduce((result, factor) => result * BigInt(factor), 1n);
}
