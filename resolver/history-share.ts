import { ONE, powerOfHalf } from './power-of-two.ts';
import { QuotaTree } from './quota-tree.ts';
import { compareBigints, compareIds, type Fraction } from './ratio.ts';
import type { TreeNode } from './types.ts';

/** Past use of a leaf, decayed, as a part of all past use; see usage-decay.ts. */
export interface PastUse {
  readonly node: string;
  readonly amount: number;
}

/** A node by its past. */
export interface HistoryShare {
  /** The part of all past use that is laid at its door. */
  readonly effectiveUse: Fraction;
  /** 2^(−use / share): 1 for one that used nothing, 1/2 for one that used just its share. */
  readonly factor: Fraction;
}

/**
 * Fair share by history, the classic formula of Slurm's multifactor priority: a node answers for
 * its own past use and, by its share among its siblings, for its parent's:
 *
 *   effective = use + (effective(parent) − use) · weight / weights of siblings
 *
 * and its factor is 2^(−effective / share), where its share is the product of weight fractions
 * down from the root. The uppermost level answers for its own use alone.
 * @param total all past use that the parts are parts of, at least the sum of them
 */
export function historyShares(
  nodes: readonly TreeNode[],
  past: readonly PastUse[],
  total: number,
): ReadonlyMap<string, HistoryShare> {
  const tree = QuotaTree.ofQuotas(nodes.map((node) => ({ ...node, quotas: {} })));
  const useOf = useBeneath(tree, past);
  const shares = new Map<string, HistoryShare>();
  const descend = (parent: string, effectiveOfParent: bigint | null, share: Fraction): void => {
    const children = tree.childrenOf(parent);
    const weights = children.reduce((sum, id) => sum + BigInt(tree.weightMilliOf(id)), 0n);
    for (const id of children) {
      const weight = BigInt(tree.weightMilliOf(id));
      const own = (useOf(id) * ONE) / BigInt(Math.max(1, total));
      const effective =
        effectiveOfParent === null || weights === 0n
          ? own
          : own + ((effectiveOfParent - own) * weight) / weights;
      const part = { num: share.num * weight, den: share.den * (weights || 1n) };
      shares.set(id, {
        effectiveUse: { num: effective, den: ONE },
        factor: factorOf(effective, part),
      });
      descend(id, effective, part);
    }
  };
  for (const id of tree.nodeIds()) {
    if (tree.parentOf(id) === null) descend(id, null, { num: 1n, den: 1n });
  }
  return shares;
}

/** Those with the largest factor first, ties by id. */
export function orderByHistory(
  shares: ReadonlyMap<string, HistoryShare>,
  ids: readonly string[],
): string[] {
  const factorOfId = (id: string) => shares.get(id)?.factor.num ?? 0n;
  return [...ids].sort((a, b) => compareBigints(factorOfId(b), factorOfId(a)) || compareIds(a, b));
}

function factorOf(effective: bigint, share: Fraction): Fraction {
  if (effective <= 0n) return { num: ONE, den: ONE };
  if (share.num === 0n) return { num: 0n, den: ONE };
  return { num: powerOfHalf(effective * share.den, share.num * ONE), den: ONE };
}

function useBeneath(tree: QuotaTree, past: readonly PastUse[]): (id: string) => bigint {
  const totals = new Map<string, bigint>();
  for (const { node, amount } of past) {
    for (const id of tree.pathOf(node)) totals.set(id, (totals.get(id) ?? 0n) + BigInt(amount));
  }
  return (id) => totals.get(id) ?? 0n;
}
