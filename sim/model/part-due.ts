import { ExecutionPriority } from '../../events/priority.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { termsOf } from './ask-terms.ts';
import { fits } from './books.ts';
import { aheadWhereNamed } from './line.ts';
import type { Ranked } from './rank.ts';
import { shortRates } from './rates.ts';
import { slowStartsShort } from './slow-start.ts';
import type { State } from './state.ts';

/**
 * S §7, rows 7 and 8: a divisible ask before which nobody waits, and of which more than the least
 * fits, gets a part. Only where no strategy is configured or asked for and no right to evict comes
 * first.
 */
export function isPartDue(
  state: State,
  id: string,
  ask: ResourceAllocationRequest,
  self: Ranked,
): boolean {
  if (ask.strategy !== undefined || Object.keys(state.policy.strategies).length > 0) return false;
  if (self.priority >= ExecutionPriority.critical) return false;
  const { want, least, rates, unbounded } = termsOf(ask, state);
  if (unbounded.length > 0 || shortRates(state, ask.path, rates).length > 0) return false;
  if (slowStartsShort(state, ask, self.priority).length > 0) return false;
  const more: Record<string, number> = {};
  let isDivisible = false;
  for (const [resource, most] of Object.entries(want)) {
    const min = least[resource] ?? 0;
    if (min < most) isDivisible = true;
    more[resource] = Math.min(most, min + 1);
  }
  if (!isDivisible || !fits(state.nodes, ask.path, more)) return false;
  return (
    aheadWhereNamed(state, id, ask.path, Object.keys({ ...want, ...rates }), self).length === 0
  );
}
