import type { BursarEvent } from '../events/events.ts';
import { isWithin, parentPathOf } from '../events/names.ts';
import { endOfReservation } from './allocations/decide-reservation.ts';
import { shareBranches } from './branches/share-branches.ts';
import { breakerChange } from './breakers/follow-breaker.ts';
import { stamp } from './context.ts';
import { resumeLooks } from './distribution/divided.ts';
import { announce } from './emergencies/announce.ts';
import { stopCompleted } from './emergencies/stop-progress.ts';
import { announceForecast } from './forecasts/forecast.ts';
import { changeLevel } from './levels/change-level.ts';
import { isIdleAutoStep } from './nodes/auto-close.ts';
import type { Node } from './nodes/node.ts';
import { wakePools } from './pools/wake-pools.ts';
import { announceQueueAge } from './queue/queue-age.ts';
import { barredDenial, collectFor, serveHead } from './queue/serve.ts';
import { serveFromPool } from './queue/serve-pools.ts';
import { claimOf } from './queue/top-up-later.ts';
import { changeRecovery } from './recovery/decide-recovery.ts';
import { fillReserves, giveUpReserves } from './reserves/fill-reserve.ts';
import { barredApproval } from './rules/decide-approval.ts';
import { requestShrink } from './shedding/shed.ts';
import { accountKey, accountOfKey, type Position, type Team } from './team.ts';
import { countGrants } from './windows/count-grants.ts';

/** What one sweep records, of denials or ends, before it comes again: bounds a block. */
const SWEPT_AT_ONCE = 32;

/**
 * What follows from what was recorded, one small unit at a time: waiting requests that now fit,
 * are barred or have a new bottleneck; announced rungs; stops and closings that are complete. The
 * agenda says where to look; after a restart a sweep over everything finds the same. Empty when
 * nothing follows any more.
 */
export function followUps(team: Team, atMs: number, at: Position): BursarEvent[] {
  const { agenda } = team;
  if (isEmpty(agenda)) {
    agenda.isResumed = false;
    return NOTHING;
  }
  const first = countedFirst(team, atMs);
  if (first.length > 0) return first;
  const givenUp = giveUpReserves(team, atMs);
  if (givenUp.length > 0) return givenUp;
  const told = tellAlarms(team, atMs);
  if (told.length > 0) return told;
  const asked = followNoted(agenda.pressures, requestShrink, team, atMs);
  if (asked.length > 0) return asked;
  for (const path of agenda.sweeps) {
    agenda.sweeps.delete(path);
    sweep(team, path);
  }
  if (agenda.barred.size > 0) {
    const denials = denyBarred(team, atMs);
    if (denials.length > 0) return denials;
  }
  for (const id of agenda.collects) {
    const events = collectFor(team, id, atMs);
    if (events.length > 0) return events;
    agenda.collects.delete(id);
  }
  const filled = fillReserves(team, atMs);
  if (filled.length > 0) return filled;
  for (const key of agenda.queues) {
    const events = serveFromPool(team, key, atMs);
    if (events.length > 0) return events;
    const served = serveHead(team, key, atMs, at);
    if (served.length > 0) return served;
    agenda.queues.delete(key);
  }
  const completed = completeStops(team, atMs);
  if (completed.length > 0) return completed;
  const closed = closeNext(team, atMs);
  if (closed.length > 0) return closed;
  // Last: a branch that closes at once leaves what it has but once.
  const shared = followNext(agenda.branches, shareBranches, team, atMs);
  if (shared.length > 0) return shared;
  agenda.isResumed = false;
  return [];
}

/** The next closing that is complete, or what has to end before it is. */
function closeNext(team: Team, atMs: number): BursarEvent[] {
  const { agenda } = team;
  for (const path of agenda.closings) {
    agenda.closings.delete(path);
    const node = team.nodes.get(path);
    if (node === undefined) continue;
    const ends = node.phase === 'closing' ? endReservations(team, path, atMs) : [];
    if (ends.length > 0) {
      agenda.closings.add(path);
      return ends;
    }
    if (node.liveTree > 0) continue;
    const isOver = node.phase === 'closing' ? !isAwaited(team, path) : isIdleAutoStep(node);
    if (isOver) return [{ ...stamp('NodeClosed', team, atMs), path }];
  }
  return [];
}

