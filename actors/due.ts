import type { BursarEvent, EventOf } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import { isWithin } from '../events/names.ts';
import { type Amounts, resourceTypeOf } from '../events/resources.ts';
import { stamp } from './context.ts';
import { reportedOf } from './decide-allocation.ts';
import { closing, isBare } from './decide-settle.ts';
import { type Allocation, accountOfKey, type Position, type Team } from './team.ts';
import type { Due } from './timers.ts';

/** Fences that one due entry records before it comes up again: bounds a block. */
const FENCES_AT_ONCE = 200;

/**
 * What is recorded because its time has come. An entry whose subject has moved on yields nothing;
 * one that was put off is entered again.
 */
export function eventsDue(team: Team, due: Due, atMs: number, at: Position): BursarEvent[] {
  const put = (laterMs: number) => team.timers.add({ ...due, atMs: laterMs });
  switch (due.kind) {
    case 'expire':
    case 'claim':
    case 'fence':
      return allocationDue(team, due, atMs, at, put);
    case 'wait': {
      const waiting = team.waiting.get(due.id);
      if (waiting === undefined) return [];
      if (waiting.untilMs > atMs) {
        put(waiting.untilMs);
        return [];
      }
      return [
        {
          ...stamp('RequestDenied', team, atMs),
          id: waiting.id,
          by: waiting.agent,
          ...(waiting.digest === undefined ? {} : { digest: waiting.digest }),
          ask: waiting.ask,
          reason: 'wait_timeout',
          waited: true,
          waitedMs: atMs - waiting.sinceMs,
          retryOn: 'release',
          rule: 'wait-timeout',
        },
      ];
    }
    case 'thaw': {
      const { path, resource: freeze } = accountOfKey(due.id);
      const inForce = team.nodes.get(path)?.freezes?.get(freeze);
      return inForce === undefined ? [] : [{ ...stamp('Unfrozen', team, atMs), path, freeze }];
    }
    case 'stop':
      return fenceStop(team, due, atMs);
    case 'close': {
      const node = team.nodes.get(due.id);
      if (node === undefined || node.fenceAtMs === null || node.fenceAtMs > atMs) return [];
      return fenceBeneath(
        team,
        due.id,
        atMs,
        () => team.timers.add(due),
        () => true,
      );
    }
    default:
      return due.kind satisfies never;
  }
}

function allocationDue(
  team: Team,
  due: Due,
  atMs: number,
  at: Position,
  put: (laterMs: number) => void,
): BursarEvent[] {
  const allocation = team.allocations.get(due.id);
  if (allocation === undefined) return [];
  const dueAtMs =
    due.kind === 'expire'
      ? allocation.expiresAtMs
      : due.kind === 'claim'
        ? allocation.claimUntilMs
        : allocation.fenceAtMs;
  if (dueAtMs === null) return [];
  if (dueAtMs > atMs) {
    put(dueAtMs);
    return [];
  }
  if (due.kind === 'expire') return [endOf(team, allocation, 'expired', atMs)];
  if (due.kind === 'fence') {
    const as = allocation.yieldsTo === null ? 'fenced' : 'preempted';
    const end = endOf(team, allocation, as, atMs);
    return [end, ...requeueOf(team, allocation, as, atMs, at)];
  }
  return [
    endOf(team, allocation, 'unclaimed', atMs),
    ...requeueOf(team, allocation, 'unclaimed', atMs, at),
  ];
}

/** The end of an allocation that nobody settled: what was reported is booked, the rest returns. */
export function endOf(
  team: Team,
  allocation: Allocation,
  as: EventOf<'AllocationEnded'>['as'],
  atMs: number,
): EventOf<'AllocationEnded'> {
  const booked = reportedOf(allocation);
  return {
    ...stamp('AllocationEnded', team, atMs),
    allocation: allocation.id,
    as,
    booked,
    ...(Object.keys(booked).length > 0 ? { estimated: true } : {}),
    ...closing(allocation),
  };
}

/**
 * Puts the remaining demand of a preempted or unclaimed allocation back into the queue (S-07): a
 * preempted one under a new id, one aging step ahead; an unclaimed one under its own, twice at most.
 */
