import type { BursarEvent, EventOf } from '../events/events.ts';
import { type Amounts, type Registry, resourceTypeOf } from '../events/resources.ts';
import { PROJECTION_LIMITS } from './limits.ts';
import { type Places, pathOf, places } from './places.ts';
import type { Projection } from './projection.ts';
import {
  bucketOf,
  newHistory,
  nodesOf,
  type ResourceUse,
  type UseCounts,
  type UseHistory,
  useOf,
} from './use-history.ts';

/** Use over time, and what is needed to follow it. */
export interface Usage extends UseHistory {
  readonly places: Places;
  /** What live allocations hold, by team and id. */
  readonly holds: Map<string, Amounts>;
  /** What policies add to the resources of every team, by team. */
  readonly registries: Map<string, Registry>;
}

/** Spend over time, and what became of what was held: for pictures and reports. */
export const usage: Projection<Usage> = {
  name: 'usage',
  version: 2,
  initial: () => ({
    ...newHistory(),
    places: places.initial(),
    holds: new Map(),
    registries: new Map(),
  }),
  evolve(state, event, at) {
    const path = pathOf(state.places, event);
    apply(state, event, path);
    places.evolve(state.places, event, at);
  },
};

function apply(state: Usage, event: BursarEvent, path: string): void {
  switch (event.type) {
    case 'AllocationGranted':
      return granted(state, event, path);
    case 'AllocationResized':
      return resized(state, event, path);
    case 'AllocationEnded':
      return ended(state, event, path);
    case 'LateSettled':
      return spend(state, event, path, event.booked, event.returned ?? {});
    case 'Adjusted':
      return spend(state, event, path, event.more, event.less);
    case 'Charged':
      return spend(state, event, path, event.amounts, {});
    case 'RequestDenied':
      for (const node of nodesOf(state, path)) {
        const { reason } = event;
        node.denialsByReason.set(reason, (node.denialsByReason.get(reason) ?? 0) + 1);
      }
      return count(state, event, path, 'denials');
    case 'RequestQueued':
      return count(state, event, path, 'queued');
    case 'NodeOpened':
    case 'LimitsSet':
      return limited(state, event, event.limits ?? {});
    case 'PolicySet':
      state.registries.set(event.team, event.policy.resources);
      return;
    case 'ToppedUp':
      return toppedUp(state, event);
    default:
      return;
  }
}

function granted(state: Usage, event: EventOf<'AllocationGranted'>, path: string): void {
  state.holds.set(keyOf(event, event.id), event.items);
  count(state, event, path, 'grants');
  if (event.partial) count(state, event, path, 'partials');
  add(state, event, path, event.items, 'granted');
  if (event.waitedMs === undefined) return;
  for (const { waits } of nodesOf(state, path)) {
    waits.count += 1;
    waits.totalMs += event.waitedMs;
    waits.longestMs = Math.max(waits.longestMs, event.waitedMs);
  }
}

function resized(state: Usage, event: EventOf<'AllocationResized'>, path: string): void {
  const key = keyOf(event, event.allocation);
  const held = state.holds.get(key) ?? {};
  state.holds.set(key, { ...held, ...event.items });
  add(state, event, path, above(event.items, held), 'granted');
  const shrunk: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(event.items)) {
    shrunk[resource] = Math.max(0, (held[resource] ?? 0) - amount);
  }
  add(state, event, path, shrunk, 'returned');
}

function ended(state: Usage, event: EventOf<'AllocationEnded'>, path: string): void {
  const key = keyOf(event, event.allocation);
  const held = state.holds.get(key) ?? {};
  state.holds.delete(key);
  add(state, event, path, held, 'returned');
  add(state, event, path, event.booked, 'spent');
  add(state, event, path, above(event.booked, held), 'overrun');
  const registry = state.registries.get(event.team);
  const consumable = Object.entries(held).filter(
    ([resource]) => resourceTypeOf(resource, registry)?.class === 'consumable',
  );
  add(state, event, path, above(Object.fromEntries(consumable), event.booked), 'unspent');
  if (event.as === 'expired' || event.as === 'preempted' || event.as === 'fenced') {
    count(state, event, path, event.as);
  }
}

function spend(state: Usage, event: BursarEvent, path: string, more: Amounts, less: Amounts): void {
  add(state, event, path, more, 'spent');
  const back: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(less)) back[resource] = -amount;
  add(state, event, path, back, 'spent');
}

function limited(
  state: Usage,
  event: EventOf<'NodeOpened' | 'LimitsSet'>,
  limits: EventOf<'LimitsSet'>['limits'],
): void {
  for (const [resource, { limit, per }] of Object.entries(limits)) {
    // A limit per time is none on what is held or spent.
    if (per !== undefined) continue;
    if (limit !== undefined) noteLimit(state, event, resource, () => limit);
  }
}

function toppedUp(state: Usage, event: EventOf<'ToppedUp'>): void {
  for (const [resource, amount] of Object.entries(event.amounts)) {
    noteLimit(state, event, resource, (before) => (before ?? 0) + amount);
  }
}

function noteLimit(
  state: Usage,
  event: EventOf<'NodeOpened' | 'LimitsSet' | 'ToppedUp'>,
  resource: string,
  next: (before: number | null) => number | null,
): void {
  const node = nodesOf(state, event.path).find(({ path }) => path === event.path);
  if (node === undefined) return;
  const changes = node.limits.get(resource) ?? [];
  const change = { atMs: event.atMs, limit: next(changes.at(-1)?.limit ?? null) };
  if (changes.length === PROJECTION_LIMITS.usageBucketsMax) changes.splice(1, 1);
  changes.push(change);
  node.limits.set(resource, changes);
}

function count(state: Usage, event: BursarEvent, path: string, key: keyof UseCounts): void {
  for (const node of nodesOf(state, path)) {
    node.total[key] += 1;
    bucketOf(state, node, event.atMs)[key] += 1;
  }
}

function add(
  state: Usage,
  event: BursarEvent,
  path: string,
  amounts: Amounts,
  key: keyof ResourceUse,
): void {
  for (const [resource, amount] of Object.entries(amounts)) {
    if (amount === 0) continue;
    for (const node of nodesOf(state, path)) {
      useOf(node.total, resource)[key] += amount;
      useOf(bucketOf(state, node, event.atMs), resource)[key] += amount;
    }
  }
}

/** Amounts of `a` above `b`. */
function above(a: Amounts, b: Amounts): Amounts {
  const over: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(a)) {
    const excess = amount - (b[resource] ?? 0);
    if (excess > 0) over[resource] = excess;
  }
  return over;
}

/** `/` is in no id. */
function keyOf(event: BursarEvent, id: string): string {
  return `${event.team}/${id}`;
}
