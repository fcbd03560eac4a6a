import type { Refusal } from '../../events/answers.ts';
import { refuse } from '../../events/refusals.ts';
import type { Amounts } from '../../events/resources.ts';
import { typeIn } from '../accounts/registry.ts';
import type { Allocation, Team } from '../team.ts';

/** What a command says did not work, as its event records it. */
export function failedOf({ failed }: { readonly failed?: readonly string[] | undefined }): {
  failed?: string[];
} {
  return failed === undefined || failed.length === 0 ? {} : { failed: [...failed] };
}

/**
 * Refuses a failure of what was never granted: a circuit breaker is opened by those alone who have
 * tried. Of an ended allocation it is not known any more which rates it counted: any may be named.
 */
export function strayFailure(
  team: Team,
  failed: readonly string[] | undefined,
  held: Amounts,
  live: Pick<Allocation, 'ask'> | undefined,
): Refusal | undefined {
  if (failed === undefined) return undefined;
  for (const resource of failed) {
    const isRate = typeIn(team.resources, resource)?.class === 'rate';
    const isTried = live === undefined ? isRate : live.ask.items[resource] !== undefined;
    if (isTried || held[resource] !== undefined) continue;
    const message = `failed: ${resource} was not granted to this allocation`;
    return refuse('malformed', message, { field: 'failed' });
  }
  return undefined;
}