/** What has to be known before anybody is served: breakers that trip, claims, grants that count. */
function countedFirst(team: Team, atMs: number): BursarEvent[] {
  const { agenda } = team;
  const tripped = followNext(agenda.breakers, breakerChange, team, atMs);
  if (tripped.length > 0) return tripped;
  for (const id of agenda.rests) {
    agenda.rests.delete(id);
    const allocation = team.allocations.get(id);
    const claim = allocation && claimOf(team, allocation, atMs);
    if (claim !== undefined) return [claim];
  }
  return followNext(agenda.grants, countGrants, team, atMs);
}

/** What use of the accounts calls for: rungs and thresholds, levels, forecasts, queues, slow starts. */
function tellAlarms(team: Team, atMs: number): BursarEvent[] {
  const { agenda } = team;
  const told = followNext(agenda.rungs, announce, team, atMs);
  if (told.length > 0) return told;
  const levels = followNext(agenda.levels, changeLevel, team, atMs);
  if (levels.length > 0) return levels;
  const forecasts = followNoted(agenda.forecasts, announceForecast, team, atMs);
  if (forecasts.length > 0) return forecasts;
  const ages = followNext(agenda.ages, announceQueueAge, team, atMs);
  if (ages.length > 0) return ages;
  return followNext(agenda.recoveries, changeRecovery, team, atMs);
}

const NOTHING: BursarEvent[] = [];

/** What follows at the next of these places at which anything does; those before it are done with. */
function followNext(
  places: Set<string>,
  follow: (team: Team, place: string, atMs: number) => BursarEvent[],
  team: Team,
  atMs: number,
): BursarEvent[] {
  for (const place of places) {
    places.delete(place);
    const events = follow(team, place, atMs);
    if (events.length > 0) return events;
  }
  return NOTHING;
}

/**
 * The same where what follows hinges on the time too, so that it is kept when a place was noted: a
 * writer that takes over tells nothing only because time has passed since. What followed when it was
 * noted would be recorded, had the writer before been there to look.
 */
function followNoted(
  places: Map<string, number>,
  follow: (team: Team, place: string, atMs: number) => BursarEvent[],
  team: Team,
  atMs: number,
): BursarEvent[] {
  for (const [place, notedAtMs] of places) {
    places.delete(place);
    if (notedAtMs < atMs && follow(team, place, notedAtMs).length === 0) continue;
    const events = follow(team, place, atMs);
    if (events.length > 0) return events;
  }
  return NOTHING;
}

/** A stop whose allocations have all ended. */
function completeStops(team: Team, atMs: number): BursarEvent[] {
  for (const key of team.agenda.stops) {
    team.agenda.stops.delete(key);
    const { path, resource: stop } = accountOfKey(key);
    const inForce = team.nodes.get(path)?.stops?.get(stop);
    if (inForce === undefined || inForce.isComplete || inForce.remainingCount > 0) continue;
    return [stopCompleted(team, path, inForce, atMs)];
  }
  return NOTHING;
}

function isEmpty(agenda: Team['agenda']): boolean {
  const { breakers, rests, grants, rungs, levels, recoveries, forecasts, ages } = agenda;
  const { sweeps, barred } = agenda;
  const { collects, queues, reserves, pressures, stops, closings, branches } = agenda;
  const first =
    breakers.size + rests.size + grants.size + rungs.size + levels.size + recoveries.size;
  const second =
    forecasts.size + ages.size + sweeps.size + barred.size + collects.size + queues.size;
  const last = reserves.size + pressures.size + stops.size + closings.size + branches.size;
  return first + second + last === 0;
}

