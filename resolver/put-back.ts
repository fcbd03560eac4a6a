import type { Trial } from './trial.ts';
import type { Amounts, LiveAllocation } from './types.ts';

/**
 * Spares whom it can: tries each pick but the last from the dearest to the cheapest, and keeps
 * evicted only those without whom the request would not fit. All picks are out of the tree before,
 * those returned after.
 */
export function putBack<Pick extends { readonly holder: LiveAllocation }>(
  trial: Trial,
  picked: readonly Pick[],
  fits: () => boolean,
): Pick[] {
  const needed = [...picked];
  for (let i = needed.length - 2; i >= 0; i -= 1) {
    const holder = needed[i]?.holder;
    if (!holder) continue;
    trial.add(holder);
    if (fits()) needed.splice(i, 1);
    else trial.remove(holder);
  }
  return needed;
}

/**
 * The dearest victim that can give enough by shrinking instead of leaving, with the least that it
 * has to give of each contested resource; undefined where none can. All victims are out of the
 * tree, before and after.
 */
export function shrinkDearest(
  trial: Trial,
  victims: readonly { readonly holder: LiveAllocation }[],
  contested: readonly string[],
  fits: () => boolean,
): { readonly id: string; readonly take: Amounts } | undefined {
  for (const { holder } of [...victims].reverse()) {
    if (!holder.min || holder.state === 'evicting') continue;
    trial.add(holder);
    const take = leastTake(trial, holder, contested, fits);
    trial.remove(holder);
    if (take) return { id: holder.id, take };
  }
  return undefined;
}

function leastTake(
  trial: Trial,
  { node, amounts, min = {} }: LiveAllocation,
  contested: readonly string[],
  fits: () => boolean,
): Amounts | undefined {
  const fitsWithout = (take: Amounts) => trial.without({ node, amounts: take }, fits);
  const take: Record<string, number> = {};
  for (const resource of [...contested].sort()) {
    const held = amounts[resource] ?? 0;
    const spare = held - (min[resource] ?? held);
    if (spare > 0) take[resource] = spare;
  }
  if (!fitsWithout(take)) return undefined;
  for (const [resource, most] of Object.entries(take)) {
    take[resource] = leastUpTo(most, (amount) => fitsWithout({ ...take, [resource]: amount }));
  }
  return Object.fromEntries(Object.entries(take).filter(([, amount]) => amount > 0));
}

/** The least number for which it is so; it is so for `most` and all numbers from the least on. */
function leastUpTo(most: number, isSo: (amount: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (isSo(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
