import type { EventOf } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Bench } from './bench.ts';
import { nearest, parentOf, room, treeSum } from './books.ts';
import type { ModelNode } from './nodes.ts';
import { spentTree, windowOver } from './spent.ts';
import type { Live, State } from './state.ts';

/** Because of what something is taken back: too little is left of a resource, or too much held. */
interface Cause {
  readonly node: ModelNode;
  readonly resource: string;
  /** What its holder was silent for is taken whatever is guaranteed. */
  readonly isOfIdle: boolean;
}

/**
 * S §6.6, R-12: taken back is only what may be taken, because of a limit that is short or a capacity
 * under pressure above it, and never below a guarantee beneath that.
 * @param left what is still used of each resource that is taken
 */
export function judgeTaken(
  { state, event, find }: Bench<EventOf<'AllocationEnded' | 'AllocationResized'>>,
  live: Live,
  left: Amounts,
): void {
  if (live.ask.preemptible === false) find('S §6.6', 'it may not be taken', live.id);
  if (live.yieldsTo !== null) find('S §6.6', 'it leaves anyway', live.id);
  if (live.reservation !== null) find('S §6.6', 'it is reserved', live.id);
  const causes = causesOf(state, live, Object.keys(left), event);
  if (causes.length === 0) return find('S §6.6', 'no limit above it is short', live.id);
  if (causes.some((cause) => cause.isOfIdle || isKept(state, live, cause, left))) return;
  find('S §6.6', 'a guarantee is taken from', live.id);
}

function causesOf(
  { nodes, policy }: State,
  live: Live,
  resources: readonly string[],
  { atMs, type }: EventOf<'AllocationEnded' | 'AllocationResized'>,
): Cause[] {
  const causes: Cause[] = [];
  for (let node = nearest(nodes, live.path); node; node = parentOf(nodes, node)) {
    for (const resource of resources) {
      const untilMs = node.accounts.get(resource)?.shedUntilMs ?? null;
      const isShed = untilMs !== null && untilMs <= atMs;
      if (!isShed && room(nodes, node, resource) >= 0) continue;
      const { idleMs = null } = policy.shedding[resource] ?? {};
      const isSilent = idleMs !== null && atMs - live.heardAtMs >= idleMs;
      causes.push({ node, resource, isOfIdle: isShed && isSilent && type === 'AllocationEnded' });
    }
  }
  return causes;
}

/** Whether all between a holder and a node still use what they are guaranteed, if they did. */
function isKept({ nodes }: State, live: Live, { node: top, resource }: Cause, left: Amounts) {
  const taken = (live.items[resource] ?? 0) - (left[resource] ?? 0);
  for (let node = nearest(nodes, live.path); node && node !== top; node = parentOf(nodes, node)) {
    const guarantee = node.accounts.get(resource)?.guarantee ?? 0;
    const spent = spentTree(nodes, node, resource, windowOver(nodes, node, resource));
    const used = treeSum(nodes, node, resource, 'held') + spent;
    if (taken > 0 && used - taken < guarantee) return false;
  }
  return true;
}