/** Puts everything on the agenda, after a take-over. */
export function sweepAll(team: Team): void {
  team.agenda.isResumed = true;
  team.agenda.sweeps.add(team.name);
  for (const key of team.breakers.keys()) team.agenda.breakers.add(key);
  for (const { id, topUp } of team.allocations.values()) {
    if (topUp !== null && !team.waiting.has(topUp)) team.agenda.rests.add(id);
  }
  for (const key of team.agingQueues.keys()) team.agenda.ages.add(key);
  for (const key of team.contests.keys()) team.agenda.queues.add(key);
  for (const { id, state } of team.waiting.values()) {
    if (state === 'preempting') team.agenda.collects.add(id);
  }
  for (const node of team.nodes.values()) {
    if (node.branching?.isDue) team.agenda.branches.add(node.path);
    resumeLooks(team, node);
    for (const resource of node.queues?.keys() ?? []) {
      team.agenda.queues.add(accountKey(node.path, resource));
    }
    for (const stop of node.stops?.keys() ?? []) team.agenda.stops.add(accountKey(node.path, stop));
    if (node.standing !== undefined) {
      team.agenda.levels.add(node.path);
      team.agenda.recoveries.add(node.path);
    }
    if (node.liveTree === 0) team.agenda.closings.add(node.path);
    const isLadderTier = node.tier === 'team' || node.tier === 'swarm';
    for (const [resource, { grants, alerts }] of node.accounts) {
      const key = accountKey(node.path, resource);
      if (grants !== null) team.agenda.grants.add(key);
      if (node.tier === 'swarm') team.agenda.reserves.add(key);
      if (isLadderTier || alerts !== null) team.agenda.rungs.add(key);
    }
  }
}

/** Notes who waits beneath a path, to see what bars them, and the queues on it and beneath. */
function sweep(team: Team, path: string): void {
  for (const { id, ask, state } of team.waiters.beneath(path)) {
    team.agenda.barred.add(id);
    // It is granted what it has collected wherever it stands in line.
    if (state === 'preempting') team.agenda.collects.add(id);
    wakePools(team, ask);
  }
  for (const { id, ask } of team.approvals.values()) {
    if (isWithin(ask.path, path)) team.agenda.barred.add(id);
  }
  const node = team.nodes.get(path);
  if (node !== undefined) wakeBeneath(team, node);
  for (let at = parentPathOf(path); at !== undefined; at = parentPathOf(at)) {
    const above = team.nodes.get(at);
    if (above !== undefined) wakeQueues(team, above);
  }
}

function wakeBeneath(team: Team, node: Node): void {
  wakeQueues(team, node);
  for (const child of node.children) wakeBeneath(team, child);
}

function wakeQueues(team: Team, { path, queues }: Node): void {
  for (const resource of queues?.keys() ?? []) team.agenda.queues.add(accountKey(path, resource));
}

/** Whether anybody waits on a path or beneath it, for room or for an approver. */
function isAwaited(team: Team, path: string): boolean {
  if (team.waiters.beneath(path).size > 0) return true;
  for (const { ask } of team.approvals.values()) if (isWithin(ask.path, path)) return true;
  return false;
}

/** Denies those of the noted that a freeze, stop or closing bars, so many at once. */
function denyBarred(team: Team, atMs: number): BursarEvent[] {
  const events: BursarEvent[] = [];
  for (const id of team.agenda.barred) {
    if (events.length === SWEPT_AT_ONCE) break;
    team.agenda.barred.delete(id);
    const waiting = team.waiting.get(id);
    const pending = team.approvals.get(id);
    const denial = waiting
      ? barredDenial(team, waiting, atMs)
      : pending && barredApproval(team, pending, atMs);
    if (denial !== undefined) events.push(denial);
  }
  return events;
}

/** Nothing is drawn beneath a node that closes: what is reserved there is over, so many at once. */
function endReservations(team: Team, path: string, atMs: number): BursarEvent[] {
  const events: BursarEvent[] = [];
  for (const reservation of team.reservations.values()) {
    if (!isWithin(reservation.node.path, path)) continue;
    events.push(endOfReservation(team, reservation, 'closed', atMs));
    if (events.length === SWEPT_AT_ONCE) break;
  }
  return events;
}
