import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { denialOf } from '../allocations/denial.ts';
import type { Candidate } from '../contests/contention.ts';
import { joinQueue } from '../queue/join-queue.ts';
import type { Team } from '../team.ts';
import { placeBehind } from './barring.ts';
import { type Breaker, retryAfterMsOf } from './breaker.ts';

/** Row 1 of the decision table (semantics §7): a breaker is open on the resource. */
const RULE = '1-breaker';

/** The denial of a request by a breaker, with when it is tried again. */
export function breakerDenial(
  team: Team,
  asked: Parameters<typeof denialOf>[1],
  breaker: Breaker,
  atMs: number,
): EventOf<'RequestDenied'> {
  const { path: at, resource, phase } = breaker;
  const retryAfterMs = retryAfterMsOf(breaker, atMs);
  const state = phase === 'open' ? 'open' : 'half-open';
  return {
    ...denialOf(team, asked, 'breaker_open', at, atMs),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    retryOn: retryAfterMs !== undefined ? 'time' : phase === 'open' ? 'recover' : 'release',
    rule: RULE,
    factors: { at, resource, state },
  };
}

/** A request waits until a breaker lets it through: in line with the others for the resource. */
export function heldBehind(
  team: Team,
  candidate: Candidate,
  barring: readonly Breaker[],
): EventOf<'RequestQueued' | 'RequestDenied'> {
  const { ask, atMs } = candidate;
  if (team.waiting.size >= LIMITS.queueDepthMax) {
    return denialOf(team, candidate, 'queue_full', ask.path, atMs);
  }
  const account = placeBehind(barring);
  return joinQueue(team, candidate, account, {
    expectedWaitMs: retryAfterMsOf(barring[0] as Breaker, atMs) ?? null,
    rule: RULE,
    factors: { at: account.path, resource: account.resource },
  });
}
