import type { BursarEvent, EventOf } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import { leavesRange, Overlay } from '../accounts/admission.ts';
import { isConsumable, type Resources } from '../accounts/registry.ts';
import { stamp } from '../context.ts';
import { closesWith } from '../nodes/auto-close.ts';
import type { Allocation, Team } from '../team.ts';
import { earlierOfEnd } from '../windows/earlier.ts';
import { backOf } from './reservation.ts';

/** Other ends of one decision, recorded before and not yet in the books. */
export interface EarlierEnds {
  readonly countByPath: Map<string, number>;
  /** The books with these ends in them. */
  readonly books: Overlay;
}

export function noEarlierEnds(): EarlierEnds {
  return { countByPath: new Map(), books: new Overlay() };
}

/**
 * The end of an allocation that nobody settled: what was reported is booked, the rest returns. A
 * report that no account can hold is set apart, not booked. Notes itself among the earlier ends.
 */
export function endOf(
  team: Team,
  allocation: Allocation,
  as: EventOf<'AllocationEnded'>['as'],
  atMs: number,
  earlier: EarlierEnds = noEarlierEnds(),
): BursarEvent[] {
  const { id, node } = allocation;
  const endingCount = (earlier.countByPath.get(node.path) ?? 0) + 1;
  earlier.countByPath.set(node.path, endingCount);
  const reported = reportedOf(allocation);
  const end = (booked: Amounts): EventOf<'AllocationEnded'> => {
    const overrun = above(booked, allocation.items);
    const toReservation = backOf(team, allocation, booked);
    return {
      ...stamp('AllocationEnded', team, atMs),
      allocation: id,
      as,
      booked,
      ...(overrun === undefined ? {} : { overrun }),
      ...earlierOfEnd(allocation, booked),
      ...(isAny(booked) ? { estimated: true } : {}),
      ...(toReservation === undefined ? {} : { toReservation }),
      ...(closesWith(node, endingCount) ? { closesStep: true } : {}),
    };
  };
  const growth = growthOf(allocation.items, reported);
  if (!leavesRange(node, growth, earlier.books)) {
    earlier.books.addAll(node, growth);
    return [end(reported)];
  }
  earlier.books.addAll(node, growthOf(allocation.items, {}));
  const limit: Record<string, number> = {};
  for (const resource in reported) limit[resource] = Number.MAX_SAFE_INTEGER;
  const quarantined: EventOf<'UsageQuarantined'> = {
    ...stamp('UsageQuarantined', team, atMs),
    path: node.path,
    allocation: id,
    amounts: reported,
    limit,
  };
  return [quarantined, end({})];
}

/** What the holder has reported, of consumables; an explicit zero stays one. */
export function reportedOf(allocation: Allocation): Amounts {
  return consumablesOf(allocation.node.resources, allocation.reported);
}

/** Of amounts, those that are spent. */
export function consumablesOf(resources: Resources, amounts: Amounts): Amounts {
  const spent: Record<string, number> = {};
  for (const resource in amounts) {
    if (!isConsumable(resources, resource)) continue;
    spent[resource] = amounts[resource] as number;
  }
  return spent;
}

/** By how much the end of a hold changes what is committed, where `booked` is spent. */
export function growthOf(held: Amounts, booked: Amounts): Amounts {
  const growth: Record<string, number> = {};
  for (const resource in held) growth[resource] = -(held[resource] as number);
  for (const resource in booked) {
    growth[resource] = (growth[resource] ?? 0) + (booked[resource] as number);
  }
  return growth;
}

/** Amounts of `a` above `b`, where there are any. */
export function above(a: Amounts, b: Amounts): Amounts | undefined {
  let over: Record<string, number> | undefined;
  for (const resource in a) {
    const excess = (a[resource] as number) - (b[resource] ?? 0);
    if (excess > 0) {
      over ??= {};
      over[resource] = excess;
    }
  }
  return over;
}

/** Whether an amount is above zero. */
export function isAny(amounts: Amounts): boolean {
  for (const resource in amounts) if ((amounts[resource] as number) > 0) return true;
  return false;
}
