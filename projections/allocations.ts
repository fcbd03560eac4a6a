import type { BursarEvent, EventOf } from '../events/events.ts';
import { isWithin } from '../events/names.ts';
import type { ResourceAllocationRequest } from '../events/request-command.ts';
import type { Amounts } from '../events/resources.ts';
import { PROJECTION_LIMITS } from './limits.ts';
import { type Position, type Projection, UnfitEventError } from './projection.ts';

/** A grant, from its event until it ends. Times are ms since 1970, by the writer's clock. */
export interface LiveAllocation {
  readonly id: string;
  readonly team: string;
  readonly agent: string;
  readonly path: string;
  readonly ask: ResourceAllocationRequest;
  /** Held now; a resize changes it. */
  items: Amounts;
  /** Use stated so far. */
  reported: Amounts;
  readonly priority: number;
  readonly isPartial: boolean;
  readonly via: EventOf<'AllocationGranted'>['via'];
  readonly rule: string;
  readonly waitedMs: number;
  readonly grantedAtMs: number;
  readonly grantedAt: Position;
  expiresAtMs: number;
  /** Revoked then unless claimed; null once claimed. */
  claimUntilMs: number | null;
  /** The request for which it was told to yield. */
  yieldsTo: string | null;
}

/** A grant that is over. */
export interface EndedAllocation extends LiveAllocation {
  readonly as: EventOf<'AllocationEnded'>['as'];
  readonly endedAtMs: number;
  readonly endedAt: Position;
  /** Spent because of it in all, late settles and adjustments included. */
  booked: Amounts;
  /** Booked at its end above what was held. */
  readonly overrun: Amounts;
  /** Its use was not stated by its agent; a late settle makes it known. */
  isEstimated: boolean;
  /** When it was settled after its end; null if it was not. */
  lateSettledAtMs: number | null;
}

/** Allocations of a shard. */
export interface Allocations {
  /** By team, then by id. */
  readonly live: Map<string, Map<string, LiveAllocation>>;
  /** By team and id, the oldest first. */
  readonly ended: Map<string, EndedAllocation>;
  /** Whom a waiting request has told to yield; by team and request. */
  readonly victims: Map<string, readonly string[]>;
  /** Ended ones that are no longer kept. */
  forgottenCount: number;
}

/** Which allocations to list; what is left out selects all. */
export interface AllocationFilter {
  readonly team?: string;
  /** This node and everything beneath it. */
  readonly path?: string;
  readonly agent?: string;
}

/** Who holds what, and how each allocation ended. */
export const allocations: Projection<Allocations> = {
  name: 'allocations',
  version: 2,
  initial: () => ({
    live: new Map(),
    ended: new Map(),
    victims: new Map(),
    forgottenCount: 0,
  }),
  evolve: apply,
};

/** Live allocations, the oldest grant first. */
export function liveAllocations(state: Allocations, filter: AllocationFilter): LiveAllocation[] {
  const found: LiveAllocation[] = [];
  for (const [team, live] of state.live) {
    if (filter.team !== undefined && filter.team !== team) continue;
    for (const allocation of live.values()) if (fits(allocation, filter)) found.push(allocation);
  }
  return found;
}

/** Ended allocations that are still kept, the newest end first, at most `countMax`. */
export function endedAllocations(
  state: Allocations,
  filter: AllocationFilter,
  countMax: number,
): EndedAllocation[] {
  const found: EndedAllocation[] = [];
  for (const allocation of [...state.ended.values()].reverse()) {
    if (found.length === countMax) break;
    if (filter.team !== undefined && filter.team !== allocation.team) continue;
    if (fits(allocation, filter)) found.push(allocation);
  }
  return found;
}

/** One allocation, live or ended; undefined when neither is known. */
export function allocationOf(
  state: Allocations,
  team: string,
  id: string,
): LiveAllocation | EndedAllocation | undefined {
  return state.live.get(team)?.get(id) ?? state.ended.get(keyOf(team, id));
}

function fits(allocation: LiveAllocation, { path, agent }: AllocationFilter): boolean {
  if (path !== undefined && !isWithin(allocation.path, path)) return false;
  return agent === undefined || allocation.agent === agent;
}

