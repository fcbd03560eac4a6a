import type { Policy } from '../../events/policy.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { latestStartMs, nodeEndOf } from './ask-terms.ts';
import { isKeptOut } from './levels.ts';
import type { State, Waiting } from './state.ts';

/** What ranks a request in a queue. */
export interface Ranked {
  readonly ask: ResourceAllocationRequest;
  readonly priority: number;
  readonly queuedAtMs: number;
  readonly deadlineAtMs: number | null;
  /** When the node where it works is closed by force; null: never. */
  readonly nodeEndsAtMs: number | null;
  readonly arrival: number;
  /** Its turn among the runs. */
  readonly pass: number;
  /** It collects from victims: then it is first in line. */
  readonly isPreempting?: boolean;
}

/**
 * S §7, queue order: who collects, then effective priority, least slack, business impact,
 * turn of the run, arrival. Negative: `a` is served before `b`. Effective priorities are compared by their differences, which time does not
 * change; the buckets lie on one grid. No aging reaches the class of emergencies.
 */
export function order(policy: Policy, a: Ranked, b: Ranked): number {
  return (
    classOf(b) - classOf(a) ||
    agedPriority(policy, b) - agedPriority(policy, a) ||
    compare(latestStartOf(a), latestStartOf(b)) ||
    impactOf(b) - impactOf(a) ||
    a.pass - b.pass ||
    compare(a.arrival, b.arrival)
  );
}

function latestStartOf({ ask, deadlineAtMs, nodeEndsAtMs }: Ranked): number {
  return latestStartMs(ask, deadlineAtMs, nodeEndsAtMs);
}

/** The middle of 0..100 where an ask names none. */
function impactOf({ ask }: Ranked): number {
  return ask.businessImpact ?? 50;
}

function classOf({ priority, isPreempting }: Ranked): number {
  if (isPreempting === true) return 2;
  return priority >= ExecutionPriority.emergency ? 1 : 0;
}

/** Effective priority but for what is the same for all at one time. */
export function agedPriority({ aging }: Policy, { priority, queuedAtMs }: Ranked): number {
  if (priority >= ExecutionPriority.emergency) return priority;
  return priority - aging.step * Math.floor(queuedAtMs / aging.intervalMs);
}

/** As a difference, but infinite equals are equal. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Who waits in line on an account, in the order of service; who is kept out is not in line. */
export function queueOf(state: State, path: string, resource: string): Waiting[] {
  const queue = [...state.waiting.values()].filter(
    (one) =>
      one.account.path === path && one.account.resource === resource && !isKeptOut(state, one),
  );
  return queue.sort((a, b) => order(state.policy, a, b));
}

/** A new request as a queue would rank it. */
export function asRanked(
  state: State,
  event: { readonly ask: ResourceAllocationRequest; readonly atMs: number },
  priority: number,
): Ranked {
  return {
    ask: event.ask,
    priority,
    queuedAtMs: event.atMs,
    deadlineAtMs: event.ask.deadlineMs === undefined ? null : event.atMs + event.ask.deadlineMs,
    nodeEndsAtMs: nodeEndOf(state.nodes, event.ask.path),
    arrival: state.count,
    pass: 0,
  };
}

/** The place that a waiting request has in the line, or would have if it were let in. */
export function placeOf(state: State, waiting: Waiting): number {
  const { path, resource } = waiting.account;
  const before = queueOf(state, path, resource).filter(
    (other) => other !== waiting && order(state.policy, other, waiting) < 0,
  );
  return before.length + 1;
}
