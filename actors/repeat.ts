import type { Answer } from '../events/answers.ts';
import type { Command } from '../events/commands.ts';
import { LIMITS } from '../events/limits.ts';
import { refuse } from '../events/refusals.ts';
import type { Context, Decision } from './context.ts';
import type { Team } from './team.ts';
import { pendingAnswer } from './views.ts';

/**
 * Whether a command was sent before, and what that means (semantics §6.3): the same content gets
 * the same final answer, a pending request its present state, other content is a conflict.
 * Undefined: the id is new. A repeat from beyond the retention is never carried out again.
 */
export function repeatOf(team: Team, command: Command, ctx: Context): Decision | undefined {
  const { id } = command;
  if (id === undefined) return undefined;
  const used = team.ids.get(id);
  if (used === undefined) {
    if ((command.firstSentMsAgo ?? 0) <= LIMITS.idRetentionMs) return undefined;
    const message = `${id} was first sent ${command.firstSentMsAgo} ms ago and is not remembered`;
    return { events: [], answer: refuse('outcome_unknown', message, { id }) };
  }
  if (used.digest !== ctx.digest) return { events: [], conflictsWith: used.at };
  const waiting = team.waiting.get(id);
  if (waiting !== undefined) {
    const answer: Answer = { ...pendingAnswer(team, waiting, ctx.atMs), replayed: true };
    return { events: [], answer };
  }
  return { events: [], repeats: used.at };
}
