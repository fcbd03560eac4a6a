import { strict as assert } from 'node:assert';
import type { EventOf } from '../events/events.ts';
import type { Amounts } from '../events/resources.ts';
import { climbOf } from './account.ts';
import { addDue, climb } from './climb.ts';
import { nodeOf } from './evolve-node.ts';
import type { Node } from './node.ts';
import { accountKey, type Team } from './team.ts';
import { type Waiting, WaitQueue } from './wait-queue.ts';

export function queued(team: Team, event: EventOf<'RequestQueued'>): void {
  const { ask } = event;
  join(team, {
    ...waitingOf(event, event.queuedAtMs, event.untilMs, team.arrivals),
    ask,
    account: event.account,
    attempt: event.attempt ?? 0,
    state: 'queued',
    earmarked: {},
    earmarkPath: ask.path,
    victims: [],
  });
  team.runtime.resolver(team.name, event);
}

export function preempting(team: Team, event: EventOf<'PreemptionRequested'>): void {
  const anchor = anchorOf(team, event.ask.path);
  join(team, {
    ...waitingOf(event, event.atMs, event.untilMs, team.arrivals),
    ask: event.ask,
    account: event.account,
    attempt: 0,
    state: 'preempting',
    earmarked: event.earmarked,
    earmarkPath: anchor.path,
    victims: event.victims,
  });
  for (const id of event.victims) {
    const victim = team.allocations.get(id);
    assert(victim !== undefined, `victim ${id} is live`);
    victim.yieldsTo = event.id;
    victim.fenceAtMs = Math.min(victim.fenceAtMs ?? Infinity, event.graceEndsAtMs);
    addDue(team, event.graceEndsAtMs, 'fence', id);
  }
  earmark(team, anchor, event, event.earmarked, 1);
  team.runtime.resolver(team.name, event);
}

export function reclaimed(team: Team, event: EventOf<'ResourcesReclaimed'>): void {
  const waiting = waitingFor(team, event.request);
  // With nothing set aside on it yet, its step may have closed meanwhile.
  const anchor = team.nodes.get(waiting.earmarkPath) ?? anchorOf(team, waiting.ask.path);
  waiting.earmarkPath = anchor.path;
  earmark(team, anchor, event, event.earmarked, 1);
  const sum: Record<string, number> = { ...waiting.earmarked };
  for (const [resource, amount] of Object.entries(event.earmarked)) {
    sum[resource] = (sum[resource] ?? 0) + amount;
  }
  waiting.earmarked = sum;
}

/** A waiting request joins the queue of another account, which has become the bottleneck. */
export function moved(team: Team, event: EventOf<'RequestMoved'>): void {
  const waiting = waitingFor(team, event.request);
  removeFromQueue(team, waiting);
  waiting.account = event.account;
  addToQueue(team, waiting);
}

/** A request waits no longer; what was set aside for it is free again. */
export function leaveQueue(team: Team, id: string): void {
  const waiting = waitingFor(team, id);
  removeFromQueue(team, waiting);
  team.waiting.delete(id);
  team.agenda.queues.add(accountKey(waiting.account.path, waiting.account.resource));
}

/** A request that waited is denied or cancelled. */
export function endWait(
  team: Team,
  event: EventOf<'RequestDenied' | 'RequestCancelled'>,
  id: string,
): void {
  dropEarmark(team, waitingFor(team, id), event);
  leaveQueue(team, id);
}

/** Frees what was set aside for a waiting request, before it is granted or when it leaves. */
export function dropEarmark(
  team: Team,
  waiting: Waiting,
  event: EventOf<'AllocationGranted' | 'RequestDenied' | 'RequestCancelled'>,
): void {
  if (Object.keys(waiting.earmarked).length === 0) return;
  earmark(team, nodeOf(team, waiting.earmarkPath), event, waiting.earmarked, -1);
}

/** The deepest node of a path that is open: a step may not be there yet. */
export function anchorOf(team: Team, path: string): Node {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const node = team.nodes.get(at);
    if (node !== undefined) return node;
    assert(at.includes('/'), `some node of ${path} is open`);
  }
}

function earmark(
  team: Team,
  anchor: Node,
  event: Parameters<typeof climb>[3],
  amounts: Amounts,
  sign: 1 | -1,
): void {
  const climbs = Object.entries(amounts).map(([resource, amount]) =>
    climbOf(resource, 0, 0, sign * amount),
  );
  if (climbs.length > 0) climb(team, anchor, sign > 0 ? 'earmarked' : 'unearmarked', event, climbs);
}

function waitingOf(
  event: EventOf<'RequestQueued' | 'PreemptionRequested'>,
  queuedAtMs: number,
  untilMs: number,
  arrival: number,
) {
  const { deadlineMs, expectedMs } = event.ask;
  return {
    id: event.id,
    agent: event.by,
    priority: event.priority,
    queuedAtMs,
    sinceMs: event.atMs,
    untilMs,
    latestStartMs:
      deadlineMs === undefined ? Infinity : event.atMs + deadlineMs - (expectedMs ?? 0),
    arrival,
    digest: event.digest,
  };
}

function join(team: Team, waiting: Waiting): void {
  assert(!team.waiting.has(waiting.id), `${waiting.id} does not wait twice`);
  team.arrivals += 1;
  team.waiting.set(waiting.id, waiting);
  addToQueue(team, waiting);
  addDue(team, waiting.untilMs, 'wait', waiting.id);
}

function addToQueue(team: Team, waiting: Waiting): void {
  const node = nodeOf(team, waiting.account.path);
  node.queues ??= new Map();
  let queue = node.queues.get(waiting.account.resource);
  if (queue === undefined) {
    queue = new WaitQueue();
    node.queues.set(waiting.account.resource, queue);
  }
  queue.add(waiting, team.policy.aging);
}

function removeFromQueue(team: Team, waiting: Waiting): void {
  const node = nodeOf(team, waiting.account.path);
  const queue = node.queues?.get(waiting.account.resource);
  queue?.remove(waiting);
  if (queue?.size === 0) node.queues?.delete(waiting.account.resource);
}

function waitingFor(team: Team, id: string): Waiting {
  const waiting = team.waiting.get(id);
  assert(waiting !== undefined, `${id} waits`);
  return waiting;
}
