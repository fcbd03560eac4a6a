import { strict as assert } from 'node:assert';
import type { AccountName, BursarEvent, EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Amounts } from '../../events/resources.ts';
import { availableIn } from '../accounts/account.ts';
import { Overlay, roomFor, shortagesOf } from '../accounts/admission.ts';
import { boundedAmounts } from '../accounts/bounded-amounts.ts';
import { addDue } from '../accounts/climb.ts';
import { waitingDenial } from '../allocations/denial.ts';
import { isAny } from '../allocations/end.ts';
import { poolDenial, toolDenial } from '../allocations/ruled-out.ts';
import { barringOf, denyingWaiting, placeBehind } from '../breakers/barring.ts';
import { trippedOver } from '../breakers/breaker.ts';
import { breakerDenial } from '../breakers/decide-barred.ts';
import {
  bottleneckOf,
  type Candidate,
  candidateFor,
  outermostAccount,
  queueBefore,
  servable,
  shortagesNow,
} from '../contests/contention.ts';
import { grantOf } from '../contests/resolver.ts';
import { BY_RESERVE } from '../contests/strategy.ts';
import { nameAt, stamp } from '../context.ts';
import { waitingLevelDenial } from '../levels/hold-back.ts';
import { levelBar } from '../levels/level-bar.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import { barrierOf, locate } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import { choosePools } from '../pools/choose-pools.ts';
import { rateShortages, ratesReadyAtMs } from '../rates/rates.ts';
import { planDraw } from '../reserves/draw.ts';
import { keepsReserves } from '../reserves/reserve.ts';
import { toolBarrier } from '../rules/tool-rules.ts';
import { accountOfKey, type Position, type Team } from '../team.ts';
import { backfillEndMs } from './backfill.ts';
import { breakDeadlock } from './deadlock.ts';
import { isNamed, nextInLine } from './next-in-line.ts';
import { shareRoom } from './share-room.ts';
import { endOfClaim, growthBy, withClaim } from './top-up-later.ts';
import type { Waiting } from './wait-queue.ts';

/**
 * The denial of a waiting request that cannot be admitted any more, whatever the room; the end of a
 * claim whose allocation has ended.
 */
export function barredDenial(team: Team, waiting: Waiting, atMs: number): BursarEvent | undefined {
  const { path } = waiting.ask;
  const over = endOfClaim(team, waiting, atMs);
  if (over !== undefined) return over;
  const place = locate(team, path);
  if (typeof place === 'string') return waitingDenial(team, waiting, place, path, atMs);
  const barrier = barrierOf(place.anchor, waiting.priority);
  if (barrier !== undefined) {
    return waitingDenial(team, waiting, barrier.reason, barrier.path, atMs);
  }
  const bar = levelBar(team, place, waiting.priority, waiting.ask.items);
  // Who preempts collects; that cannot be put off.
  if (bar?.refused === 'deny' || (bar !== undefined && waiting.state === 'preempting')) {
    return waitingLevelDenial(team, waiting, bar, atMs);
  }
  if (waiting.latestStartMs < atMs) {
    return waitingDenial(team, waiting, 'deadline_unreachable', path, atMs);
  }
  const breaker =
    team.breakers.size === 0
      ? undefined
      : denyingWaiting(team, askNow(team, waiting, place.anchor).ask);
  if (breaker !== undefined) {
    const denial = breakerDenial(team, waiting, breaker, atMs);
    return { ...denial, waited: true, waitedMs: atMs - waiting.sinceMs };
  }
  const tools = toolBarrier(team, waiting.agent, path, Object.keys(waiting.ask.items));
  if (tools !== undefined) {
    const denial = toolDenial(team, waiting, tools, atMs);
    return { ...denial, waited: true, waitedMs: atMs - waiting.sinceMs };
  }
  const pools = poolDenial(team, waiting, place.anchor, atMs);
  if (pools !== undefined) return { ...pools, waited: true, waitedMs: atMs - waiting.sinceMs };
  const isUnbounded = boundedAmounts(team, waiting.ask) === undefined;
  return isUnbounded ? waitingDenial(team, waiting, 'unbounded', path, atMs) : undefined;
}

