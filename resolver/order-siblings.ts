import { guaranteeRatio } from './guarantee-ratio.ts';
import { compareFractions, compareIds } from './ratio.ts';
import type { Amounts } from './types.ts';

/** Whether use against guarantee or priority decides first. */
export type SiblingRule = 'fairFirst' | 'priorityFirst';

/** A branch that wants something. */
export interface WaitingBranch {
  readonly id: string;
  /** The highest priority that waits in it. */
  readonly priority: number;
  /** Amounts in use, which are added up. */
  readonly uses: readonly Amounts[];
  /** Of the resources of which it has one. */
  readonly guarantee: Amounts;
}

/**
 * In which order the branches beneath one node are offered what is free (the fair policy of
 * YuniKorn's queue sorters): by use over guarantee and by priority, whichever the rule names
 * first, then by id.
 * @param fair measures a resource of which a branch has no guarantee
 */
export function orderSiblings(
  branches: readonly WaitingBranch[],
  fair: Amounts,
  rule: SiblingRule,
): string[] {
  return branches
    .map(({ id, priority, uses, guarantee }) => {
      return { id, priority, ratio: guaranteeRatio(uses, guarantee, fair) };
    })
    .sort((a, b) => {
      const byShare = compareFractions(a.ratio, b.ratio);
      const byPriority = b.priority - a.priority;
      const order = rule === 'fairFirst' ? byShare || byPriority : byPriority || byShare;
      return order || compareIds(a.id, b.id);
    })
    .map(({ id }) => id);
}
