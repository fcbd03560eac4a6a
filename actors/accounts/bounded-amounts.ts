import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { ALLOCATIONS, type Amounts } from '../../events/resources.ts';
import { deepestOpen } from '../nodes/locate.ts';
import type { Team } from '../team.ts';

/** The amounts asked for, unbounded items bounded by policy; undefined where it does not. */
export function boundedAmounts(team: Team, ask: ResourceAllocationRequest): Amounts | undefined {
  const amounts: Record<string, number> = {};
  for (const resource in ask.items) {
    const amount = ask.items[resource]?.amount ?? team.policy.bounds[resource];
    if (amount === undefined) return undefined;
    amounts[resource] = amount;
  }
  if (ask.topsUp === undefined && countsAllocations(team, ask.path)) amounts[ALLOCATIONS] = 1;
  return amounts;
}

/** Whether a tier of a path limits how many allocations live beneath it. O(depth). */
function countsAllocations(team: Team, path: string): boolean {
  if (!team.nodes.get(team.name)?.accounts.has(ALLOCATIONS)) return false;
  for (let node = deepestOpen(team, path); node !== undefined; node = node.parent) {
    if (node.accounts.get(ALLOCATIONS)?.limit != null) return true;
  }
  return false;
}
