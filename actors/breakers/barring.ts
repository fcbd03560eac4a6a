import type { AccountName } from '../../events/events.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import type { Team } from '../team.ts';
import { type Breaker, modeOf, probeRoomOf, trippedOver } from './breaker.ts';

type Ask = Pick<ResourceAllocationRequest, 'path' | 'items'>;

/** Breakers that keep an ask from being granted now, outermost first; empty where none does. */
export function barringOf(team: Team, { path, items }: Ask): Breaker[] {
  if (team.breakers.size === 0) return NONE;
  const tripped = trippedOver(team, path, Object.keys(items));
  return tripped.filter((breaker) => probeRoomOf(team, breaker) <= 0);
}

const NONE: Breaker[] = [];

/** The breaker for which a request that would wait for nothing, or may not, is denied. */
export function denyingOf(
  team: Team,
  barring: readonly Breaker[],
  mayWait: boolean,
): Breaker | undefined {
  if (barring.length === 0) return undefined;
  return barring.find((breaker) => !mayWait || modeOf(team, breaker) === 'deny');
}

/** The breaker for which a waiting request is denied: supply is gone, or it is to grow by it. */
export function denyingWaiting(team: Team, ask: ResourceAllocationRequest): Breaker | undefined {
  if (ask.topsUp !== undefined) return trippedOver(team, ask.path, Object.keys(ask.items))[0];
  return denyingOf(team, barringOf(team, ask), true);
}

/** Whether a grant of an ask tries a breaker that is half-open. */
export function isProbe(team: Team, { path, items }: Ask): boolean {
  return trippedOver(team, path, Object.keys(items)).length > 0;
}

/** Where a request waits while breakers bar it: where it does already, else at the outermost. */
export function placeBehind(barring: readonly Breaker[], waitsAt?: AccountName): AccountName {
  const there = barring.find(
    ({ path, resource }) => path === waitsAt?.path && resource === waitsAt.resource,
  );
  const { path, resource } = there ?? (barring[0] as Breaker);
  return { path, resource };
}
