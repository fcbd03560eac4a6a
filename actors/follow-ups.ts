import type { BursarEvent } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import { isWithin } from '../events/names.ts';
import type { Amounts } from '../events/resources.ts';
import { usePermille } from './account.ts';
import { fits, Overlay, outermostOf, roomFor, shortagesOf } from './admission.ts';
import type { Candidate } from './contention.ts';
import { stamp } from './context.ts';
import { boundedAmounts, leastOf } from './decide-request.ts';
import { rungOf } from './ladder.ts';
import { barrierOf, locate } from './locate.ts';
import { partOf } from './partial.ts';
import { grantOf } from './resolver.ts';
import { accountKey, accountOfKey, type Team } from './team.ts';
import type { Waiting } from './wait-queue.ts';

/** Denials that one sweep records before it comes again: bounds a block. */
const DENIALS_AT_ONCE = 200;

/**
 * What follows from what was recorded, one small unit at a time: waiting requests that now fit,
 * are barred or have a new bottleneck; announced rungs; stops and closings that are complete. The
 * agenda says where to look; after a restart a sweep over everything finds the same. Empty when
 * nothing follows any more.
 */
export function followUps(team: Team, atMs: number): BursarEvent[] {
  const { agenda } = team;
  for (const key of agenda.rungs) {
    agenda.rungs.delete(key);
    const events = announceRung(team, key, atMs);
    if (events.length > 0) return events;
  }
  for (const path of agenda.sweeps) {
    const events = denyBarred(team, path, atMs);
    if (events.length > 0) return events;
    agenda.sweeps.delete(path);
  }
  for (const key of agenda.queues) {
    const events = serveHead(team, key, atMs);
    if (events.length > 0) return events;
    agenda.queues.delete(key);
  }
  for (const key of agenda.stops) {
    agenda.stops.delete(key);
    const { path, resource: stop } = accountOfKey(key);
    const inForce = team.nodes.get(path)?.stops?.get(stop);
    if (inForce === undefined || inForce.isComplete || inForce.remainingCount > 0) continue;
    const { fencedCount } = inForce;
    return [{ ...stamp('StopCompleted', team, atMs), path, stop, fencedCount }];
  }
  for (const path of agenda.closings) {
    agenda.closings.delete(path);
    const node = team.nodes.get(path);
    if (node?.phase === 'closing' && node.liveTree === 0 && !hasWaiting(team, path)) {
      return [{ ...stamp('NodeClosed', team, atMs), path }];
    }
  }
  return [];
}

/** Puts everything on the agenda: after a restart, or when policy has changed. */
export function sweepAll(team: Team): void {
  team.agenda.sweeps.add(team.name);
  for (const node of team.nodes.values()) {
    for (const resource of node.queues?.keys() ?? []) {
      team.agenda.queues.add(accountKey(node.path, resource));
    }
    for (const stop of node.stops?.keys() ?? []) team.agenda.stops.add(accountKey(node.path, stop));
    if (node.phase === 'closing') team.agenda.closings.add(node.path);
    if (node.tier !== 'team' && node.tier !== 'swarm') continue;
    for (const resource of node.accounts.keys()) {
      team.agenda.rungs.add(accountKey(node.path, resource));
    }
  }
}

/** Each rung is announced once on the way up and re-armed on the way down. */
function announceRung(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const account = team.nodes.get(path)?.accounts.get(resource);
  if (account === undefined || account.limit === null) return [];
  const rung = rungOf(team.policy.ladder, account);
  const events: BursarEvent[] = [];
  const usePermilleNow = usePermille(account.spentTree + account.heldTree, account.limit);
  for (let next = account.rung + 1; next <= rung; next += 1) {
    const kind = team.policy.ladder[next - 1]?.kind ?? 'notice';
    events.push({
      ...stamp('ThresholdCrossed', team, atMs),
      path,
      resource,
      kind,
      rung: next,
      usePermille: usePermilleNow,
      limit: account.limit,
    });
  }
  for (let left = account.rung; left > rung; left -= 1) {
    events.push({ ...stamp('ThresholdRearmed', team, atMs), path, resource, rung: left });
  }
  return events;
}

/** Denies waiting requests that a freeze, stop or closing bars now. */
function denyBarred(team: Team, path: string, atMs: number): BursarEvent[] {
  const events: BursarEvent[] = [];
  for (const waiting of team.waiting.values()) {
    if (!isWithin(waiting.ask.path, path)) continue;
    const denial = barredDenial(team, waiting, atMs);
    if (denial !== undefined) events.push(denial);
    if (events.length === DENIALS_AT_ONCE) break;
  }
  if (events.length === 0) {
    for (const node of team.nodes.values()) {
      if (!isWithin(node.path, path) && !isWithin(path, node.path)) continue;
      for (const resource of node.queues?.keys() ?? []) {
        team.agenda.queues.add(accountKey(node.path, resource));
      }
    }
  }
  return events;
}

