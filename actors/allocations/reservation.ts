import type { Amounts } from '../../events/resources.ts';
import { isConsumable } from '../accounts/registry.ts';
import type { Node } from '../nodes/node.ts';
import type { Allocation, Team } from '../team.ts';
import type { Timer } from '../timers.ts';

/**
 * Amounts set aside in advance: from the event that makes it to its end they are `booked` on their
 * node, less what requests that name it have drawn. What those give back before its end is its own
 * again; what they spend is not.
 */
export interface Reservation {
  readonly id: string;
  readonly node: Node;
  readonly by: string;
  /** Set aside at first. */
  readonly items: Amounts;
  /** Not drawn now. */
  left: Amounts;
  /** When it may be drawn from, and when it is over; no outage moves them. */
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** Live allocations that have drawn from it. */
  readonly holders: Set<Allocation>;
  readonly end: Timer;
}

/**
 * Of what an allocation gives back, the part that its reservation has again: all that was drawn,
 * but for what of it is spent. Undefined where nothing is.
 */
export function backOf(team: Team, allocation: Allocation, booked: Amounts): Amounts | undefined {
  const { reservation, drawn, items } = allocation;
  if (reservation === null) return undefined;
  return amountsOrNone(drawn, (resource) => {
    const isSpent = isConsumable(team.resources, resource);
    const unused = (items[resource] ?? 0) - (isSpent ? (booked[resource] ?? 0) : 0);
    return Math.max(0, Math.min(drawn[resource] as number, unused));
  });
}

/** Of what an allocation shrinks by, the part that its reservation has again. */
export function backOfShrink(allocation: Allocation, next: Amounts): Amounts | undefined {
  const { reservation, drawn, items } = allocation;
  if (reservation === null) return undefined;
  return amountsOrNone(drawn, (resource) => {
    const less = (items[resource] ?? 0) - (next[resource] ?? items[resource] ?? 0);
    return Math.max(0, Math.min(drawn[resource] as number, less));
  });
}

/** What of amounts a reservation covers by the resources that it names. */
export function coveredBy({ items }: Reservation, amounts: Amounts): Amounts {
  const covered: Record<string, number> = {};
  for (const resource in amounts) {
    if (items[resource] !== undefined) covered[resource] = amounts[resource] as number;
  }
  return covered;
}

function amountsOrNone(of: Amounts, amountFor: (resource: string) => number): Amounts | undefined {
  let found: Record<string, number> | undefined;
  for (const resource in of) {
    const amount = amountFor(resource);
    if (amount === 0) continue;
    found ??= {};
    found[resource] = amount;
  }
  return found;
}
