import { parentPathOf } from '../../events/names.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import type { Strategy } from '../../events/strategy.ts';
import type { Team } from '../team.ts';

/**
 * The strategy that policy sets for a resource where a request asks, or undefined (S-09). The
 * innermost scope that says something wins, on one scope the named resource over `*`:
 * `acme/lab|credits`, `acme/lab|*`, `acme|credits`, `acme|*`, `credits`, `*`. O(depth).
 */
export function configuredStrategy(
  team: Team,
  path: string,
  resource: string,
): Strategy | undefined {
  const { strategies } = team.policy;
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
    const found = strategies[`${at}|${resource}`] ?? strategies[`${at}|*`];
    if (found !== undefined) return found;
  }
  return strategies[resource] ?? strategies['*'];
}

/**
 * Whether a waiting request is content with a part: not where its caller or policy wants it served
 * in full or not at all.
 */
export function takesPart(team: Team, ask: ResourceAllocationRequest): boolean {
  for (const resource in ask.items) {
    const strategy = configuredStrategy(team, ask.path, resource) ?? ask.strategy;
    if (strategy === 'queue_and_wait' || strategy === 'first_come_first_served') return false;
  }
  return true;
}