/** Serves the head of a queue if it fits now; the queue stands still behind it otherwise. */
export function serveHead(team: Team, key: string, atMs: number, at: Position): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const node = team.nodes.get(path);
  const head = node && nextInLine(team, node, resource);
  const contest = team.contests.get(key);
  if (head === undefined) {
    if (contest === undefined) return [];
    const { id, outcome } = contest;
    return [{ ...stamp('ContestEnded', team, atMs), contest: id, outcome }];
  }
  const barred = barredDenial(team, head, atMs);
  if (barred !== undefined) return [barred];
  const candidate = candidateOf(team, head, atMs);
  const barring = barringOf(team, candidate.ask);
  if (barring.length > 0) {
    return holdUp(team, head, candidate, placeBehind(barring, head.account));
  }
  if (head.state === 'preempting') return collect(team, head, candidate);
  const shared = isNamed(team) ? [] : share(team, head, atMs, at);
  if (shared.length > 0) return shared;
  const served = serve(team, head, candidate, at);
  if (served.length > 0) return served;
  const behind = isNamed(team) ? [] : serveBehind(team, head, atMs);
  return behind.length > 0 ? behind : breakDeadlock(team, head.account, atMs);
}

/** Whom a breaker holds up waits in line for that resource; who collects goes on with that. */
function holdUp(
  team: Team,
  head: Waiting,
  candidate: Candidate,
  place: AccountName,
): BursarEvent[] {
  const { atMs } = candidate;
  const isCollecting = head.state === 'preempting';
  const events = isCollecting
    ? collect(team, head, candidate, true)
    : moveTo(team, head, place, atMs);
  return events.length > 0 ? events : breakDeadlock(team, head.account, atMs);
}

/** Serves several at once, where they divide what is free. */
function share(team: Team, { account }: Waiting, atMs: number, at: Position): BursarEvent[] {
  const node = nodeOf(team, account.path);
  const parts = shareRoom(team, node, account.resource, atMs, (waiting) => {
    if (barredDenial(team, waiting, atMs) !== undefined) return undefined;
    const candidate = candidateOf(team, waiting, atMs);
    // Of those who are next a breaker that is tried lets one through.
    const { path, items } = candidate.ask;
    return trippedOver(team, path, Object.keys(items)).length > 0 ? undefined : candidate;
  });
  const by = team.policy.sharing;
  return (parts ?? []).map(({ waiting, candidate, items }, no, { length }) => ({
    ...withClaim(
      team,
      queueGrant(team, waiting, candidate, items, 'share'),
      candidate,
      nameAt(team, 't', at, no),
    ),
    shared: { by, place: no + 1, of: length },
  }));
}

/** Waiting requests behind the head that are looked at when it cannot be served. */
const BEHIND_MAX = 16;

/**
 * Serves one of those behind a head that has to wait on, where that delays nobody. What others wait
 * for further out decides that too, and no queue is woken by it: a writer that looks at all of them
 * after a take-over would let past whom the one before it left.
 */
function serveBehind(team: Team, head: Waiting, atMs: number): BursarEvent[] {
  if (team.agenda.isResumed) return [];
  const { path, resource } = head.account;
  const node = nodeOf(team, path);
  const account = node.accounts.get(resource);
  if (team.policy.backfill === 'none' || account === undefined) return [];
  if (availableIn(account) <= 0) return [];
  let lookedAt = 0;
  for (const waiting of node.queues?.get(resource)?.inOrder() ?? []) {
    if (waiting === head || waiting.state === 'preempting') continue;
    if (waiting.ask.topsUp !== undefined) continue;
    if (lookedAt === BEHIND_MAX) break;
    lookedAt += 1;
    if (barredDenial(team, waiting, atMs) !== undefined) continue;
    const candidate = candidateOf(team, waiting, atMs);
    if (barringOf(team, candidate.ask).length > 0) continue;
    const { place, asked, wanted } = candidate;
    const endsByMs = backfillEndMs(team, candidate, waiting);
    if (endsByMs === undefined) continue;
    // By now it lies inside a guarantee, and passes nobody.
    if (queueBefore(team, place.anchor, asked, waiting) === undefined) {
      return [queueGrant(team, waiting, candidate, wanted, 'queue-head')];
    }
    return [{ ...queueGrant(team, waiting, candidate, wanted, 'backfill'), endsByMs }];
  }
  return [];
}

