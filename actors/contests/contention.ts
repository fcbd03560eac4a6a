import type { AccountName, EventOf, Factors, Shortage } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Priority } from '../../events/priority.ts';
import type { ConflictType } from '../../events/reasons.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import type { Amounts } from '../../events/resources.ts';
import { conflictTypeOf } from '../../resolver/conflict-type.ts';
import { askedAbove } from '../accounts/account.ts';
import { fits, outermostOf, shortagesOf } from '../accounts/admission.ts';
import { takesPart } from '../accounts/configured.ts';
import { asksForItsOwn } from '../accounts/own-share.ts';
import { holdersOf } from '../allocations/holders.ts';
import { partOf } from '../allocations/partial.ts';
import { cappedAmount, partCapPermille } from '../levels/level-bar.ts';
import { slackMsOf } from '../nodes/deadline.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import type { Place } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import { expectedWaitMs } from '../queue/expected-wait.ts';
import { standsBefore } from '../queue/next-in-line.ts';
import type { Ranked, WaitQueue } from '../queue/wait-queue.ts';
import {
  isRate,
  NO_RATES,
  rateShortages,
  ratesFit,
  ratesReadyAtMs,
  splitRates,
} from '../rates/rates.ts';
import { slowStartFits, slowStartShortages } from '../recovery/slow-start.ts';
import { accountKey, type Team } from '../team.ts';
import { preemptionAt } from './preemption-policy.ts';

/** A request on its way to a decision, with everything that was found out about it. */
export interface Candidate {
  readonly id: string;
  readonly agent: string;
  readonly digest: number | undefined;
  readonly ask: ResourceAllocationRequest;
  /** Everything asked for, bounded; what of it is counted as rates, in full or not at all. */
  readonly asked: Amounts;
  readonly rates: Amounts;
  /** What of it is held, and the least of that that is of use. */
  readonly wanted: Amounts;
  readonly least: Amounts;
  /** What would be wanted if no level capped the parts of divisible items. */
  readonly uncapped: Amounts;
  readonly priority: Priority;
  readonly place: Place;
  readonly atMs: number;
  /** Weighted use of the pools among which it chose. */
  readonly poolUse?: Factors | undefined;
}

/** A candidate whose place and amounts are known. */
export function candidateFor(
  team: Team,
  {
    id,
    agent,
    digest,
    ask,
    priority,
    poolUse,
  }: Pick<Candidate, 'id' | 'agent' | 'digest' | 'ask' | 'priority' | 'poolUse'>,
  place: Place,
  asked: Amounts,
  atMs: number,
): Candidate {
  const { held, rates } = splitRates(team, asked);
  const least: Record<string, number> = {};
  for (const resource in held) {
    least[resource] = Math.min(ask.items[resource]?.min ?? Infinity, held[resource] as number);
  }
  return {
    id,
    agent,
    digest,
    ask,
    priority,
    place,
    asked,
    rates,
    wanted: capped(team, ask, place, held, least),
    least,
    uncapped: held,
    atMs,
    poolUse,
  };
}

/** What a level in force lets be granted of divisible items; what was reserved is its own. */
function capped(
  team: Team,
  ask: ResourceAllocationRequest,
  { anchor }: Place,
  held: Amounts,
  least: Amounts,
): Amounts {
  const permille = ask.reservationId === undefined ? partCapPermille(team, anchor) : 1_000;
  if (permille === 1_000) return held;
  const wanted: Record<string, number> = {};
  for (const resource in held) {
    wanted[resource] = cappedAmount(held[resource] as number, least[resource] ?? 0, permille);
  }
  return wanted;
}

/** A contest: what is asked, where it is short, who waits and who holds. */
export interface Contest {
  readonly candidate: Candidate;
  /** The outermost short account, or the one whose queue stands before it. */
  readonly account: AccountName;
  readonly node: Node;
  readonly short: readonly Shortage[];
  readonly conflict: ConflictType;
  /** Requests served before it on its account. */
  readonly aheadCount: number;
  /** Whether somebody is served before it in any queue on its path. */
  readonly isBehind: boolean;
  /** Whether one of those has nobody yet who yields to it. */
  readonly isBehindQueued: boolean;
  /** Whether it asks for what is its own by a guarantee, and others use meanwhile. */
  readonly isOwn: boolean;
  /** Who waits there, if anybody does. */
  readonly queue: WaitQueue | undefined;
  /** When there may be room for it, ms from now; null where nothing is known. */
  readonly expectedWaitMs: number | null;
}