function barredDenial(team: Team, waiting: Waiting, atMs: number): BursarEvent | undefined {
  const place = locate(team, waiting.ask.path);
  const barrier =
    typeof place === 'string'
      ? { reason: place, path: waiting.ask.path }
      : barrierOf(place.anchor, waiting.priority);
  if (barrier === undefined) return undefined;
  return {
    ...stamp('RequestDenied', team, atMs),
    id: waiting.id,
    by: waiting.agent,
    ...(waiting.digest === undefined ? {} : { digest: waiting.digest }),
    ask: waiting.ask,
    reason: barrier.reason,
    waited: true,
    waitedMs: atMs - waiting.sinceMs,
    ...(barrier.reason === 'frozen' ? { retryOn: 'unfreeze' } : {}),
    rule: `barrier-${barrier.reason}`,
    factors: { at: barrier.path },
  };
}

/** Serves the head of a queue if it fits now; the queue stands still behind it otherwise. */
function serveHead(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const head = team.nodes.get(path)?.queues?.get(resource)?.head;
  const contest = team.contests.get(key);
  if (head === undefined) {
    if (contest === undefined) return [];
    return [{ ...stamp('ContestEnded', team, atMs), contest: contest.id, outcome: 'granted' }];
  }
  const barred = barredDenial(team, head, atMs);
  if (barred !== undefined) return [barred];
  const candidate = candidateOf(team, head, atMs);
  if (candidate === undefined) return [];
  return head.state === 'preempting'
    ? collect(team, head, candidate)
    : serve(team, head, candidate, key);
}

function serve(team: Team, head: Waiting, candidate: Candidate, key: string): BursarEvent[] {
  const { place, wanted, least, atMs } = candidate;
  const part = fits(place.anchor, wanted) ? wanted : partOf(place.anchor, wanted, least);
  if (part === undefined) {
    const short = shortagesOf(place.anchor, least);
    const outer = outermostOf(short.length > 0 ? short : shortagesOf(place.anchor, wanted));
    const account = { path: outer.path, resource: outer.resource };
    if (accountKey(account.path, account.resource) === key) return [];
    return [{ ...stamp('RequestMoved', team, atMs), request: head.id, account }];
  }
  return [
    {
      ...grantOf(team, candidate, part, 'queue', { rule: 'queue-head' }),
      claimUntilMs: atMs + LIMITS.claimMs,
      attempt: head.attempt,
      waitedMs: atMs - head.sinceMs,
      factors: { waitedMs: atMs - head.sinceMs, priority: head.priority },
    },
  ];
}

/** Adds to what is set aside for a beneficiary; grants when it is all there. */
function collect(team: Team, head: Waiting, candidate: Candidate): BursarEvent[] {
  const missing: Record<string, number> = {};
  const more: Record<string, number> = {};
  let isComplete = true;
  for (const [resource, amount] of Object.entries(candidate.wanted)) {
    const still = amount - (head.earmarked[resource] ?? 0);
    if (still <= 0) continue;
    missing[resource] = still;
    const room = roomFor(candidate.place.anchor, resource, still);
    if (room > 0) more[resource] = room;
    if (room < still) isComplete = false;
  }
  const events: BursarEvent[] = [];
  if (Object.keys(more).length > 0 && fits(candidate.place.anchor, more as Amounts)) {
    const reclaimed = stamp('ResourcesReclaimed', team, candidate.atMs);
    events.push({ ...reclaimed, request: head.id, earmarked: more });
  }
  const isAllThere = Object.keys(missing).length === 0 || (isComplete && events.length > 0);
  if (isAllThere && isAdmitted(team, head, candidate)) {
    const preempted = head.victims.filter((id) => !team.allocations.has(id));
    events.push({
      ...grantOf(team, candidate, candidate.wanted, 'preemption', { rule: 'preempted' }),
      preempted,
      waitedMs: candidate.atMs - head.sinceMs,
      ...(candidate.atMs > head.sinceMs
        ? { claimUntilMs: candidate.atMs + LIMITS.claimMs, attempt: head.attempt }
        : {}),
    });
  }
  return events;
}

/** Limits may have been cut, or a limited step opened, since the collecting began. */
function isAdmitted(team: Team, head: Waiting, { place, wanted }: Candidate): boolean {
  const overlay = new Overlay();
  const on = team.nodes.get(head.earmarkPath);
  for (const [resource, amount] of Object.entries(head.earmarked)) {
    if (on !== undefined) overlay.add(on, resource, -amount);
  }
  return fits(place.anchor, wanted, overlay);
}

function candidateOf(team: Team, waiting: Waiting, atMs: number): Candidate | undefined {
  const place = locate(team, waiting.ask.path);
  const wanted = boundedAmounts(team, waiting.ask);
  if (typeof place === 'string' || wanted === undefined) return undefined;
  return {
    id: waiting.id,
    agent: waiting.agent,
    digest: waiting.digest,
    ask: waiting.ask,
    wanted,
    least: leastOf(waiting.ask, wanted),
    priority: waiting.priority,
    place,
    atMs,
  };
}

function hasWaiting(team: Team, path: string): boolean {
  for (const waiting of team.waiting.values()) if (isWithin(waiting.ask.path, path)) return true;
  return false;
}
