import type { Refusal } from '../../events/answers.ts';
import type { BursarEvent, Shortage } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { DenialReason } from '../../events/reasons.ts';
import { refuse } from '../../events/refusals.ts';
import type { Amounts } from '../../events/resources.ts';
import { conflictTypeOf } from '../../resolver/conflict-type.ts';
import { shortagesOf } from '../accounts/admission.ts';
import { type Candidate, queueBefore, rankOf } from '../contests/contention.ts';
import { grantOf } from '../contests/resolver.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import { rateShortages, ratesReadyAtMs } from '../rates/rates.ts';
import type { Team } from '../team.ts';
import { denialOf } from './denial.ts';
import { coveredBy } from './reservation.ts';

const RULE = '3-reservation';

/**
 * A request that names its reservation (row 3 of the decision table): what the reservation covers
 * is admitted already and needs room only on the tiers beneath it; the rest is asked for as ever.
 * It is granted whole or denied at once: it waits for nobody, and nobody is evicted for it.
 */
export function draw(team: Team, candidate: Candidate, id: string): BursarEvent {
  const { wanted, rates, place, atMs } = candidate;
  const reservation = team.reservations.get(id);
  const deny = (reason: DenialReason, short: readonly Shortage[], retryAfterMs?: number) => ({
    ...denialOf(team, candidate, reason, reservation?.node.path ?? candidate.ask.path, atMs),
    rule: RULE,
    ...(short.length === 0 ? {} : { short: [...short] }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  // It may be over when an approver agrees.
  if (reservation === undefined) return deny('reservation_short', []);
  const { startsAtMs, left } = reservation;
  if (atMs < startsAtMs) return deny('reservation_ahead', [], startsAtMs - atMs);
  const drawn = coveredBy(reservation, wanted);
  const lacking: Shortage[] = [];
  for (const resource in drawn) {
    const [needed, available] = [drawn[resource] as number, left[resource] ?? 0];
    const { path } = reservation.node;
    if (needed > available) lacking.push({ path, resource, needed, available });
  }
  if (lacking.length > 0) return deny('reservation_short', lacking);
  const ofRates = rateShortages(place.anchor, rates, atMs);
  const [rate] = ofRates;
  if (rate !== undefined) {
    const readyAtMs = ratesReadyAtMs(place.anchor, rates, atMs);
    const conflict = conflictTypeOf(rate.resource, null, team.policy.resources);
    return deny(conflict, ofRates, readyAtMs === Infinity ? undefined : readyAtMs - atMs);
  }
  const rest = without(wanted, drawn);
  const short = [
    ...shortagesOf(place.anchor, rest),
    ...shortagesOf(place.anchor, drawn, undefined, reservation.node),
  ];
  const [first] = short;
  if (first !== undefined) {
    const { limit } = nodeOf(team, first.path).accounts.get(first.resource) ?? {};
    return deny(conflictTypeOf(first.resource, limit, team.policy.resources), short);
  }
  const rank = rankOf(candidate, team);
  if (queueBefore(team, place.anchor, { ...rest, ...rates }, rank)) return deny('queued_ahead', []);
  const factors = { reservation: true };
  const grant = grantOf(team, candidate, wanted, 'request', { rule: RULE, factors });
  return { ...grant, reservation: id, drawn };
}

/** Refuses an ask on a reservation that is not known, over, or made for another node. */
export function strayDraw(team: Team, ask: Candidate['ask'], id: string): Refusal | undefined {
  if (ask.reservationId === undefined) return undefined;
  const reservation = team.reservations.get(ask.reservationId);
  if (reservation !== undefined && isWithin(ask.path, reservation.node.path)) return undefined;
  const why = reservation === undefined ? 'is not known or over' : `is not made for ${ask.path}`;
  return refuse('unknown_reservation', `the reservation ${ask.reservationId} ${why}`, { id });
}

function without(amounts: Amounts, taken: Amounts): Amounts {
  const rest: Record<string, number> = {};
  for (const resource in amounts) {
    if (taken[resource] === undefined) rest[resource] = amounts[resource] as number;
  }
  return rest;
}