/** The rank of a request that is not in a queue yet. */
export function rankOf(
  { priority, atMs, ask, place }: Pick<Candidate, 'priority' | 'atMs' | 'ask' | 'place'>,
  team: Team,
): Ranked {
  return {
    state: 'queued',
    priority,
    queuedAtMs: atMs,
    latestStartMs: atMs + slackMsOf(ask, place.anchor, atMs),
    ask,
    pass: 0,
    arrival: team.arrivals,
  };
}

/** The outermost queue on a path in which somebody stands before a request. */
export interface QueueBefore {
  readonly account: AccountName;
  /** Whether one of those before it has nobody yet who yields to it. */
  readonly isQueued: boolean;
}

/**
 * Looks for somebody who is served before a request; undefined where it is first everywhere. What
 * lies inside a guarantee is not asked of the tiers above it, and waits for nobody there.
 */
export function queueBefore(
  team: Team,
  anchor: Node,
  wanted: Amounts,
  rank: Ranked & { readonly account?: AccountName },
): QueueBefore | undefined {
  let found: QueueBefore | undefined;
  let isQueued = false;
  for (const { node, resource, last } of queuesBefore(team, anchor, wanted, rank)) {
    isQueued ||= last.state === 'queued';
    const isOuter = found === undefined || node.path.length <= found.account.path.length;
    const account = isOuter || found === undefined ? { path: node.path, resource } : found.account;
    found = { account, isQueued };
  }
  return found;
}

/** A queue in which somebody stands before a request, and who stands directly before it. */
interface QueueAhead {
  readonly node: Node;
  readonly resource: string;
  readonly queue: WaitQueue;
  readonly last: Ranked;
}

/** All queues on a path in which somebody stands before a request. */
export function* queuesBefore(
  team: Team,
  anchor: Node,
  wanted: Amounts,
  rank: Ranked & { readonly account?: AccountName },
): Generator<QueueAhead> {
  if (team.waiting.size === 0) return;
  for (const resource in wanted) {
    for (const node of nodesAsked(anchor, resource, wanted[resource] as number)) {
      const queue = node.queues?.get(resource);
      if (queue === undefined) continue;
      const rankThere = rankIn(queue, { path: node.path, resource }, rank);
      const last = standsBefore(team, node, resource, rankThere);
      if (last !== undefined) yield { node, resource, queue, last };
    }
  }
}

/** A request as a queue ranks it: by its own turn there, or by the one that it would get. */
function rankIn<One extends Ranked & { readonly account?: AccountName }>(
  queue: WaitQueue | undefined,
  { path, resource }: AccountName,
  one: One,
): Ranked {
  if (one.account?.path === path && one.account.resource === resource) return one;
  return queue === undefined ? one : { ...one, pass: queue.passOf(one.ask.path) };
}

/** Whether any request waits on the path for one of these resources. */
export function meetsQueue(team: Team, anchor: Node, wanted: Amounts): boolean {
  if (team.waiting.size === 0) return false;
  for (const resource in wanted) {
    for (const node of nodesAsked(anchor, resource, wanted[resource] as number)) {
      if ((node.queues?.get(resource)?.size ?? 0) > 0) return true;
    }
  }
  return false;
}

/** The tiers of which an amount is asked: up to the one within whose guarantee it lies. */
function* nodesAsked(anchor: Node, resource: string, amount: number): Generator<Node> {
  let needed = amount;
  for (let node: Node | undefined = anchor; node && needed > 0; node = node.parent) {
    yield node;
    const account = node.accounts.get(resource);
    if (account === undefined) continue;
    needed = askedAbove(account, account.committed, needed);
  }
}

/** Detects contention; undefined when the request fits and nobody stands before it. */
export function detect(team: Team, candidate: Candidate): Contest | undefined {
  const { place, asked } = candidate;
  const short = shortagesNow(candidate);
  const rank = rankOf(candidate, team);
  const before = queueBefore(team, place.anchor, asked, rank);
  const isHeldUp = before !== undefined && servable(team, candidate) !== undefined;
  const account =
    short.length > 0 && !isHeldUp ? bottleneckOf(team, candidate, short) : before?.account;
  if (account === undefined) return undefined;
  const node = nodeOf(team, account.path);
  const { resource } = account;
  const queue = node.queues?.get(resource);
  const aheadCount = queue?.countAhead(rankIn(queue, account, rank)) ?? 0;
  const amount = asked[resource] ?? 0;
  return {
    candidate,
    account,
    node,
    short,
    conflict: conflictTypeOf(resource, node.accounts.get(resource)?.limit, team.policy.resources),
    aheadCount,
    isBehind: before !== undefined,
    isBehindQueued: before?.isQueued ?? false,
    isOwn: isOwn(team, candidate, short, rank),
    queue,
    expectedWaitMs: isRate(node, account)
      ? rateWaitMs(candidate, aheadCount)
      : expectedWaitMs(node, resource, amount, queue, aheadCount, candidate.atMs),
  };
}

