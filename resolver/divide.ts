import assert from 'node:assert/strict';

import { exactSum, type FlooredClaim, type ShareClaim, type Shares } from './share-claim.ts';
import { shareMaxMin } from './share-max-min.ts';
import { shareProportional } from './share-proportional.ts';

/** A child that takes part in a division. Amounts are safe integers in the resource's unit. */
export interface Part {
  readonly id: string;
  /** In all, with what it has used; null: as much as there is. */
  readonly need: number | null;
  /** In any unit, one for all; 0: after all others. */
  readonly weight: number;
  /** Higher is served first, where priorities decide. */
  readonly priority: number;
  /** It never gets less. */
  readonly floor: number;
  /** It never gets more, unless its floor is above; null: no ceiling. */
  readonly max: number | null;
}

/** What comes first when needs cannot all be met. */
export type DivisionOrder = 'proportional' | 'priority' | 'fair';

/**
 * Divides a budget over children in two steps. First their needs: all get one common fraction of
 * them (`proportional`), or the highest priority comes first and equals share in proportion to need
 * (`priority`), or one level rises for all by weight (`fair`, weighted max-min). Then, where
 * `sharesRest`, what nobody needs goes to all by weight up to their ceilings; else it is left.
 *
 * The sum never exceeds `capacity`, each has its floor and no more than its ceiling; whole numbers
 * by largest remainder, ties by id. The floors together must fit.
 */
export function divide(
  capacity: number,
  parts: readonly Part[],
  order: DivisionOrder,
  sharesRest: boolean,
): Shares {
  const floors = exactSum(parts.map(({ floor }) => floor));
  assert(floors <= BigInt(capacity), 'a division has room for every floor');
  const shares = new Map(meetNeeds(capacity, parts, order));
  const left = capacity - Number(exactSum(shares.values()));
  if (!sharesRest || left === 0) return shares;
  const rests = parts.map(({ id, weight, max, floor }): ShareClaim => {
    const share = shares.get(id) ?? 0;
    const cap = max === null ? null : Math.max(max, floor) - share;
    return { id, weightMilli: weight, demand: null, cap };
  });
  for (const [id, rest] of shareMaxMin(left, rests)) shares.set(id, (shares.get(id) ?? 0) + rest);
  return shares;
}

function meetNeeds(capacity: number, parts: readonly Part[], order: DivisionOrder): Shares {
  switch (order) {
    case 'proportional':
      return shareProportional(capacity, parts.map(claimOf), 'need');
    case 'fair':
      return shareMaxMin(capacity, parts.map(claimOf));
    case 'priority':
      return inOrder(capacity, parts);
    default:
      return order satisfies never;
  }
}

/** Class by class from the highest priority; the floors of those behind are set aside before. */
function inOrder(capacity: number, parts: readonly Part[]): Shares {
  const shares = new Map<string, number>();
  let left = capacity - Number(exactSum(parts.map(({ floor }) => floor)));
  const classes = new Set(parts.map(({ priority }) => priority).sort((a, b) => b - a));
  for (const one of classes) {
    const equals = parts.filter(({ priority }) => priority === one);
    const floors = Number(exactSum(equals.map(({ floor }) => floor)));
    const given = shareProportional(left + floors, equals.map(claimOf), 'need');
    for (const [id, share] of given) shares.set(id, share);
    left -= Number(exactSum(given.values())) - floors;
  }
  return shares;
}

/** A part that needs less than its floor has its floor; a floor lifts a ceiling beneath it. */
function claimOf({ id, need, weight, floor, max }: Part): FlooredClaim {
  return {
    id,
    weightMilli: weight,
    demand: need === null ? null : Math.max(need, floor),
    cap: max === null ? null : Math.max(max, floor),
    floor,
  };
}
