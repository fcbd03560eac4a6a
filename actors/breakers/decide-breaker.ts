import type { CommandOf } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import { ALLOCATIONS } from '../../events/resources.ts';
import { typeIn } from '../accounts/registry.ts';
import { commandCause } from '../allocations/decide-settle.ts';
import { answered, type Context, type Decision, recorded, stamp } from '../context.ts';
import { accountKey, type Team } from '../team.ts';

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
  if (!team.breakers.has(accountKey(path, resource)) && team.breakers.size >= LIMITS.breakersMax) {
    const message = `${LIMITS.breakersMax} breakers are the most (breakersMax); close some`;
    return answered(refuse('overloaded', message));
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

function openNames(team: Team): string {
  const names: string[] = [];
  for (const { path, resource, phase } of team.breakers.values()) {
    if (phase !== 'closed') names.push(`${resource} on ${path}`);
  }
  return names.join(', ') || 'none';
}