/** Whether all that is short, and all where others stand before it, is its own to take back. */
function isOwn(
  team: Team,
  { place: { anchor }, asked, wanted }: Candidate,
  short: readonly Shortage[],
  rank: Ranked,
): boolean {
  if (preemptionAt(team, anchor).preemption.reclaim === 'never') return false;
  const before: AccountName[] = [];
  for (const { node, resource, queue } of queuesBefore(team, anchor, asked, rank)) {
    // What is free is collected there for somebody else.
    if (short.length === 0 && queue.head?.state === 'preempting') return false;
    before.push({ path: node.path, resource });
  }
  return asksForItsOwn(anchor, wanted, [...short, ...before]);
}

/** Every account and every rate that cannot take a request now. */
export function shortagesNow(candidate: Candidate): Shortage[] {
  const { place, wanted, rates, atMs } = candidate;
  const short = [...shortagesOf(place.anchor, wanted), ...slowStartShortages(candidate)];
  return rates === NO_RATES ? short : [...short, ...rateShortages(place.anchor, rates, atMs)];
}

/** When a request that waits for a rate has room, ms from now; null behind others, or never. */
function rateWaitMs({ place, rates, atMs }: Candidate, aheadCount: number): number | null {
  const readyAtMs = ratesReadyAtMs(place.anchor, rates, atMs);
  return aheadCount > 0 || readyAtMs === Infinity ? null : readyAtMs - atMs;
}

/** What a request could be given now, were nobody before it: all, or a part if it takes one. */
export function servable(team: Team, candidate: Candidate): Amounts | undefined {
  const { ask, place, wanted, least, rates, atMs } = candidate;
  if (!ratesFit(place.anchor, rates, atMs) || !slowStartFits(candidate)) return undefined;
  if (fits(place.anchor, wanted)) return wanted;
  return takesPart(team, ask) ? partOf(place.anchor, wanted, least) : undefined;
}

/**
 * Where a request waits that is short on some accounts: at the outermost of those that keep it from
 * what it is content with. It stays where it waits already as long as that is one of them.
 */
export function bottleneckOf(
  team: Team,
  candidate: Candidate,
  short: readonly Shortage[],
  waitsAt?: AccountName,
): AccountName {
  const { ask, least, place, rates, atMs } = candidate;
  const essential = takesPart(team, ask)
    ? [
        ...shortagesOf(place.anchor, least),
        ...rateShortages(place.anchor, rates, atMs),
        ...slowStartShortages(candidate),
      ]
    : [];
  return outermostAccount(essential.length > 0 ? essential : short, waitsAt);
}

/** The account of the outermost shortage, or the one at which a request waits if it is short. */
export function outermostAccount(
  short: readonly Shortage[],
  waitsAt: AccountName | undefined,
): AccountName {
  const isStill = short.some(
    ({ path, resource }) => path === waitsAt?.path && resource === waitsAt.resource,
  );
  if (waitsAt !== undefined && isStill) return waitsAt;
  const { path, resource } = outermostOf(short);
  return { path, resource };
}

/** The event that records a contest, with counts and the first names of each list. */
export function contentionDetected(
  team: Team,
  contest: Contest,
  contestId: string,
): EventOf<'ContentionDetected'> {
  const { candidate, account, node } = contest;
  const shortage = contest.short.find(
    ({ path, resource }) => path === account.path && resource === account.resource,
  );
  return {
    type: 'ContentionDetected',
    v: 1,
    team: team.name,
    atMs: candidate.atMs,
    contest: contestId,
    request: candidate.id,
    account,
    conflict: contest.conflict,
    requested: candidate.asked[account.resource] ?? 0,
    available: shortage?.available ?? 0,
    waitingCount: contest.queue?.size ?? 0,
    waiting: firstNames(contest.queue?.inOrder() ?? []),
    liveCount: node.liveTree,
    live: firstNames(holdersOf(node, account.resource).byEnd),
  };
}

function firstNames(all: Iterable<{ readonly id: string }>): string[] {
  const names: string[] = [];
  for (const { id } of all) {
    if (names.length === LIMITS.contestNamesMax) break;
    names.push(id);
  }
  return names;
}

/** The open contest on an account, if there is one. */
export function openContest(team: Team, account: AccountName) {
  return team.contests.get(accountKey(account.path, account.resource));
}
