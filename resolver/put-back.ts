import type { QuotaTree } from './quota-tree.ts';
import type { Amounts, LiveAllocation } from './types.ts';

/**
 * Spares whom it can: tries each pick but the last from the dearest to the cheapest, and keeps
 * evicted only those without whom the request would not fit. All picks are out of the tree before,
 * those returned after.
 */
export function putBack<P extends { readonly holder: LiveAllocation }>(
  tree: QuotaTree,
  picked: readonly P[],
  fits: () => boolean,
): P[] {
  const kept = [...picked];
  for (let i = kept.length - 2; i >= 0; i -= 1) {
    const holder = kept[i]?.holder;
    if (!holder) continue;
    tree.use(holder.node, holder.amounts, 1);
    if (fits()) kept.splice(i, 1);
    else tree.use(holder.node, holder.amounts, -1);
  }
  return kept;
}

/**
 * The dearest victim that can give enough by shrinking instead of leaving, with the least that it
 * has to give of each contested resource; undefined where none can. All victims are out of the
 * tree, before and after.
 */
export function shrinkLast(
  tree: QuotaTree,
  victims: readonly { readonly holder: LiveAllocation }[],
  contested: readonly string[],
  fits: () => boolean,
): { readonly id: string; readonly take: Amounts } | undefined {
  for (const { holder } of [...victims].reverse()) {
    if (!holder.min || holder.state === 'evicting') continue;
    tree.use(holder.node, holder.amounts, 1);
    const take = leastTake(tree, holder, contested, fits);
    tree.use(holder.node, holder.amounts, -1);
    if (take) return { id: holder.id, take };
  }
  return undefined;
}

function leastTake(
  tree: QuotaTree,
  { node, amounts, min = {} }: LiveAllocation,
  contested: readonly string[],
  fits: () => boolean,
): Amounts | undefined {
  const fitsWithout = (take: Amounts): boolean => {
    tree.use(node, take, -1);
    const isEnough = fits();
    tree.use(node, take, 1);
    return isEnough;
  };
  const take: Record<string, number> = {};
  for (const resource of [...contested].sort()) {
    const spare = (amounts[resource] ?? 0) - (min[resource] ?? amounts[resource] ?? 0);
    if (spare > 0) take[resource] = spare;
  }
  if (!fitsWithout(take)) return undefined;
  for (const [resource, most] of Object.entries(take)) {
    take[resource] = leastBetween(0, most, (amount) =>
      fitsWithout({ ...take, [resource]: amount }),
    );
  }
  return Object.fromEntries(Object.entries(take).filter(([, amount]) => amount > 0));
}

/** The least number for which it is so; it is so for `most` and all numbers from the least on. */
function leastBetween(least: number, most: number, isSo: (amount: number) => boolean): number {
  let [low, high] = [least, most];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (isSo(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
