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
    const standings = [...level].sort(compareStandings);
    let place = 0;
    while (place < standings.length) {
      const [first, ...others] = standings.slice(place);
      if (first === undefined) break;
      const before = standings[place - 1];
      const ties = before ? isTie(before, first) : tiesWithBefore;
      if (!ties) rank = count - order.length;
      const peers = [first, ...others.filter((one) => first.isGroup && isTie(first, one))];
      if (first.isGroup)
        visit(
          peers.flatMap(({ id }) => levels.get(id) ?? []),
          ties,
        );
      else {
        order.push(first.id);
        ranks.set(first.id, rank);
      }
      place += peers.length;
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

/** Best served first; of those that tie leaves before groups, then by id. */
function compareStandings(a: Standing, b: Standing): number {
  return (
    compareFractions(b.fairness, a.fairness) ||
    Number(a.isGroup) - Number(b.isGroup) ||
    compareIds(a.id, b.id)
  );
}

function isTie(a: Standing, b: Standing): boolean {
  return compareFractions(a.fairness, b.fairness) === 0;
}
