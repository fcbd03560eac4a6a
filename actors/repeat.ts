import type { Answer } from '../events/answers.ts';
import type { Command } from '../events/commands.ts';
import type { EventOf } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import { refuse } from '../events/refusals.ts';
import { answered, type Context, type Decision, stamp } from './context.ts';
import { approvalAnswer } from './rules/approvals.ts';
import type { Team } from './team.ts';
import { pendingAnswer } from './views.ts';

/**
 * Whether a command was sent before, and what that means (semantics §6.3): the same content gets
 * the same final answer, a pending request its present state, other content is a conflict.
 * Undefined: the id is new. A repeat from beyond the retention is never carried out again.
 */
export function repeatOf(team: Team, command: Command, ctx: Context): Decision | undefined {
  const { id } = command;
  if (id === undefined || ('dryRun' in command && command.dryRun)) return undefined;
  const used = team.ids.get(id);
  if (used === undefined) {
    const agoMs = command.firstSentMsAgo ?? 0;
    const isRemembered = agoMs <= LIMITS.idRetentionMs && ctx.atMs - agoMs > team.forgottenUpToMs;
    if (agoMs === 0 || isRemembered) return undefined;
    const message = `${id} was first sent ${agoMs} ms ago and is not remembered`;
    return { events: [], answer: refuse('outcome_unknown', message, { id }) };
  }
  if (used.digest !== ctx.digest) return { events: [], conflictsWith: used.at };
  const waiting = team.waiting.get(id);
  if (waiting !== undefined) {
    const answer: Answer = { ...pendingAnswer(team, waiting, ctx.atMs), replayed: true };
    return { events: [], answer };
  }
  const pending = team.approvals.get(id);
  if (pending !== undefined) {
    return answered({ ...approvalAnswer(pending, ctx.atMs), replayed: true });
  }
  if (used.isCancelled) return answered(cancelledBefore(id));
  return { events: claimed(team, id, ctx), repeats: used.at };
}

/** What became of a request that was taken back while it waited. */
export function cancelledBefore(request: string): Answer {
  return { outcome: 'cancelled', id: request, request, replayed: true };
}

/** The agent of a grant out of the queue shows, by any command on it, that it knows of it. */
export function claimed(team: Team, id: string, ctx: Context): EventOf<'AllocationClaimed'>[] {
  const live = team.allocations.get(id);
  if (live === undefined || live.claimUntilMs === null || live.agent !== ctx.agent) return [];
  return [{ ...stamp('AllocationClaimed', team, ctx.atMs), allocation: id }];
}
