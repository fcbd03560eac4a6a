import type { BursarEvent, EventOf } from '../events/events.ts';
import { type Amounts, resourceTypeOf } from '../events/resources.ts';
import { leavesRange } from './admission.ts';
import { closesWith } from './auto-close.ts';
import { stamp } from './context.ts';
import type { Allocation, Team } from './team.ts';

/** Other ends of one decision, recorded before and not yet in the books. */
export interface EarlierEnds {
  readonly countByPath: Map<string, number>;
  readonly booked: Record<string, number>;
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
  earlier: EarlierEnds = { countByPath: new Map(), booked: {} },
): BursarEvent[] {
  const { id, node } = allocation;
  const endingCount = (earlier.countByPath.get(node.path) ?? 0) + 1;
  earlier.countByPath.set(node.path, endingCount);
  const reported = reportedOf(allocation);
  const end = (booked: Amounts): EventOf<'AllocationEnded'> => {
    const overrun = above(booked, allocation.items);
    return {
      ...stamp('AllocationEnded', team, atMs),
      allocation: id,
      as,
      booked,
      ...(overrun === undefined ? {} : { overrun }),
      ...(isAny(booked) ? { estimated: true } : {}),
      ...(closesWith(node, endingCount) ? { closesStep: true } : {}),
    };
  };
  const total: Record<string, number> = {};
  for (const resource in reported) {
    total[resource] = (earlier.booked[resource] ?? 0) + (reported[resource] as number);
  }
  if (!leavesRange(node, total)) {
    Object.assign(earlier.booked, total);
    return [end(reported)];
  }
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
  const used: Record<string, number> = {};
  for (const resource in allocation.reported) {
    if (resourceTypeOf(resource)?.class !== 'consumable') continue;
    used[resource] = allocation.reported[resource] as number;
  }
  return used;
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
