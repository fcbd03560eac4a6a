import type { BursarEvent } from '../../events/events.ts';
import { availableIn } from '../accounts/account.ts';
import { fits } from '../accounts/admission.ts';
import { barringOf } from '../breakers/barring.ts';
import { queueBefore } from '../contests/contention.ts';
import { ratesFit } from '../rates/rates.ts';
import { slowStartFits } from '../recovery/slow-start.ts';
import { accountOfKey, type Team } from '../team.ts';
import { barredDenial, candidateOf, queueGrant } from './serve.ts';
import { compareWaiting } from './wait-queue.ts';

/**
 * Serves one who waits elsewhere and would take a pool in which room has come: the first in
 * rank of those for whom it fits as a whole and before whom nobody is served there. It leaves the
 * queue of the pool that it waited for, and the choice among its pools is made anew. Whom a breaker
 * bars, of a pool or of what else it asks for, waits on: room is not what it waits for. Those who wait
 * for this very pool have their turn in its queue. O(n log n) of those who would take the pool.
 */
export function serveFromPool(team: Team, key: string, atMs: number): BursarEvent[] {
  if (!team.waiters.anyWithPools) return NOBODY;
  const { path, resource } = accountOfKey(key);
  const would = team.waiters.whoWouldTake(resource);
  const account = team.nodes.get(path)?.accounts.get(resource);
  if (would.size === 0 || (account !== undefined && availableIn(account) <= 0)) return NOBODY;
  const elsewhere = [...would]
    .filter(({ state, isHeld }) => state === 'queued' && !isHeld)
    .filter(({ account: waitsFor }) => waitsFor.resource !== resource)
    .sort((a, b) => compareWaiting(a, b, team.policy.aging));
  for (const waiting of elsewhere) {
    const barred = barredDenial(team, waiting, atMs);
    if (barred !== undefined) return [barred];
    const candidate = candidateOf(team, waiting, atMs);
    if (barringOf(team, candidate.ask).length > 0) continue;
    const { place, wanted, asked, rates } = candidate;
    if (!fits(place.anchor, wanted) || !ratesFit(place.anchor, rates, atMs)) continue;
    if (!slowStartFits(candidate)) continue;
    if (queueBefore(team, place.anchor, asked, waiting) !== undefined) continue;
    return [queueGrant(team, waiting, candidate, wanted, 'queue-head')];
  }
  return NOBODY;
}

const NOBODY: BursarEvent[] = [];
