import { LIMITS } from '../events/limits.ts';

/** Something that is taken whole or not at all. */
export interface SubsetItem {
  readonly id: string;
  /** What it takes of which limits, by their places; of those that it does not touch nothing. */
  readonly sizes: readonly SizeAtLimit[];
  /** How much it is worth to take it. */
  readonly worth: bigint;
}

export type SizeAtLimit = readonly [limit: number, size: number];

export interface ClosestSubset {
  readonly ids: readonly string[];
  readonly worth: bigint;
  /** Whether no better set exists; false where the search met `LIMITS.subsetStepsMax`. */
  readonly isExact: boolean;
}

/**
 * The set of items worth most in sum that stays within every limit. Of equal sets the one that
 * takes the earlier items, so the order of the items is the order of preference.
 *
 * Branch and bound: an item is taken before it is left out, a branch is left where even all that
 * follows could not beat the best so far, or where the same room was left at the same item before.
 * Subset sum is NP-hard; the steps are bounded, and the best so far is returned at the bound.
 * @param mostWorth that no set can exceed: the search ends where it is reached
 */
export function closestSubset(
  items: readonly SubsetItem[],
  limits: readonly number[],
  mostWorth?: bigint,
): ClosestSubset {
  const worthFrom = suffixSums(items);
  const seen = new Map<string, bigint>();
  let best: Branch = { place: 0, room: limits, worth: 0n, taken: null };
  const stack: Branch[] = [best];
  let steps = 0;
  for (let at = stack.pop(); at && steps < LIMITS.subsetStepsMax; at = stack.pop(), steps += 1) {
    if (at.worth > best.worth) best = at;
    if (best.worth === mostWorth) break;
    const item = items[at.place];
    if (item === undefined || at.worth + (worthFrom[at.place] ?? 0n) <= best.worth) continue;
    if (limits.length <= LIMITS_REMEMBERED_MAX) {
      const state = `${at.place}:${at.room.join()}`;
      const before = seen.get(state);
      if (before !== undefined && before >= at.worth) continue;
      seen.set(state, at.worth);
    }
    const place = at.place + 1;
    stack.push({ ...at, place });
    if (item.sizes.some(([limit, size]) => size > (at.room[limit] ?? 0))) continue;
    const room = [...at.room];
    for (const [limit, size] of item.sizes) room[limit] = (room[limit] ?? 0) - size;
    const taken = { id: item.id, before: at.taken };
    stack.push({ place, room, worth: at.worth + item.worth, taken });
  }
  const ids: string[] = [];
  for (let one = best.taken; one; one = one.before) ids.unshift(one.id);
  return { ids, worth: best.worth, isExact: stack.length === 0 || best.worth === mostWorth };
}

/** With more limits than these the same room hardly comes twice. */
const LIMITS_REMEMBERED_MAX = 8;

/** Decided about all items before `place`. */
interface Branch {
  readonly place: number;
  /** What is left of each limit. */
  readonly room: readonly number[];
  readonly worth: bigint;
  readonly taken: Taken | null;
}

interface Taken {
  readonly id: string;
  readonly before: Taken | null;
}

function suffixSums(items: readonly SubsetItem[]): readonly bigint[] {
  const sums: bigint[] = new Array(items.length + 1).fill(0n);
  for (let place = items.length - 1; place >= 0; place -= 1) {
    sums[place] = (sums[place + 1] ?? 0n) + (items[place]?.worth ?? 0n);
  }
  return sums;
}
