import type { PastUse } from './history-share.ts';
import { useByNode } from './node-use.ts';
import { compareFractions, compareIds, type Fraction } from './ratio.ts';
import type { TreeNode } from './types.ts';

/** The leaves of a tree, best served first. */
export interface FairTreeRanking {
  readonly order: readonly string[];
  /** From the number of leaves down to 1; leaves that tie share the higher rank. */
  readonly ranks: ReadonlyMap<string, number>;
}

/**
 * Ranks leaves by their past, level by level (Slurm's Fair Tree, Cox and Morrison 2014): of two
 * branches the one with the larger share of weight per share of use comes first with all its
 * leaves, whatever the leaves did. Branches that tie are ranked as if they were one; a leaf that
 * ties with a branch has the rank of that branch's best leaf.
 */
export function rankByFairTree(
  nodes: readonly TreeNode[],
  past: readonly PastUse[],
): FairTreeRanking {
  const levels = levelsOf(nodes, past);
  const order: string[] = [];
  const ranks = new Map<string, number>();
  const count = nodes.filter(({ id }) => !levels.has(id)).length;
  let rank = count;
  const visit = (level: readonly Standing[], tiesWithBefore: boolean): void => {
    let ties = tiesWithBefore;
    for (const peers of tiesOf(level)) {
      for (const leaf of peers.filter(({ isGroup }) => !isGroup)) {
        if (!ties) rank = count - order.length;
        order.push(leaf.id);
        ranks.set(leaf.id, rank);
        ties = true;
      }
      const groups = peers.filter(({ isGroup }) => isGroup);
      if (!ties) rank = count - order.length;
      visit(
        groups.flatMap(({ id }) => levels.get(id) ?? []),
        true,
      );
      ties = false;
    }
  };
  visit(levels.get(null) ?? [], false);
  return { order, ranks };
}

/** A node among its siblings. */
interface Standing {
  readonly id: string;
  readonly isGroup: boolean;
  /** Share of the siblings' weights over share of their use; without end where nothing was used. */
  readonly fairness: Fraction;
}

function levelsOf(
  nodes: readonly TreeNode[],
  past: readonly PastUse[],
): ReadonlyMap<string | null, readonly Standing[]> {
  const uses = useByNode(
    nodes,
    past.map(({ node, amount }) => ({ node, amounts: { use: amount } })),
  );
  const useOf = ({ id }: TreeNode): bigint => BigInt(uses.get(id)?.['use'] ?? 0);
  const weightOf = ({ weightMilli = 1000 }: TreeNode): bigint => BigInt(weightMilli);
  const parents = new Set(nodes.map(({ parent }) => parent));
  const levels = new Map<string | null, readonly Standing[]>();
  for (const parent of parents) {
    const siblings = nodes.filter((node) => node.parent === parent);
    const weights = siblings.reduce((sum, node) => sum + weightOf(node), 0n);
    const used = siblings.reduce((sum, node) => sum + useOf(node), 0n) || 1n;
    const standings = siblings.map((node): Standing => {
      const num = weightOf(node) * used;
      const fairness = num === 0n ? { num, den: 1n } : { num, den: weights * useOf(node) };
      return { id: node.id, isGroup: parents.has(node.id), fairness };
    });
    levels.set(parent, standings);
  }
  return levels;
}

/** The siblings best served first, those that tie together, by id. */
function tiesOf(level: readonly Standing[]): readonly (readonly Standing[])[] {
  const sorted = [...level].sort(
    (a, b) => compareFractions(b.fairness, a.fairness) || compareIds(a.id, b.id),
  );
  const ties: Standing[][] = [];
  for (const standing of sorted) {
    const last = ties.at(-1);
    const isTie = last?.[0] && compareFractions(last[0].fairness, standing.fairness) === 0;
    if (isTie) last.push(standing);
    else ties.push([standing]);
  }
  return ties;
}
