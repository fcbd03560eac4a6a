import type { CommandOf } from '../../events/commands.ts';
import type { BursarEvent } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import { decideApproved } from '../allocations/decide-request.ts';
import { commandCause } from '../allocations/decide-settle.ts';
import { denialOf } from '../allocations/denial.ts';
import { answered, type Context, type Decision, stamp } from '../context.ts';
import { levelDenial } from '../levels/hold-back.ts';
import { levelBar } from '../levels/level-bar.ts';
import { barrierOf, locate } from '../nodes/locate.ts';
import type { Team } from '../team.ts';
import type { PendingApproval } from './approvals.ts';
import { coversPath } from './authority.ts';

/**
 * An approver agrees: the request is decided as if it had arrived now, under its own id, in the
 * same decision. A grant is claimed by its agent like one out of a queue.
 */
export function decideApprove(team: Team, command: CommandOf<'approve'>, ctx: Context): Decision {
  const pending = pendingFor(team, command.request, ctx);
  if ('outcome' in pending) return answered(pending);
  const { id, agent, digest, ask, priority, sinceMs } = pending;
  const waitedMs = ctx.atMs - sinceMs;
  const given: BursarEvent = {
    ...stamp('ApprovalGiven', team, ctx.atMs),
    ...commandCause(command, ctx),
    request: id,
    waitedMs,
  };
  const decided = decideApproved(team, { id, agent, digest, ask, priority }, ctx);
  return { events: [given, ...decided.map((event) => afterApproval(event, waitedMs))] };
}

export function decideDecline(team: Team, command: CommandOf<'decline'>, ctx: Context): Decision {
  const pending = pendingFor(team, command.request, ctx);
  if ('outcome' in pending) return answered(pending);
  const declined: BursarEvent = {
    ...stamp('ApprovalDeclined', team, ctx.atMs),
    ...commandCause(command, ctx),
    request: pending.id,
    waitedMs: ctx.atMs - pending.sinceMs,
    ...(command.reason === undefined ? {} : { reason: command.reason }),
  };
  return { events: [declined, approvalDenial(team, pending, 'approval_declined', ctx.atMs)] };
}

/** The denial of a request that had waited for an approver. */
export function approvalDenial(
  team: Team,
  pending: PendingApproval,
  reason: Parameters<typeof denialOf>[2],
  atMs: number,
  path = pending.ask.path,
): BursarEvent {
  const waitedMs = atMs - pending.sinceMs;
  return { ...denialOf(team, pending, reason, path, atMs), approval: true, waitedMs };
}

/** The denial of a request that waits for an approver and cannot be admitted any more. */
export function barredApproval(
  team: Team,
  pending: PendingApproval,
  atMs: number,
): BursarEvent | undefined {
  const place = locate(team, pending.ask.path);
  if (typeof place === 'string') return approvalDenial(team, pending, place, atMs);
  const barrier = barrierOf(place.anchor, pending.priority);
  if (barrier !== undefined) {
    return approvalDenial(team, pending, barrier.reason, atMs, barrier.path);
  }
  const bar = levelBar(team, place, pending.priority, pending.ask.items);
  if (bar?.refused !== 'deny') return undefined;
  const waitedMs = atMs - pending.sinceMs;
  return { ...levelDenial(team, pending, bar, atMs), approval: true, waitedMs };
}

/** What a decision says besides when its agent did not ask just now. */
function afterApproval(event: BursarEvent, waitedMs: number): BursarEvent {
  if (event.type === 'RequestDenied') return { ...event, approval: true, waitedMs };
  if (event.type !== 'AllocationGranted') return event;
  const claimUntilMs = event.atMs + LIMITS.claimMs;
  return { ...event, via: 'approval', claimUntilMs, attempt: 0, waitedMs };
}

function pendingFor(team: Team, request: string, ctx: Context) {
  const pending = team.approvals.get(request);
  if (pending === undefined) {
    return refuse('unknown_request', `nothing of the id ${request} waits for an approver`);
  }
  const { path } = pending.ask;
  if (!coversPath(team, ctx.agent, path)) {
    return refuse('not_permitted', `${ctx.agent} does not approve on ${path}`);
  }
  // Four eyes, whatever the role.
  if (pending.agent === ctx.agent) {
    return refuse('not_permitted', `${request} is of ${ctx.agent}; somebody else has to decide`);
  }
  return pending;
}
