import { latestStartMs } from './ask-terms.ts';
import { risesAtMs } from './judge-level.ts';
import type { State } from './state.ts';

/** Something that happens by itself at a time. */
export interface Due {
  readonly atMs: number;
  readonly what: string;
  readonly id: string;
}

/** S §6.4: everything that is due at or before a time and not recorded. */
export function dueBy(state: State, byMs: number): Due[] {
  const due: Due[] = [];
  const add = (atMs: number | null, what: string, id: string) => {
    if (atMs !== null && atMs <= byMs) due.push({ atMs, what, id });
  };
  for (const live of state.live.values()) {
    add(live.expiresAtMs, 'expiry', live.id);
    add(live.claimUntilMs, 'claim', live.id);
  }
  for (const waiting of state.waiting.values()) {
    add(waiting.untilMs, 'wait timeout', waiting.id);
    // At its latest start it could still be met.
    const { ask, deadlineAtMs, nodeEndsAtMs } = waiting;
    add(latestStartMs(ask, deadlineAtMs, nodeEndsAtMs) + 1, 'deadline', waiting.id);
    if (waiting.victims.length > 0) add(waiting.graceEndsAtMs, 'grace end', waiting.id);
  }
  for (const [id, { untilMs }] of state.approvals) add(untilMs, 'approval timeout', id);
  for (const { isHalfOpen, untilMs, path } of state.breakers.tripped.values()) {
    if (!isHalfOpen) add(untilMs, 'trial of a breaker', path);
  }
  for (const reservation of state.reservations.values()) {
    add(reservation.endsAtMs, 'end of a reservation', reservation.id);
  }
  for (const node of state.nodes.values()) {
    add(node.deadlineAtMs, 'deadline of a node', node.path);
    for (const [resource, { shedUntilMs }] of node.accounts) {
      add(shedUntilMs, `end of the time to shrink in ${resource}`, node.path);
    }
    if (node.isClosing) add(node.fenceAtMs, 'forced close', node.path);
    add(node.recovery?.nextAtMs ?? null, 'interval of a slow start', node.path);
    add(risesAtMs(state, node), 'rise of the level', node.path);
    for (const [id, untilMs] of node.freezes) add(untilMs, 'freeze end', id);
    for (const stop of node.stops.values()) {
      if (!stop.isComplete) add(stop.ackUntilMs, 'stop deadline', stop.id);
    }
  }
  return due;
}
