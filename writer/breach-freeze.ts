import type { Team } from '../actors/team.ts';

/** Room for the longest path twice. */
const REASON_CHARS_MAX = 1_200;
const REASON_BEGINS = 'an invariant failed: ';

/** The reason that is recorded with the freeze of a team in which an invariant failed. */
export function breachFreezeReason(reason: string): string {
  return `${REASON_BEGINS}${reason}`.slice(0, REASON_CHARS_MAX);
}

/** Whether a team is frozen because an invariant failed, and nobody has taken that freeze off. */
export function hasBreachFreeze(team: Team): boolean {
  for (const { reason } of team.nodes.get(team.name)?.freezes?.values() ?? []) {
    if (reason.startsWith(REASON_BEGINS)) return true;
  }
  return false;
}