function serve(team: Team, head: Waiting, candidate: Candidate, at: Position): BursarEvent[] {
  const { place, asked, atMs } = candidate;
  const part = servable(team, candidate);
  const draw = drawFor(team, head, candidate, part);
  if (draw !== undefined) return [draw];
  if (part === undefined) {
    const short = shortagesNow(candidate);
    const next = bottleneckOf(team, candidate, short, head.account);
    wakeForRates(team, head, candidate);
    return moveTo(team, head, next, atMs);
  }
  // It fits, but on another account of its path somebody is served before it.
  const before = queueBefore(team, place.anchor, asked, head);
  if (before !== undefined) {
    return mayFollow(team, head, before.account) ? moveTo(team, head, before.account, atMs) : [];
  }
  if (head.ask.topsUp !== undefined) return [growthBy(team, head, part, atMs)];
  const grant = queueGrant(team, head, candidate, part, 'queue-head');
  return [withClaim(team, grant, candidate, nameAt(team, 't', at))];
}

/** The grant of a request that is served whole with what the emergency reserve gives it. */
function drawFor(
  team: Team,
  head: Waiting,
  candidate: Candidate,
  part: Amounts | undefined,
): BursarEvent | undefined {
  if (head.ask.topsUp !== undefined || !keepsReserves(team.policy)) return undefined;
  const { place, asked, wanted } = candidate;
  const isFree = part === wanted && queueBefore(team, place.anchor, asked, head) === undefined;
  const reserve = isFree ? undefined : planDraw(team, candidate, head);
  if (reserve === undefined) return undefined;
  return { ...queueGrant(team, head, candidate, wanted, BY_RESERVE), reserve };
}

/**
 * Whether a request that fits joins the queue in which somebody stands before it. Where orders are
 * of the moment two could follow each other in a circle: there it goes outwards alone, and waits
 * where it is for those further in.
 */
function mayFollow(team: Team, { account }: Waiting, next: AccountName): boolean {
  if (!isNamed(team)) return true;
  const outwards = account.path.length - next.path.length;
  return outwards > 0 || (outwards === 0 && next.resource < account.resource);
}

/** The grant of a request that has waited in a queue. */
export function queueGrant(
  team: Team,
  { attempt, sinceMs, priority }: Waiting,
  candidate: Candidate,
  items: Amounts,
  rule: 'queue-head' | 'backfill' | 'share' | typeof BY_RESERVE,
): EventOf<'AllocationGranted'> {
  const { atMs } = candidate;
  const waitedMs = atMs - sinceMs;
  return {
    ...grantOf(team, candidate, items, 'queue', { rule, factors: { waitedMs, priority } }),
    claimUntilMs: atMs + LIMITS.claimMs,
    attempt,
    waitedMs,
  };
}

/** Looks at the queue of a request again when its rates have room; found again by a sweep. */
function wakeForRates(team: Team, { id }: Waiting, candidate: Candidate): void {
  const { place, rates, atMs } = candidate;
  const readyAtMs = ratesReadyAtMs(place.anchor, rates, atMs);
  const before = team.agenda.wakes.get(id);
  if (before !== undefined) team.timers.remove(before);
  team.agenda.wakes.delete(id);
  if (readyAtMs <= atMs || readyAtMs === Infinity) return;
  team.agenda.wakes.set(id, addDue(team, readyAtMs, 'rate', id));
}

function moveTo(team: Team, { id, ask, account }: Waiting, next: AccountName, atMs: number) {
  const isThere = next.path === account.path && next.resource === account.resource;
  if (isThere) return [];
  const pass = team.nodes.get(next.path)?.queues?.get(next.resource)?.passOf(ask.path) ?? 0;
  return [{ ...stamp('RequestMoved', team, atMs), request: id, account: next, pass }];
}

