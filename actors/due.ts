import type { BursarEvent } from '../events/events.ts';
import { endOfReservation } from './allocations/decide-reservation.ts';
import { waitingDenial } from './allocations/denial.ts';
import { endOf, noEarlierEnds } from './allocations/end.ts';
import { breakerDue } from './breakers/follow-breaker.ts';
import { stamp } from './context.ts';
import { rebalanceDue } from './distribution/rebalance.ts';
import { levelDue } from './levels/change-level.ts';
import { allocationsBeneath } from './nodes/beneath.ts';
import { nodeOf } from './nodes/evolve-node.ts';
import { announceQueueAge } from './queue/queue-age.ts';
import { requeueOf } from './queue/requeue.ts';
import { recoveryDue } from './recovery/decide-recovery.ts';
import { approvalDenial } from './rules/decide-approval.ts';
import { shedDue } from './shedding/shed.ts';
import { type Allocation, accountKey, accountOfKey, type Position, type Team } from './team.ts';
import type { Due } from './timers.ts';
import { grantsDue } from './windows/count-grants.ts';
import { windowDue } from './windows/decide-window.ts';

/** Fences that one due entry records before it comes up again: bounds a block. */
const FENCES_AT_ONCE = 48;

/**
 * What is recorded because its time has come. An entry whose subject has moved on yields nothing;
 * one that was put off is entered again.
 */
export function eventsDue(team: Team, due: Due, atMs: number, at: Position): BursarEvent[] {
  switch (due.kind) {
    case 'expire':
    case 'claim':
    case 'fence':
      return allocationDue(team, due, due.kind, atMs, at);
    case 'wait': {
      const waiting = team.waiting.get(due.id);
      if (waiting === undefined) return [];
      const isLate = waiting.latestStartMs < atMs;
      const reason = isLate ? 'deadline_unreachable' : 'wait_timeout';
      return [waitingDenial(team, waiting, reason, waiting.account.path, atMs)];
    }
    case 'approval': {
      const pending = team.approvals.get(due.id);
      return pending === undefined ? [] : [approvalDenial(team, pending, 'approval_expired', atMs)];
    }
    case 'rate': {
      team.agenda.wakes.delete(due.id);
      const waiting = team.waiting.get(due.id);
      if (waiting === undefined) return [];
      const { path, resource } = waiting.account;
      if (waiting.state === 'preempting') team.agenda.collects.add(due.id);
      else team.agenda.queues.add(accountKey(path, resource));
      return [];
    }
    case 'window':
      return windowDue(team, due, atMs);
    case 'grant':
      return grantsDue(team, due, atMs);
    case 'rebalance':
      return rebalanceDue(team, due, atMs);
    case 'thaw': {
      const { path, resource: freeze } = accountOfKey(due.id);
      const freezes = team.nodes.get(path)?.freezes;
      if ((freezes?.get(freeze)?.untilMs ?? Infinity) > atMs) return [];
      const still = (freezes?.size ?? 0) > 1 ? { stillFrozen: true as const } : {};
      return [{ ...stamp('Unfrozen', team, atMs), path, freeze, ...still }];
    }
    case 'breaker':
      return breakerDue(team, due, atMs);
    case 'stop':
      return stopDue(team, due, atMs);
    case 'level':
      return levelDue(team, due.id, atMs);
    case 'recovery':
      return recoveryDue(team, due.id, atMs);
    case 'shed':
      return shedDue(team, due, atMs);
    case 'queueAge':
      return announceQueueAge(team, due.id, atMs);
    case 'deadline':
      return deadlineDue(team, due.id, atMs);
    case 'reservation': {
      const reservation = team.reservations.get(due.id);
      return reservation === undefined ? [] : [endOfReservation(team, reservation, 'over', atMs)];
    }
    case 'close': {
      const fenceAtMs = team.nodes.get(due.id)?.fenceAtMs ?? null;
      if (fenceAtMs === null || isPutOff(team, due, fenceAtMs, atMs)) return [];
      return fenceBeneath(team, due, due.id, atMs, () => true);
    }
    default:
      return due.kind satisfies never;
  }
}

/** A node whose deadline has come closes by force: its allocations are timed out at once. */
function deadlineDue(team: Team, path: string, atMs: number): BursarEvent[] {
  const node = team.nodes.get(path);
  if (node === undefined || node.isOverdue || node.deadlineAtMs > atMs) return [];
  const why = 'deadline' as const;
  return [{ ...stamp('NodeClosing', team, atMs), path, fenceAtMs: atMs, liveAllocations: 0, why }];
}

/** Whether it is not time yet, because an outage moved it; then it is entered again. */
function isPutOff(team: Team, due: Due, dueAtMs: number, atMs: number): boolean {
  if (dueAtMs <= atMs) return false;
  team.timers.add({ ...due, atMs: dueAtMs });
  return true;
}

function allocationDue(
  team: Team,
  due: Due,
  kind: 'expire' | 'claim' | 'fence',
  atMs: number,
  at: Position,
): BursarEvent[] {
  const allocation = team.allocations.get(due.id);
  const dueAtMs = allocation === undefined ? null : timeOf(allocation, kind);
  if (allocation === undefined || dueAtMs === null) return [];
  if (isPutOff(team, due, dueAtMs, atMs)) return [];
  if (kind === 'expire') return endOf(team, allocation, leaseEnd(allocation), atMs);
  const as = kind === 'claim' ? 'unclaimed' : 'preempted';
  const ends = endOf(team, allocation, as, atMs);
  const requeued = requeueOf(team, allocation, as, atMs, at, ends.length);
  return requeued === undefined ? ends : [...ends, requeued];
}

/** A lease that reached to the deadline of its node was ended by that, however late it is noticed. */
function leaseEnd({ expiresAtMs, node }: Allocation): 'expired' | 'timed_out' {
  return node.deadlineAtMs <= expiresAtMs ? 'timed_out' : 'expired';
}

function timeOf(allocation: Allocation, kind: 'expire' | 'claim' | 'fence'): number | null {
  if (kind === 'expire') return allocation.expiresAtMs;
  return kind === 'claim' ? allocation.claimUntilMs : allocation.graceEndsAtMs;
}

function stopDue(team: Team, due: Due, atMs: number): BursarEvent[] {
  const { path, resource: id } = accountOfKey(due.id);
  const stop = team.nodes.get(path)?.stops?.get(id);
  if (stop === undefined || stop.isComplete) return [];
  if (isPutOff(team, due, stop.ackUntilMs, atMs)) return [];
  return fenceBeneath(team, due, path, atMs, ({ stops }) =>
    stops.some((one) => one.stop === id && one.path === path),
  );
}

/** Fences what is concerned beneath a node, so many at once; the entry comes up for the rest. */
function fenceBeneath(
  team: Team,
  due: Due,
  path: string,
  atMs: number,
  concerns: (allocation: Allocation) => boolean,
): BursarEvent[] {
  const events: BursarEvent[] = [];
  const isTimeout = due.kind === 'close' && nodeOf(team, path).isOverdue;
  const as = isTimeout ? 'timed_out' : 'fenced';
  const earlier = noEarlierEnds();
  for (const allocation of allocationsBeneath(nodeOf(team, path))) {
    if (!concerns(allocation)) continue;
    if (events.length >= FENCES_AT_ONCE) {
      team.timers.add(due);
      break;
    }
    events.push(...endOf(team, allocation, as, atMs, earlier));
  }
  return events;
}
