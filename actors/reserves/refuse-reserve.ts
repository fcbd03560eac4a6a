import type { Refusal } from '../../events/answers.ts';
import type { ResourceLimits } from '../../events/commands.ts';
import { depthOf, teamOf } from '../../events/names.ts';
import type { Policy } from '../../events/policy.ts';
import { refuse } from '../../events/refusals.ts';
import { reserveKey } from '../../events/reserve-rules.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import type { Team } from '../team.ts';
import { ruleFor } from './reserve.ts';

/** Refuses reserves that cannot be: of what nobody knows, of rates, of what one alone may hold. */
export function impossibleReserve(team: Team, policy: Policy): Refusal | undefined {
  for (const key of Object.keys(policy.reserves)) {
    const { swarm, resource } = reserveKey(key);
    const type = resourceTypeOf(resource, policy.resources);
    if (type === undefined || type.class === 'rate' || type.exclusive) {
      const what = type === undefined ? 'in no registry' : type.exclusive ? 'exclusive' : 'a rate';
      return refuse('reserve_not_possible', `reserves: ${resource} is ${what}`);
    }
    if (swarm === undefined) continue;
    if (teamOf(swarm) !== team.name) {
      return refuse('reserve_not_possible', `reserves: ${swarm} is not of ${team.name}`);
    }
    const node = team.nodes.get(swarm);
    if (node !== undefined && (node.accounts.get(resource)?.limit ?? null) === null) {
      return refuse('reserve_not_possible', `reserves: ${swarm} has no limit of ${resource}`);
    }
  }
  return undefined;
}

/**
 * Refuses limits that leave a reserve without its limit: a swarm that policy names opens with one,
 * and no swarm gives up the one on which its reserve rests.
 */
export function unlimitedReserve(
  team: Team,
  path: string,
  limits: ResourceLimits,
): Refusal | undefined {
  const { reserves } = team.policy;
  if (depthOf(path) !== 2) return undefined;
  const node = team.nodes.get(path);
  const named = Object.keys(reserves).map(reserveKey);
  for (const { swarm, resource } of named) {
    if (node !== undefined || swarm !== path || limits[resource]?.limit != null) continue;
    return refuse('reserve_not_possible', `${path} keeps a reserve of ${resource}: name its limit`);
  }
  for (const [resource, { limit }] of Object.entries(limits)) {
    if (limit !== null || ruleFor(reserves, path, resource) === undefined) continue;
    if ((node?.accounts.get(resource)?.limit ?? null) === null) continue;
    return refuse('reserve_not_possible', `${path} keeps a reserve of ${resource}`);
  }
  return undefined;
}