/** What a beneficiary gets of what has come free: its victims' part goes to nobody else. */
export function collectFor(team: Team, id: string, atMs: number): BursarEvent[] {
  const waiting = team.waiting.get(id);
  if (waiting?.state !== 'preempting') return [];
  const barred = barredDenial(team, waiting, atMs);
  if (barred !== undefined) return [barred];
  // What victims give while a breaker bars it is still its own; the sweep after that comes here again.
  const isBarred = barringOf(team, waiting.ask).length > 0;
  return collect(team, waiting, candidateOf(team, waiting, atMs), isBarred);
}

/** Adds to what is set aside for a beneficiary; grants when it is all there and nothing bars it. */
function collect(
  team: Team,
  waiting: Waiting,
  candidate: Candidate,
  isBarred = false,
): BursarEvent[] {
  const { place, wanted, rates, atMs } = candidate;
  const more: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(wanted)) {
    const missing = amount - (waiting.earmarked[resource] ?? 0);
    const room = missing > 0 ? roomFor(place.anchor, resource, missing) : 0;
    if (room > 0) more[resource] = room;
  }
  const { id: request } = waiting;
  const events: BursarEvent[] = isAny(more)
    ? [{ ...stamp('ResourcesReclaimed', team, atMs), request, earmarked: more }]
    : [];
  if (isBarred) return events;
  // Limits may have been cut, or a limited step opened, since the collecting began.
  const short = [
    ...shortagesOf(place.anchor, wanted, withoutEarmark(team, waiting)),
    ...rateShortages(place.anchor, rates, atMs),
  ];
  if (short.length === 0) return [...events, collectedGrant(team, waiting, candidate)];
  if (events.length > 0) return events;
  wakeForRates(team, waiting, candidate);
  return moveTo(team, waiting, outermostAccount(short, waiting.account), atMs);
}

function collectedGrant(team: Team, waiting: Waiting, candidate: Candidate): BursarEvent {
  const waitedMs = candidate.atMs - waiting.sinceMs;
  const { priority, victims } = waiting;
  const factors = { waitedMs, priority, preemptionVictims: victims.length };
  return {
    ...grantOf(team, candidate, candidate.wanted, 'preemption', { rule: 'preempted', factors }),
    preempted: victims.filter((id) => !team.allocations.has(id)),
    waitedMs,
    ...(waitedMs > 0
      ? { claimUntilMs: candidate.atMs + LIMITS.claimMs, attempt: waiting.attempt }
      : {}),
  };
}

/** The books as they are once what is set aside for a request has become free for its grant. */
function withoutEarmark(team: Team, { earmarkPath, earmarked }: Waiting): Overlay {
  const overlay = new Overlay();
  const on = team.nodes.get(earmarkPath);
  for (const [resource, amount] of Object.entries(earmarked)) {
    if (on !== undefined) overlay.add(on, resource, -amount);
  }
  return overlay;
}

/**
 * A waiting request that nothing bars, as it would be decided now: with the pools that it would take
 * now, unless room is already being collected for it in those that it named first.
 */
export function candidateOf(team: Team, waiting: Waiting, atMs: number): Candidate {
  const { id, ask } = waiting;
  const place = locate(team, ask.path);
  assert(typeof place !== 'string', `nothing bars ${id}`);
  const one =
    ask.anyOf === undefined ? waiting : { ...waiting, ...askNow(team, waiting, place.anchor) };
  const asked = boundedAmounts(team, one.ask);
  assert(asked !== undefined, `nothing bars ${id}`);
  return candidateFor(team, one, place, asked, atMs);
}

function askNow(team: Team, waiting: Waiting, anchor: Node): Pick<Candidate, 'ask' | 'poolUse'> {
  const { ask, state } = waiting;
  const isOpen = ask.anyOf !== undefined && state === 'queued';
  return isOpen ? choosePools(team, waiting, anchor, waiting) : { ask };
}
