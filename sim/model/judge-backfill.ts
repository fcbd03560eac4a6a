import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { termsOf } from './ask-terms.ts';
import type { Bench } from './bench.ts';
import { needs } from './books.ts';
import type { Place } from './line.ts';
import type { State } from './state.ts';

/**
 * S §7, backfill: who is served before others is over, by its lease, before the first of them could
 * start by all that is known to end; it takes all that it asked, and of capacities alone.
 */
export function judgeBackfill(
  state: State,
  event: EventOf<'AllocationGranted'>,
  places: readonly Place[],
  find: Bench['find'],
): void {
  const { id } = event;
  if (state.policy.backfill === 'none') find('S §7', 'policy lets nobody past', id);
  if (state.policy.queueing !== 'default') find('S §7', 'nobody knows whom it delays', id);
  if (event.endsByMs !== event.expiresAtMs) find('S §7', 'it may outlast its lease', id);
  if (event.partial) find('S §7', 'a part is let past others', id);
  if (places.length === 0) find('S §7', 'there was nobody to be let past', id);
  for (const place of places) {
    const { path, resource, first } = place;
    if (resourceTypeOf(resource)?.class !== 'capacity') {
      find('S §7', `let past ${first.id} for ${resource}, which does not come back`, id);
    }
    if (first.isPreempting) find('S §7', `let past ${first.id}, which collects`, id);
    if (event.expiresAtMs <= earliestStartMs(state, place, event.atMs)) continue;
    find('S §7', `holds ${resource} of ${path} when ${first.id} could start`, id);
  }
}

/** When enough is known to have ended for the one who is first there, on this account alone. */
function earliestStartMs(state: State, { path, resource, first }: Place, nowMs: number): number {
  const { least } = termsOf(first.ask, state);
  const asked = { [resource]: least[resource] ?? 0 };
  const there = needs(state.nodes, first.ask.path, asked).find(({ node }) => node.path === path);
  let missing = there === undefined ? 0 : there.need - there.room;
  const holders = [...state.live.values()]
    .filter((live) => isWithin(live.path, path) && (live.items[resource] ?? 0) > 0)
    .map((live) => ({
      held: live.items[resource] ?? 0,
      endMs: Math.min(live.expiresAtMs, live.grantedAtMs + (live.ask.expectedMs ?? Infinity)),
    }))
    .sort((a, b) => a.endMs - b.endMs);
  let startMs = nowMs;
  for (const { held, endMs } of holders) {
    if (missing <= 0) break;
    missing -= held;
    startMs = Math.max(startMs, endMs);
  }
  return startMs;
}
