import type { Refusal } from '../../events/answers.ts';
import type { ResourceLimits } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import type { RateMeter } from '../../events/resources.ts';
import { typeIn } from '../accounts/registry.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/** A rate for which no meter is named: so many in any minute. */
const PER_DEFAULT: RateMeter = { ms: 60_000, by: 'sliding' };

type Limit = ResourceLimits[string];

/**
 * The limits of a command as they are recorded: each rate with its limit and its meter, so that
 * nobody has to know the registry to read them. Refuses what a rate cannot have.
 */
export function withMeters(
  team: Team,
  node: Node | undefined,
  limits: ResourceLimits,
): { readonly limits: ResourceLimits } | Refusal {
  let changed: ResourceLimits | undefined;
  for (const [resource, wish] of Object.entries(limits)) {
    const type = typeIn(team.resources, resource);
    if (type?.class !== 'rate') {
      if (wish.per === undefined) continue;
      return refuse('malformed', `${resource} is no rate: it has no limit per time`);
    }
    const limit = rateLimit(node, resource, wish);
    if ('outcome' in limit) return limit;
    changed ??= { ...limits };
    changed[resource] = limit;
  }
  return { limits: changed ?? limits };
}

/** Limit and meter of one rate, as it will be. */
function rateLimit(node: Node | undefined, resource: string, wish: Limit): Limit | Refusal {
  const before = node?.rates?.get(resource);
  const per = wish.per ?? before?.meter ?? PER_DEFAULT;
  const limit = wish.limit === undefined ? before?.limit : wish.limit;
  const others = Object.keys(wish).filter((field) => field !== 'limit' && field !== 'per');
  if (others.length > 0) {
    return refuse('malformed', `${resource} is a rate: it has no ${others.join(' and no ')}`);
  }
  if (limit === undefined) {
    return refuse('malformed', `${resource} has no limit yet; name one beside its time`);
  }
  const entriesMost = Math.min(limit ?? 0, per.ms);
  if (per.by === 'sliding' && entriesMost > LIMITS.rateEntriesMax) {
    return refuse(
      'rate_not_exact',
      `${limit} in ${per.ms} ms could need ${entriesMost} entries; ${LIMITS.rateEntriesMax} are kept`,
    );
  }
  return { limit, per };
}
