import type { BursarEvent, EventOf } from '../../events/events.ts';
import { deepestOpen } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import type { RateGauge } from '../rates/rate-gauge.ts';
import { gaugesOn } from '../rates/rates.ts';
import type { Allocation, Position, Team } from '../team.ts';
import { breached } from './invariant-error.ts';

/**
 * INV-17: a grant finds room in every rate of its path, by the second count. O(depth × rates); a
 * window forgets what has left it.
 */
export function checkRates(team: Team, event: EventOf<'AllocationGranted'>, at: Position): void {
  const anchor = deepestOpen(team, event.ask.path);
  if (anchor === undefined || event.rates === undefined) return;
  for (const resource in event.rates) {
    const amount = event.rates[resource] as number;
    for (const [{ path }, gauge] of gaugesOn(anchor, resource)) {
      const found = gauge.second.countedAt(event.atMs) + amount;
      if (found <= gauge.burst) continue;
      const what = `what is counted within ${gauge.meter.ms} ms after a grant`;
      const place = { invariant: 'INV-17', path, resource, what } as const;
      breached(event, at, { ...place, expected: `${gauge.burst} at most`, found });
    }
  }
}

/** Takes what a grant counts into the second counts, and holds them against the gauges. */
export function carryRates(event: EventOf<'AllocationGranted'>, at: Position, from: Node): void {
  for (const resource in event.rates) {
    for (const [{ path }, gauge] of gaugesOn(from, resource)) {
      gauge.second.count(event.atMs, event.rates[resource] as number);
      compare(event, at, path, resource, gauge);
    }
  }
}

/** Takes a correction of what a grant counted into the second counts. */
export function carryCorrection(
  event: EventOf<'AllocationEnded'>,
  at: Position,
  { counted, grantedAtMs }: Allocation,
): void {
  for (const { node, gauge, resource, amount } of counted ?? []) {
    const actual = event.rates?.[resource];
    if (actual === undefined) continue;
    const most = amount > gauge.burst ? amount : gauge.burst;
    const change = (actual < most ? actual : most) - amount;
    gauge.second.correct(grantedAtMs, event.atMs, change);
    compare(event, at, node.path, resource, gauge);
  }
}

/** Takes a changed limit into the second count of a gauge that goes on counting. */
export function carryMeters(
  event: EventOf<'NodeOpened' | 'LimitsSet'>,
  at: Position,
  node: Node,
  before: ReadonlyMap<string, RateGauge> | undefined,
): void {
  for (const resource in event.limits) {
    const { per, limit = null } = event.limits[resource] ?? {};
    if (per === undefined) continue;
    const gauge = node.rates?.get(resource);
    if ((gauge?.limit ?? null) !== limit) {
      const place = { invariant: 'INV-17', path: node.path, resource, what: 'the limit' } as const;
      breached(event, at, { ...place, expected: limit, found: gauge?.limit ?? null });
    }
    if (gauge === undefined || limit === null) continue;
    if (before?.get(resource) === gauge) gauge.second.change(event.atMs, limit, per.burst ?? limit);
    compare(event, at, node.path, resource, gauge);
  }
}

/** INV-6: what was denied has counted nothing. */
export function checkUncounted(
  event: BursarEvent,
  at: Position,
  from: Node,
  resource: string,
): void {
  for (const [{ path }, gauge] of gaugesOn(from, resource)) {
    compare(event, at, path, resource, gauge, 'INV-6');
  }
}

function compare(
  event: BursarEvent,
  at: Position,
  path: string,
  resource: string,
  gauge: RateGauge,
  invariant: 'INV-6' | 'INV-17' = 'INV-17',
): void {
  const expected = gauge.second.countedAt(event.atMs);
  const found = gauge.countedAt(event.atMs);
  if (found === expected) return;
  const what = 'what is counted of a rate';
  breached(event, at, { invariant, path, resource, what, expected, found });
}
