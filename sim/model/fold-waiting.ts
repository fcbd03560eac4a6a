import type { BursarEvent, EventOf } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import { deadlineOf, nodeEndOf } from './ask-terms.ts';
import { add, nearest } from './books.ts';
import type { State, Waiting } from './state.ts';
import { endTurns, joinTurns, leaveTurns } from './turns.ts';

/** Takes what an event says of queues, contests and collecting requests into the books. */
export function foldWaiting(state: State, event: BursarEvent): void {
  switch (event.type) {
    case 'ApprovalRequested': {
      const { by: agent, ask, digest, priority, atMs, untilMs } = event;
      const pending = { agent, ask, digest, priority, atMs, untilMs, hasAnswer: false };
      state.approvals.set(event.id, pending);
      return;
    }
    case 'ApprovalGiven':
    case 'ApprovalDeclined': {
      const pending = state.approvals.get(event.request);
      if (pending !== undefined) pending.hasAnswer = true;
      return;
    }
    case 'AllocationGranted':
      state.approvals.delete(event.id);
      return;
    case 'RequestQueued':
      state.approvals.delete(event.id);
      return queue(state, event);
    case 'RequestMoved': {
      const waiting = state.waiting.get(event.request);
      if (waiting !== undefined) move(state, waiting, event);
      return;
    }
    case 'AllocationResized':
      if (event.topUp !== undefined) leaveQueue(state, event.topUp, true);
      return;
    case 'RequestCancelled':
      state.approvals.delete(event.request);
      return leaveQueue(state, event.request, false);
    case 'RequestDenied':
      state.approvals.delete(event.id);
      return leaveQueue(state, event.id, false);
    case 'PreemptionRequested':
      state.approvals.delete(event.id);
      return preempt(state, event);
    case 'ResourcesReclaimed': {
      const waiting = state.waiting.get(event.request);
      if (waiting !== undefined) earmark(state, waiting, event.earmarked);
      return;
    }
    case 'ContentionDetected':
      state.contests.set(event.contest, { ...event.account, raisedAfter: state.count });
      return;
    case 'ContestEnded':
      state.contests.delete(event.contest);
      return;
    case 'LeasesExtended':
      return extend(state, event.byMs);
    default:
      return;
  }
}

/** A request waits no more: what it collected is free, its victims may stay. */
export function leaveQueue(state: State, id: string, isServed: boolean): void {
  const waiting = state.waiting.get(id);
  if (waiting === undefined) return;
  leaveTurns(state, waiting, isServed);
  state.waiting.delete(id);
  endTurns(state, waiting.account);
  add(state.nodes, waiting.earmarkPath, 'earmarked', waiting.earmarked, -1);
  for (const live of state.live.values()) if (live.yieldsTo === id) live.yieldsTo = null;
}

function queue(state: State, event: EventOf<'RequestQueued'>): void {
  const waiting: Waiting = {
    id: event.id,
    agent: event.by,
    ask: event.ask,
    digest: event.digest,
    priority: event.priority,
    queuedAtMs: event.queuedAtMs,
    joinedAtMs: event.atMs,
    deadlineAtMs: deadlineOf(event.atMs, event.ask.deadlineMs),
    nodeEndsAtMs: nodeEndOf(state.nodes, event.ask.path),
    attempt: event.attempt ?? 0,
    evictions: event.evictions ?? 0,
    arrival: state.count,
    account: event.account,
    untilMs: event.untilMs,
    victims: [],
    told: [],
    graceEndsAtMs: null,
    isPreempting: false,
    earmarked: {},
    earmarkPath: event.ask.path,
    pass: 0,
    stride: 0n,
  };
  state.waiting.set(event.id, waiting);
  joinTurns(state, waiting, event.pass);
}

function move(state: State, waiting: Waiting, event: EventOf<'RequestMoved'>): void {
  const from = waiting.account;
  leaveTurns(state, waiting, false);
  waiting.account = event.account;
  waiting.joinedAtMs = event.atMs;
  joinTurns(state, waiting, event.pass);
  endTurns(state, from);
}

function preempt(state: State, event: EventOf<'PreemptionRequested'>): void {
  const before = state.waiting.get(event.id);
  const waiting: Waiting = {
    id: event.id,
    agent: event.by,
    ask: event.ask,
    digest: event.digest,
    priority: event.priority,
    queuedAtMs: before?.queuedAtMs ?? event.atMs,
    joinedAtMs: event.atMs,
    deadlineAtMs: before?.deadlineAtMs ?? deadlineOf(event.atMs, event.ask.deadlineMs),
    nodeEndsAtMs: nodeEndOf(state.nodes, event.ask.path),
    attempt: before?.attempt ?? 0,
    evictions: before?.evictions ?? 0,
    arrival: before?.arrival ?? state.count,
    account: event.account,
    pass: 0,
    stride: 0n,
    untilMs: event.untilMs,
    victims: [...event.victims],
    told: [...event.victims],
    graceEndsAtMs: event.graceEndsAtMs,
    isPreempting: true,
    earmarked: {},
    earmarkPath: nearest(state.nodes, event.ask.path)?.path ?? event.ask.path,
  };
  state.waiting.set(event.id, waiting);
  for (const id of event.victims) {
    const victim = state.live.get(id);
    if (victim !== undefined) victim.yieldsTo = event.id;
  }
  earmark(state, waiting, event.earmarked);
}

function earmark(state: State, waiting: Waiting, amounts: Amounts): void {
  for (const [resource, amount] of Object.entries(amounts)) {
    waiting.earmarked[resource] = (waiting.earmarked[resource] ?? 0) + amount;
  }
  add(state.nodes, waiting.earmarkPath, 'earmarked', amounts);
}

/** S §6.4: an outage moves leases, claims, graces and queue time-outs; deadlines stay. */
function extend(state: State, byMs: number): void {
  for (const live of state.live.values()) {
    const ends = nodeEndOf(state.nodes, live.path) ?? Number.POSITIVE_INFINITY;
    live.expiresAtMs = Math.min(live.expiresAtMs + byMs, ends);
    live.endsByMs += byMs;
    if (live.claimUntilMs !== null) live.claimUntilMs += byMs;
    live.heardAtMs += byMs;
  }
  for (const waiting of state.waiting.values()) {
    waiting.untilMs += byMs;
    if (waiting.graceEndsAtMs !== null) waiting.graceEndsAtMs += byMs;
  }
  for (const pending of state.approvals.values()) pending.untilMs += byMs;
  for (const node of state.nodes.values()) {
    if (node.fenceAtMs !== null) node.fenceAtMs += byMs;
    for (const stop of node.stops.values()) stop.ackUntilMs += byMs;
  }
}
