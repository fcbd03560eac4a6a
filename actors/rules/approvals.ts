import type { AnswerOf } from '../../events/answers.ts';
import type { EventOf } from '../../events/events.ts';
import type { Priority } from '../../events/priority.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { addDue } from '../accounts/climb.ts';
import type { Team } from '../team.ts';
import type { Timer } from '../timers.ts';

/** A request that waits for an approver (T-05). It holds nothing and stands in no queue. */
export interface PendingApproval {
  readonly id: string;
  readonly agent: string;
  readonly digest: number | undefined;
  readonly ask: ResourceAllocationRequest;
  readonly priority: Priority;
  /** What the rule that wants the approval looks at. */
  readonly resource: string;
  readonly requested: number;
  readonly above: number;
  readonly rule: string;
  readonly sinceMs: number;
  /** Denied `approval_expired` then; moved by an outage. */
  untilMs: number;
  /** What an approver has said; the decision on the request follows at once. */
  said: 'approved' | 'declined' | null;
  timeout: Timer;
}

export function approvalRequested(team: Team, event: EventOf<'ApprovalRequested'>): void {
  const { id, by: agent, digest, ask, priority, resource, requested, above, rule } = event;
  team.approvals.set(id, {
    id,
    agent,
    digest,
    ask,
    priority,
    resource,
    requested,
    above,
    rule,
    sinceMs: event.atMs,
    untilMs: event.untilMs,
    said: null,
    timeout: addDue(team, event.untilMs, 'approval', id),
  });
}

/** An approver has spoken. */
export function said(team: Team, event: EventOf<'ApprovalGiven' | 'ApprovalDeclined'>): void {
  const pending = team.approvals.get(event.request);
  if (pending !== undefined) {
    pending.said = event.type === 'ApprovalGiven' ? 'approved' : 'declined';
  }
}

/** A request waits for an approver no longer, if it did. */
export function leaveApprovals(team: Team, id: string): void {
  const pending = team.approvals.get(id);
  if (pending === undefined) return;
  team.timers.remove(pending.timeout);
  team.approvals.delete(id);
}

/** Moves every time-out by the length of an outage. */
export function approvalsExtended(team: Team, byMs: number): void {
  for (const pending of team.approvals.values()) {
    pending.untilMs += byMs;
    team.timers.remove(pending.timeout);
    pending.timeout = addDue(team, pending.untilMs, 'approval', pending.id);
  }
}

/** What an agent is told of its request while it waits. */
export function approvalAnswer(
  { id, resource, requested, above, untilMs, rule }: PendingApproval,
  nowMs: number,
): AnswerOf<'pendingApproval'> {
  const timeoutInMs = Math.max(0, untilMs - nowMs);
  return { outcome: 'pendingApproval', id, resource, requested, above, timeoutInMs, rule };
}

/** What an approver is shown of it. */
export function approvalView(pending: PendingApproval, nowMs: number) {
  const { id, agent, ask, priority, resource, requested, above, rule } = pending;
  return {
    id,
    path: ask.path,
    agent,
    resource,
    requested,
    above,
    rule,
    priority,
    waitedMs: nowMs - pending.sinceMs,
    timeoutInMs: Math.max(0, pending.untilMs - nowMs),
  };
}
