import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { accountKey, type Team } from '../team.ts';

/** Has the pools of a waiting request looked at: what kept it from room there is gone. */
export function wakePools(team: Team, { anyOf = [] }: ResourceAllocationRequest): void {
  for (const pool of anyOf.flatMap(({ pools }) => pools)) {
    team.agenda.queues.add(accountKey(team.name, pool));
  }
}
