import type { QuotaTree } from './quota-tree.ts';
import { compareIds } from './ratio.ts';
import type { Amounts, PendingRequest } from './types.ts';

/** What becomes of a request for something that is spent and does not come back. */
export interface BudgetAnswer {
  readonly id: string;
  readonly decision: 'grant' | 'partial' | 'queue' | 'deny';
  /** What is set aside for it. */
  readonly amounts: Amounts;
}

/**
 * Admits requests to a consumable budget, in order of arrival, then id. What is granted is set
 * aside at once in full, so that a fan-out cannot pass the limit together, and nothing is started
 * that would have to be stopped for want of budget: a request that does not fit gets the largest
 * part above its minimum by one common fraction, or waits; what would not fit an unspent budget is
 * denied.
 * @param tree with everything in use that is spent already or that running work may still spend
 */
export function admitToBudget(
  tree: QuotaTree,
  requests: readonly PendingRequest[],
): BudgetAnswer[] {
  const trial = tree.clone();
  const byArrival = [...requests].sort(
    (a, b) => (a.createdAtMs ?? 0) - (b.createdAtMs ?? 0) || compareIds(a.id, b.id),
  );
  return byArrival.map(({ id, node, amounts, mins = amounts }) => {
    const part = partThatFits(trial, node, amounts, mins);
    if (part === undefined) {
      return { id, decision: couldFit(trial, node, mins) ? 'queue' : 'deny', amounts: {} };
    }
    trial.use(node, part, 1);
    const isFull = Object.entries(amounts).every(([resource, asked]) => part[resource] === asked);
    return { id, decision: isFull ? 'grant' : 'partial', amounts: part };
  });
}

function couldFit(tree: QuotaTree, node: string, mins: Amounts): boolean {
  return Object.entries(mins).every(([resource, least]) => least <= tree.capacity(node, resource));
}

function partThatFits(
  tree: QuotaTree,
  node: string,
  amounts: Amounts,
  mins: Amounts,
): Amounts | undefined {
  if (tree.fits(node, amounts)) return amounts;
  if (!tree.fits(node, mins)) return undefined;
  let [num, den] = [1n, 1n];
  for (const [resource, asked] of Object.entries(amounts)) {
    const room = Math.min(asked, tree.available(node, resource));
    if (asked > 0 && BigInt(room) * den < num * BigInt(asked)) {
      [num, den] = [BigInt(room), BigInt(asked)];
    }
  }
  const part = Object.fromEntries(
    Object.entries(amounts).map(([resource, asked]) => [
      resource,
      Math.max(Number((BigInt(asked) * num) / den), mins[resource] ?? asked),
    ]),
  );
  return tree.fits(node, part) ? part : undefined;
}
