import { InvariantError } from '../actors/checks/invariant-error.ts';
import { PRUNE_EVERY } from '../actors/remember.ts';
import type { Team } from '../actors/team.ts';
import { LIMITS } from '../events/limits.ts';
import type { ShardState } from './shard-state.ts';

/**
 * INV-16, of one team: what it remembers is within its limits. Ids beyond `idsPerShardMax` stay only
 * for what lives, waits or has ended without a settle; every tombstone is one of an id; emergencies
 * are a ring. O(1).
 * @throws InvariantError
 */
export function checkTeamSize(team: Team): void {
  const { allocations, waiting, tombstones, ids, emergencies } = team;
  const kept = allocations.size + waiting.size + tombstones.size;
  atMost(team.name, 'ids', LIMITS.idsPerShardMax + PRUNE_EVERY + kept, ids.size);
  atMost(team.name, 'tombstones', ids.size, tombstones.size);
  atMost(team.name, 'emergencies', LIMITS.emergenciesKeptMax, emergencies.length);
  atMost(team.name, 'waiting requests', LIMITS.queueDepthMax, waiting.size);
}

/**
 * INV-16, of a shard: leases and patience that have lost their meaning leave the heap of timers at
 * once, so there is one for each live allocation and waiting request. O(teams).
 * @throws InvariantError
 */
export function checkShardSize(state: ShardState, name: string): void {
  let live = 0;
  let waiting = 0;
  for (const team of state.teams()) {
    live += team.allocations.size;
    waiting += team.waiting.size;
  }
  atMost(name, 'timers of leases', live, state.timers.countOf('expire'));
  atMost(name, 'timers of patience', waiting, state.timers.countOf('wait'));
}

function atMost(team: string, what: string, most: number, found: number): void {
  if (found <= most) return;
  throw new InvariantError({
    invariant: 'INV-16',
    team,
    path: team,
    what: `the number of ${what} in memory`,
    expected: `${most} at most`,
    found,
  });
}
