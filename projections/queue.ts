import type { AccountName, BursarEvent, EventOf } from '../events/events.ts';
import { isWithin, teamOf } from '../events/names.ts';
import { DEFAULT_POLICY, type Policy } from '../events/policy.ts';
import { ExecutionPriority } from '../events/priority.ts';
import type { ResourceAllocationRequest } from '../events/request-command.ts';
import type { Amounts } from '../events/resources.ts';
import { type Position, type Projection, UnfitEventError } from './projection.ts';

/** A request that waits for room, or for its victims to yield. */
export interface WaitingRequest {
  readonly id: string;
  readonly team: string;
  readonly agent: string;
  readonly ask: ResourceAllocationRequest;
  readonly priority: number;
  readonly state: 'queued' | 'preempting';
  /** The short account that it waits for. */
  account: AccountName;
  /** Its turn among the runs that wait there. */
  pass: number;
  /** Queue time, which ranks it, and when it joined. */
  readonly queuedAtMs: number;
  readonly sinceMs: number;
  untilMs: number;
  /** Latest start that meets its deadline; null without one. */
  readonly latestStartMs: number | null;
  /** Order of arrival in its team. */
  readonly arrival: number;
  /** Set aside for it so far, and who was told to yield. */
  earmarked: Amounts;
  readonly victims: readonly string[];
  readonly at: Position;
}

/** A waiting request with its place. */
export interface QueuePlace extends WaitingRequest {
  /** From 1, in its account's queue. */
  readonly position: number;
  readonly effectivePriority: number;
  readonly waitedMs: number;
  readonly timeoutInMs: number;
}

interface TeamQueue {
  aging: Policy['aging'];
  arrivals: number;
  readonly waiting: Map<string, WaitingRequest>;
}

/** Waiting requests by team. */
export type Queue = Map<string, TeamQueue>;

/** Who waits, for what, in which order. */
export const queue: Projection<Queue> = {
  name: 'queue',
  version: 2,
  initial: () => new Map(),
  evolve(state, event, at) {
    let team = state.get(event.team);
    if (team === undefined) {
      team = { aging: DEFAULT_POLICY.aging, arrivals: 0, waiting: new Map() };
      state.set(event.team, team);
    }
    apply(team, event, at);
  },
};

/**
 * Requests that wait on a node, beneath it, or for an account there; account by account, each in
 * order of service.
 */
export function queueAt(state: Queue, path: string, nowMs: number): QueuePlace[] {
  const team = state.get(teamOf(path));
  if (team === undefined) return [];
  const accounts = new Map<string, WaitingRequest[]>();
  for (const request of team.waiting.values()) {
    const key = `${request.account.path}|${request.account.resource}`;
    const list = accounts.get(key);
    if (list === undefined) accounts.set(key, [request]);
    else list.push(request);
  }
  const places: QueuePlace[] = [];
  for (const key of [...accounts.keys()].sort()) {
    const inOrder = (accounts.get(key) ?? []).sort((a, b) => compare(a, b, team.aging));
    for (const [index, request] of inOrder.entries()) {
      if (!isWithin(request.ask.path, path) && !isWithin(request.account.path, path)) continue;
      places.push({
        ...request,
        position: index + 1,
        effectivePriority: effectivePriority(request, nowMs, team.aging),
        waitedMs: Math.max(0, nowMs - request.sinceMs),
        timeoutInMs: Math.max(0, request.untilMs - nowMs),
      });
    }
  }
  return places;
}

/** Base priority and what waiting adds on a grid common to all; `emergency` is never reached. */
function effectivePriority(request: WaitingRequest, nowMs: number, aging: Policy['aging']): number {
  if (request.priority >= ExecutionPriority.emergency) return request.priority;
  const steps =
    Math.floor(nowMs / aging.intervalMs) - Math.floor(request.queuedAtMs / aging.intervalMs);
  const aged = request.priority + aging.step * Math.max(0, steps);
  return Math.min(aged, ExecutionPriority.emergency - 1);
}

/**
 * Order of service (semantics §7): who collects from victims first, then effective priority, least
 * slack, business impact, turn of its run, arrival. Two requests keep their order however long they wait.
 */
