import type { BursarEvent, EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { barring, breakerKey, type Mishap, trippedOver } from './breakers.ts';
import type { State } from './state.ts';

/** What was counted over a node, before its breakers were tripped, is told no more than this. */
const MISHAPS_KEPT = 4_000;

/** Takes what an event says of breakers into the books; before what it says of anything else. */
export function foldBreakers(state: State, event: BursarEvent): void {
  const { breakers } = state;
  breakers.mishaps.push(...mishapsOf(state, event));
  if (breakers.mishaps.length > MISHAPS_KEPT) breakers.mishaps.shift();
  switch (event.type) {
    case 'AllocationGranted':
      for (const one of trippedOver(state, event.ask)) one.probes.add(event.id);
      return;
    case 'UsageReported':
    case 'AllocationEnded':
      return noteProbes(state, event);
    case 'BreakerOpened': {
      const { path, resource, untilMs = null, atMs, why } = event;
      const key = changed(state, path, resource);
      const openings = breakers.openings.get(key) ?? 0;
      if (why !== 'operator') breakers.openings.set(key, openings + 1);
      const openMs = untilMs === null ? null : untilMs - atMs;
      const blank = { isHalfOpen: false, probes: new Set<string>(), wentWell: 0, hasFailed: false };
      breakers.tripped.set(key, { path, resource, untilMs, openMs, ...blank });
      return;
    }
    case 'BreakerHalfOpened': {
      const one = breakers.tripped.get(breakerKey(event.path, event.resource));
      if (one !== undefined) one.isHalfOpen = true;
      return;
    }
    case 'BreakerClosed': {
      const key = changed(state, event.path, event.resource);
      breakers.tripped.delete(key);
      breakers.openings.delete(key);
      return;
    }
    default:
      return;
  }
}

/** The breakers of what closes are gone. */
export function forgetBreakers(state: State, closed: string): void {
  const { tripped, openings, gone } = state.breakers;
  gone.set(closed, state.count);
  for (const key of [...tripped.keys(), ...openings.keys()]) {
    if (!isWithin(key.slice(0, key.indexOf('|')), closed)) continue;
    tripped.delete(key);
    openings.delete(key);
  }
}

/** S §9: reported failures, and capacities that somebody waited for in vain with nothing barred. */
export function mishapsOf(state: State, event: BursarEvent): Mishap[] {
  const common = { atMs: event.atMs, rules: state.policy.breakers, no: state.count };
  const failures = (path: string | undefined, failed: readonly string[] = []): Mishap[] =>
    path === undefined
      ? []
      : failed.map((resource) => ({ ...common, kind: 'failure', path, resource }));
  switch (event.type) {
    case 'AllocationEnded':
    case 'UsageReported':
      return failures(state.live.get(event.allocation)?.path, event.failed);
    case 'LateSettled':
      return failures(event.path, event.failed);
    case 'RequestDenied': {
      const waiting = state.waiting.get(event.id);
      if (waiting === undefined || waiting.ask.topsUp !== undefined) return [];
      const isVain = ['wait_timeout', 'deadline_unreachable', 'deadlock'].includes(event.reason);
      const { resource } = waiting.account;
      const type = resourceTypeOf(resource, state.policy.resources);
      if (!isVain || type?.class !== 'capacity' || resource === 'allocations') return [];
      if (barring(state, waiting.ask).length > 0) return [];
      return [{ ...common, kind: 'unresolved', path: event.ask.path, resource }];
    }
    default:
      return [];
  }
}

function noteProbes(state: State, event: EventOf<'UsageReported' | 'AllocationEnded'>): void {
  const { allocation, failed = [] } = event;
  for (const one of state.breakers.tripped.values()) {
    if (!one.probes.has(allocation)) continue;
    if (failed.includes(one.resource)) one.hasFailed = true;
    if (event.type !== 'AllocationEnded') continue;
    one.probes.delete(allocation);
    if (event.as === 'settled' && !one.hasFailed) one.wentWell += 1;
  }
}

/** Nothing that was counted before a breaker changes is counted after it. */
function changed(state: State, path: string, resource: string): string {
  const key = breakerKey(path, resource);
  state.breakers.since.set(key, state.count);
  return key;
}
