import type { Refusal } from '../../events/answers.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import type { Team } from '../team.ts';
import { typeIn } from './registry.ts';

/**
 * Refuses a resource that nobody knows, and one more than a team may have books of: names like
 * `tool.NAME` are free, and books are kept for good on each tier. What a node has books of, the team
 * has too.
 */
export function strangeResource(team: Team, resource: string): Refusal | undefined {
  const type = typeIn(team.resources, resource);
  if (type === undefined) return refuse('unknown_resource', `${resource} is in no registry`);
  const booked = team.nodes.get(team.name)?.accounts;
  if (booked === undefined || booked.size < LIMITS.resourcesPerTeamMax) return undefined;
  if (type.class === 'rate' || booked.has(resource)) return undefined;
  const message = `${resource} is not among the ${booked.size} resources of which ${team.name} has books, the most there are; use one of those`;
  return refuse('unknown_resource', message);
}