function compare(a: WaitingRequest, b: WaitingRequest, aging: Policy['aging']): number {
  if (a.state !== b.state) return a.state === 'preempting' ? -1 : 1;
  const rank = (request: WaitingRequest) =>
    request.priority >= ExecutionPriority.emergency
      ? Number.MAX_SAFE_INTEGER
      : request.priority - aging.step * Math.floor(request.queuedAtMs / aging.intervalMs);
  const slack = (request: WaitingRequest) => request.latestStartMs ?? Number.MAX_SAFE_INTEGER;
  const impact = (request: WaitingRequest) => request.ask.businessImpact ?? 50;
  return (
    rank(b) - rank(a) ||
    slack(a) - slack(b) ||
    impact(b) - impact(a) ||
    a.pass - b.pass ||
    a.arrival - b.arrival
  );
}

function apply(team: TeamQueue, event: BursarEvent, at: Position): void {
  switch (event.type) {
    case 'RequestQueued':
      return join(team, event, at, { state: 'queued', queuedAtMs: event.queuedAtMs });
    case 'PreemptionRequested':
      return join(team, event, at, {
        state: 'preempting',
        queuedAtMs: event.atMs,
        earmarked: event.earmarked,
        victims: event.victims,
      });
    case 'ResourcesReclaimed': {
      const request = waitingOf(team, event, event.request);
      const sum: Record<string, number> = { ...request.earmarked };
      for (const [resource, amount] of Object.entries(event.earmarked)) {
        sum[resource] = (sum[resource] ?? 0) + amount;
      }
      request.earmarked = sum;
      return;
    }
    case 'RequestMoved':
      moved(waitingOf(team, event, event.request), event);
      return;
    case 'AllocationGranted':
      if (event.via !== 'request' && event.via !== 'approval') leave(team, event, event.id);
      return;
    case 'AllocationResized':
      if (event.topUp !== undefined) leave(team, event, event.topUp);
      return;
    case 'RequestDenied':
      if (event.waited) leave(team, event, event.id);
      return;
    case 'RequestCancelled':
      // It may have waited for an approver, in no queue.
      team.waiting.delete(event.request);
      return;
    case 'PolicySet':
      team.aging = event.policy.aging;
      return;
    case 'LeasesExtended':
      for (const request of team.waiting.values()) request.untilMs += event.byMs;
      return;
    default:
      return;
  }
}

function join(
  team: TeamQueue,
  event: EventOf<'RequestQueued' | 'PreemptionRequested'>,
  at: Position,
  as: Pick<WaitingRequest, 'state' | 'queuedAtMs'> &
    Partial<Pick<WaitingRequest, 'earmarked' | 'victims'>>,
): void {
  if (team.waiting.has(event.id)) throw new UnfitEventError(event, `${event.id} waits already`);
  const { deadlineMs, expectedMs, ttlMs } = event.ask;
  team.waiting.set(event.id, {
    id: event.id,
    team: event.team,
    agent: event.by,
    ask: event.ask,
    priority: event.priority,
    account: event.account,
    pass: 'pass' in event ? (event.pass ?? 0) : 0,
    sinceMs: event.atMs,
    untilMs: event.untilMs,
    latestStartMs:
      deadlineMs === undefined ? null : event.atMs + deadlineMs - (expectedMs ?? ttlMs ?? 0),
    arrival: team.arrivals,
    earmarked: {},
    victims: [],
    at,
    ...as,
  });
  team.arrivals += 1;
}

function moved(request: WaitingRequest, event: EventOf<'RequestMoved'>): void {
  request.account = event.account;
  request.pass = event.pass ?? 0;
}

function leave(team: TeamQueue, event: BursarEvent, id: string): void {
  waitingOf(team, event, id);
  team.waiting.delete(id);
}

function waitingOf(team: TeamQueue, event: BursarEvent, id: string): WaitingRequest {
  const request = team.waiting.get(id);
  if (request === undefined) throw new UnfitEventError(event, `${id} does not wait`);
  return request;
}
