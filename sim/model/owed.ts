import type { EventOf } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import { latestStartMs, nodeEndOf, termsOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import type { Bench } from './bench.ts';
import { nearest, parentOf, pathLimit } from './books.ts';
import { growthItems, levelBarOf } from './levels.ts';
import type { Live, State } from './state.ts';

/** The innermost open run of a path. */
function runOf(state: State, path: string): string | undefined {
  for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
    if (node.tier === 'run') return node.path;
  }
  return undefined;
}

/**
 * S §6.1: use above policy `overrunMax`, or the `overrunLimit` of a tier, is booked and the run
 * frozen.
 */
export function oweFreeze(
  { state, owe }: Pick<Bench, 'state' | 'owe'>,
  id: string,
  path: string,
  overrun: Amounts,
): void {
  const run = runOf(state, path);
  if (run === undefined) return;
  const isAbove = Object.entries(overrun).some(
    ([resource, amount]) => amount > overrunLimitOf(state, path, resource),
  );
  if (!isAbove) return;
  owe({
    rule: 'S §6.1',
    message: `${id} overran by more than is allowed, and ${run} was not frozen`,
    id,
    isPaidBy: (next) => next.type === 'Frozen' && next.path === run,
  });
}

function overrunLimitOf(state: State, path: string, resource: string): number {
  let lowest = state.policy.overrunMax?.[resource] ?? Number.POSITIVE_INFINITY;
  for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
    lowest = Math.min(lowest, node.accounts.get(resource)?.overrunLimit ?? lowest);
  }
  return lowest;
}

/** S §6.1: implausible use freezes the run in which it lies; outside a run nothing. */
export function oweQuarantine({ state, event, owe }: Bench<EventOf<'UsageQuarantined'>>): void {
  const run = runOf(state, event.path);
  if (event.by === undefined || run === undefined) return;
  owe({
    rule: 'S §6.1',
    message: `use was set apart, and ${run} was not frozen`,
    id: event.allocation ?? event.path,
    isPaidBy: (next) => next.type === 'Frozen' && next.path === run,
  });
}

/** S §7, compensation: who is preempted and would wait is put back with what remains. */
export function oweRequeue(
  { state, event, owe }: Bench<EventOf<'AllocationEnded'>>,
  live: Live,
): void {
  const isPreempted = event.as === 'preempted';
  const isUnclaimed = event.as === 'unclaimed' && live.attempt < 2;
  if (!isPreempted && !isUnclaimed) return;
  if ((live.ask.maxWaitMs ?? 0) <= 0) return;
  if (barsOf(state, live.path, live.priority).size > 0) return;
  if (
    levelBarOf(state, { path: live.path, items: growthItems(live.items) }, live.priority) === 'deny'
  )
    return;
  if (event.atMs > latestStartMs(live.ask, live.deadlineAtMs, nodeEndOf(state.nodes, live.path)))
    return;
  const { whole } = termsOf(live.ask, state);
  const isLeft = Object.entries(live.items).some(
    ([resource, held]) =>
      Math.min(held, whole[resource] ?? held) > (event.booked[resource] ?? 0) &&
      pathLimit(state.nodes, live.path, resource) !== null,
  );
  if (!isLeft) return;
  owe({
    rule: 'S §7',
    message: `${live.id} was ${event.as} and is not put back`,
    id: live.id,
    isPaidBy: (next) => next.type === 'RequestQueued' && (next.of ?? next.id) === live.id,
  });
}
