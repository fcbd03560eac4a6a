import type { CommandOf } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import { ALLOCATIONS } from '../../events/resources.ts';
import { typeIn } from '../accounts/registry.ts';
import { commandCause } from '../allocations/decide-settle.ts';
import { answered, type Context, type Decision, recorded, stamp } from '../context.ts';
import { accountKey, type Team } from '../team.ts';
import { hasBreakerRoom } from './evolve-breaker.ts';

/** An operator takes the supply of a resource away beneath a node. */
export function decideOpenBreaker(
  team: Team,
  command: CommandOf<'openBreaker'>,
  ctx: Context,
): Decision {
  const { path, resource, forMs, reason } = command;
  if (!team.nodes.has(path)) return answered(refuse('unknown_node', `${path} is not open`));
  if (typeIn(team.resources, resource) === undefined) {
    return answered(refuse('unknown_resource', `${resource} is in no registry`));
  }
  if (resource === ALLOCATIONS) {
    return answered(refuse('malformed', `${ALLOCATIONS} count themselves: freeze ${path} instead`));
  }
  const isKept = team.breakers.has(accountKey(path, resource));
  if (!isKept && !hasBreakerRoom(team)) {
    const most = `${LIMITS.breakersMax} breakers are open, the most of a team (breakersMax)`;
    return answered(refuse('overloaded', `${most}: closeBreaker first; open: ${openNames(team)}`));
  }
  return recorded({
    ...stamp('BreakerOpened', team, ctx.atMs),
    ...commandCause(command, ctx),
    path,
    resource,
    why: 'operator',
    ...(forMs === undefined ? {} : { untilMs: ctx.atMs + forMs }),
    reason: reason ?? `by ${ctx.agent}`,
  });
}

/** An operator gives the supply back at once. */
export function decideCloseBreaker(
  team: Team,
  command: CommandOf<'closeBreaker'>,
  ctx: Context,
): Decision {
  const { path, resource } = command;
  const phase = team.breakers.get(accountKey(path, resource))?.phase ?? 'closed';
  if (phase === 'closed') {
    const message = `the breaker of ${resource} on ${path} is not open; open: ${openNames(team)}`;
    return answered(refuse('unknown_breaker', message));
  }
  return recorded({
    ...stamp('BreakerClosed', team, ctx.atMs),
    ...commandCause(command, ctx),
    path,
    resource,
    why: 'operator',
  });
}

/** Open breakers that a message names; it has to fit an answer. */
const NAMED_MAX = 8;

function openNames(team: Team): string {
  const open = [...team.breakers.values()].filter(({ phase }) => phase !== 'closed');
  const names = open.slice(0, NAMED_MAX).map(({ path, resource }) => `${resource} on ${path}`);
  if (open.length > NAMED_MAX) names.push(`and ${open.length - NAMED_MAX} more`);
  return names.join(', ') || 'none';
}
