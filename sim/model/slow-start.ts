import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { termsOf } from './ask-terms.ts';
import { missingOf } from './barred.ts';
import { nearest } from './books.ts';
import type { State } from './state.ts';

/** One interval of a slow start, as the model keeps it. */
export interface Interval {
  readonly startedAtMs: number;
  /** Its number, from 0. */
  readonly place: number;
  readonly tier: string;
  readonly allow: Readonly<Record<string, number>>;
  readonly given: Record<string, number>;
  readonly nextAtMs: number;
}

/** The tiers that are let in, one interval after the other. */
export const TIERS = ['swarm', 'run', 'step'];

/** What a slow start keeps back of an ask. */
interface Kept {
  readonly path: string;
  readonly resource: string;
  readonly need: number;
  readonly room: number;
}

/** every slow start over a path has let its tier in, and gives out what is asked. */
export function slowStartsShort(
  state: State,
  ask: ResourceAllocationRequest,
  priority: number,
  amounts: Readonly<Record<string, number>> = termsOf(ask, state).want,
): Kept[] {
  if (isExempt(ask, priority)) return [];
  const short: Kept[] = [];
  const opens = missingOf(state, ask.path).opens.at(-1)?.tier;
  const tier = opens ?? nearest(state.nodes, ask.path)?.tier ?? 'step';
  for (const { path, recovery } of state.nodes.values()) {
    if (recovery === null || !isWithin(ask.path, path)) continue;
    const isLetIn = TIERS.indexOf(tier) <= TIERS.indexOf(recovery.tier);
    for (const [resource, need] of Object.entries(amounts)) {
      const most = recovery.allow[resource];
      if (most === undefined || need === 0) continue;
      const room = isLetIn ? Math.max(0, most - (recovery.given[resource] ?? 0)) : 0;
      if (need > room) short.push({ path, resource, need, room });
    }
  }
  return short;
}

/** What is given out counts in every slow start over it. */
export function giveOut(state: State, event: EventOf<'AllocationGranted'>): void {
  const { ask, items, priority, via } = event;
  if (via !== 'preemption' && !isExempt(ask, priority)) count(state, ask.path, items);
}

/** So does by how much something grows; but for claims for the rest. */
export function growOut(
  state: State,
  { allocation, items, topUp }: EventOf<'AllocationResized'>,
): void {
  const live = state.live.get(allocation);
  if (live === undefined || topUp !== undefined || live.priority >= 1_000_000) return;
  const more = Object.entries(items).map(([resource, amount]) => [
    resource,
    Math.max(0, amount - (live.items[resource] ?? 0)),
  ]);
  count(state, live.path, Object.fromEntries(more));
}

function count(state: State, at: string, amounts: Readonly<Record<string, number>>): void {
  for (const { path, recovery } of state.nodes.values()) {
    if (recovery === null || !isWithin(at, path)) continue;
    for (const [resource, amount] of Object.entries(amounts)) {
      if (recovery.allow[resource] === undefined) continue;
      recovery.given[resource] = (recovery.given[resource] ?? 0) + amount;
    }
  }
}

/** Emergencies, what was reserved, and what goes on with something that lives. */
function isExempt({ reservationId, topsUp }: ResourceAllocationRequest, priority: number): boolean {
  return priority >= 1_000_000 || reservationId !== undefined || topsUp !== undefined;
}