function requeueOf(
  team: Team,
  allocation: Allocation,
  as: 'preempted' | 'unclaimed' | 'fenced',
  atMs: number,
  at: Position,
): EventOf<'RequestQueued'>[] {
  const maxWaitMs = allocation.ask.maxWaitMs ?? 0;
  if (as === 'fenced' || maxWaitMs === 0) return [];
  if (as === 'unclaimed' && allocation.attempt >= LIMITS.claimRetriesMax) return [];
  const items: Record<string, { amount: number; min?: number }> = {};
  let isLeft = false;
  for (const [resource, amount] of Object.entries(remainingOf(allocation))) {
    const min = allocation.ask.items[resource]?.min;
    items[resource] = { amount, ...(min === undefined ? {} : { min: Math.min(min, amount) }) };
    if (amount > 0) isLeft = true;
  }
  const account = scarcestOf(team, allocation);
  if (!isLeft || account === undefined) return [];
  const { intervalMs } = team.policy.aging;
  const backOffMs = as === 'unclaimed' ? intervalMs * (allocation.attempt + 1) : -intervalMs;
  return [
    {
      ...stamp('RequestQueued', team, atMs),
      id: as === 'unclaimed' ? allocation.id : `w-${at.seq}-${at.index + 1}`,
      by: allocation.agent,
      ask: { ...allocation.ask, items },
      account,
      priority: allocation.priority,
      position: 1,
      expectedWaitMs: null,
      untilMs: atMs + maxWaitMs,
      queuedAtMs: Math.max(0, atMs + backOffMs),
      after: as,
      of: allocation.id,
      attempt: as === 'unclaimed' ? allocation.attempt + 1 : 0,
      rule: as === 'unclaimed' ? 'unclaimed-requeue' : 'compensation-requeue',
    },
  ];
}

/** What an allocation still needs: of consumables what it has not used. */
function remainingOf(allocation: Allocation): Amounts {
  const left: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(allocation.items)) {
    const isSpent = resourceTypeOf(resource)?.class === 'consumable';
    left[resource] = isSpent ? Math.max(0, amount - (allocation.reported[resource] ?? 0)) : amount;
  }
  return left;
}

/** The outermost limited account of what an allocation holds: there its demand waits again. */
function scarcestOf(team: Team, allocation: Allocation) {
  for (const path of pathsFromRoot(allocation.node.path)) {
    for (const resource in allocation.items) {
      if (team.nodes.get(path)?.accounts.get(resource)?.limit != null) return { path, resource };
    }
  }
  return undefined;
}

function* pathsFromRoot(path: string): Generator<string> {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    yield path.slice(0, slash);
  }
  yield path;
}

function fenceStop(team: Team, due: Due, atMs: number): BursarEvent[] {
  const { path, resource: id } = accountOfKey(due.id);
  const stop = team.nodes.get(path)?.stops?.get(id);
  if (stop === undefined || stop.isComplete) return [];
  const again = () => team.timers.add(due);
  return fenceBeneath(team, path, atMs, again, ({ stops }) =>
    stops.some((one) => one.stop === id && one.path === path),
  );
}

function fenceBeneath(
  team: Team,
  prefix: string,
  atMs: number,
  again: () => void,
  concerns: (allocation: Allocation) => boolean,
): BursarEvent[] {
  const events: BursarEvent[] = [];
  const perNode = new Map<string, number>();
  for (const allocation of team.allocations.values()) {
    if (!isWithin(allocation.node.path, prefix) || !concerns(allocation)) continue;
    if (events.length === FENCES_AT_ONCE) {
      again();
      break;
    }
    const { path } = allocation.node;
    const endedBefore = perNode.get(path) ?? 0;
    perNode.set(path, endedBefore + 1);
    const { closesStep, ...end } = endOf(team, allocation, 'fenced', atMs);
    const isLast =
      allocation.node.isAuto &&
      allocation.node.liveOwn === endedBefore + 1 &&
      isBare(allocation.node);
    events.push({ ...end, ...(isLast ? { closesStep: true } : {}) });
  }
  return events;
}
