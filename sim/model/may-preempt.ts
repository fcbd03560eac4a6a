import { isWithin } from '../../events/names.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { nodeEndOf, termsOf } from './ask-terms.ts';
import { isShortOfItsOwn } from './own-share.ts';
import type { State } from './state.ts';

/** Strategies by which a caller takes back any right to evict. */
const PATIENT: ReadonlySet<string> = new Set([
  'queue_and_wait',
  'first_come_first_served',
  'priority_based',
]);

/**
 * S §7, rows 4 and 5: who may evict at all: by a strategy that is configured or asked for, as an
 * emergency, as critical work with a deadline, or to take back what is its own by a guarantee;
 * never against the caller's own strategy.
 */
export function mayPreempt(
  state: State,
  ask: ResourceAllocationRequest,
  priority: number,
): boolean {
  const configured = Object.entries(state.policy.strategies).flatMap(([key, strategy]) =>
    concerns(key, ask) ? strategy : [],
  );
  if (configured.includes('preemption_allowed')) return true;
  if (ask.strategy === 'preemption_allowed') return true;
  if (configured.length === 0 && PATIENT.has(ask.strategy ?? '')) return false;
  if (priority >= ExecutionPriority.emergency) return true;
  const isPressed = ask.deadlineMs !== undefined || nodeEndOf(state.nodes, ask.path) !== null;
  if (priority >= ExecutionPriority.critical && isPressed) return true;
  return isShortOfItsOwn(state, ask.path, termsOf(ask, state).want);
}

/** Whether a key of the configured strategies, `RESOURCE` or `PATH|RESOURCE`, is about an ask. */
function concerns(key: string, ask: ResourceAllocationRequest): boolean {
  const [resource = '', path] = key.split('|').reverse();
  const isWhat = resource === '*' || ask.items[resource] !== undefined;
  return isWhat && (path === undefined || isWithin(ask.path, path));
}