function apply(state: Allocations, event: BursarEvent, at: Position): void {
  switch (event.type) {
    case 'AllocationGranted':
      return granted(state, event, at);
    case 'AllocationEnded':
      return ended(state, event, at);
    case 'AllocationClaimed':
      liveOf(state, event, event.allocation).claimUntilMs = null;
      return;
    case 'LeaseRenewed':
      return changed(liveOf(state, event, event.allocation), { expiresAtMs: event.expiresAtMs });
    case 'AllocationResized': {
      const live = liveOf(state, event, event.allocation);
      return changed(live, { items: { ...live.items, ...event.items } });
    }
    case 'UsageReported':
      return changed(liveOf(state, event, event.allocation), { reported: event.used });
    case 'PreemptionRequested':
      for (const victim of event.victims) liveOf(state, event, victim).yieldsTo = event.id;
      state.victims.set(keyOf(event.team, event.id), event.victims);
      return;
    case 'RequestDenied':
      return spareVictims(state, event.team, event.id);
    case 'RequestCancelled':
      return spareVictims(state, event.team, event.request);
    case 'LeasesExtended':
      for (const live of state.live.get(event.team)?.values() ?? []) {
        live.expiresAtMs += event.byMs;
        if (live.claimUntilMs !== null) live.claimUntilMs += event.byMs;
      }
      return;
    case 'LateSettled': {
      const gone = corrected(state, event, event.booked, event.returned ?? {});
      if (gone === undefined) return;
      gone.isEstimated = false;
      gone.lateSettledAtMs = event.atMs;
      return;
    }
    case 'Adjusted':
      corrected(state, event, event.more, event.less);
      return;
    default:
      return;
  }
}

/** A request waits no longer: who has not yielded to it yet may stay. */
function spareVictims(state: Allocations, team: string, request: string): void {
  const key = keyOf(team, request);
  for (const id of state.victims.get(key) ?? []) {
    const victim = state.live.get(team)?.get(id);
    if (victim?.yieldsTo === request) victim.yieldsTo = null;
  }
  state.victims.delete(key);
}

function granted(state: Allocations, event: EventOf<'AllocationGranted'>, at: Position): void {
  let live = state.live.get(event.team);
  if (live?.has(event.id)) throw new UnfitEventError(event, `${event.id} is live already`);
  spareVictims(state, event.team, event.id);
  if (live === undefined) {
    live = new Map();
    state.live.set(event.team, live);
  }
  live.set(event.id, {
    id: event.id,
    team: event.team,
    agent: event.by,
    path: event.ask.path,
    ask: event.ask,
    items: event.items,
    reported: {},
    priority: event.priority,
    isPartial: event.partial === true,
    via: event.via,
    rule: event.rule,
    waitedMs: event.waitedMs ?? 0,
    grantedAtMs: event.atMs,
    grantedAt: at,
    expiresAtMs: event.expiresAtMs,
    claimUntilMs: event.claimUntilMs ?? null,
    yieldsTo: null,
  });
}

function ended(state: Allocations, event: EventOf<'AllocationEnded'>, at: Position): void {
  const allocation = liveOf(state, event, event.allocation);
  state.live.get(event.team)?.delete(event.allocation);
  const key = keyOf(event.team, event.allocation);
  // An unclaimed one is granted and ends again under the same id: it becomes the newest.
  state.ended.delete(key);
  state.ended.set(key, {
    ...allocation,
    as: event.as,
    endedAtMs: event.atMs,
    endedAt: at,
    booked: event.booked,
    overrun: event.overrun ?? {},
    isEstimated: event.estimated === true,
    lateSettledAtMs: null,
  });
  if (state.ended.size <= PROJECTION_LIMITS.endedKeptMax) return;
  for (const oldest of state.ended.keys()) {
    state.ended.delete(oldest);
    state.forgottenCount += 1;
    return;
  }
}

/** Its agent was heard, so it is claimed. */
function changed(
  live: LiveAllocation,
  fields: Partial<Pick<LiveAllocation, 'items' | 'reported' | 'expiresAtMs'>>,
): void {
  Object.assign(live, fields, { claimUntilMs: null });
}

function corrected(
  state: Allocations,
  event: EventOf<'LateSettled' | 'Adjusted'>,
  more: Amounts,
  less: Amounts,
): EndedAllocation | undefined {
  const gone = state.ended.get(keyOf(event.team, event.allocation));
  if (gone === undefined) return undefined;
  const booked: Record<string, number> = { ...gone.booked };
  for (const [resource, amount] of Object.entries(more)) {
    booked[resource] = (booked[resource] ?? 0) + amount;
  }
  for (const [resource, amount] of Object.entries(less)) {
    booked[resource] = (booked[resource] ?? 0) - amount;
  }
  gone.booked = booked;
  return gone;
}

function liveOf(state: Allocations, event: BursarEvent, id: string): LiveAllocation {
  const live = state.live.get(event.team)?.get(id);
  if (live === undefined) throw new UnfitEventError(event, `${id} is not live`);
  return live;
}

/** `/` is in no id. */
function keyOf(team: string, id: string): string {
  return `${team}/${id}`;
}
