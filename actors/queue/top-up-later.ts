import { strict as assert } from 'node:assert';
import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import { ALLOCATIONS, type Amounts } from '../../events/resources.ts';
import { neverFits, outermostOf, shortagesOf } from '../accounts/admission.ts';
import { boundedAmounts } from '../accounts/bounded-amounts.ts';
import type { Candidate } from '../contests/contention.ts';
import { stamp } from '../context.ts';
import { slackMsOf } from '../nodes/deadline.ts';
import { splitRates } from '../rates/rates.ts';
import type { Allocation, Team } from '../team.ts';
import { outermostLimited } from './requeue.ts';
import { waitBoundMs } from './wait-bound.ts';
import type { Waiting } from './wait-queue.ts';

/**
 * A grant, with the claim that it keeps for the rest (O-03): where it is a part for want of room and
 * not by a level alone, its agent asked for that and would wait, the queue is not full, and an empty
 * tree has room for the whole.
 * @param claimId the name of the claim
 */
export function withClaim(
  team: Team,
  grant: EventOf<'AllocationGranted'>,
  { ask, place, wanted, uncapped, priority }: Candidate,
  claimId: string,
): EventOf<'AllocationGranted'> {
  if (!ask.topUpLater || (ask.maxWaitMs ?? 0) === 0) return grant;
  const { items } = grant;
  const isShort = Object.keys(wanted).some((one) => (items[one] ?? 0) < (wanted[one] ?? 0));
  if (!isShort) return grant;
  if (team.waiting.size >= LIMITS.queueDepthMax) return grant;
  if (neverFits(place.anchor, uncapped, priority < ExecutionPriority.critical)) return grant;
  return { ...grant, topUp: claimId };
}

/**
 * The claim of an allocation for the rest of what it asked for joins the queue of the account that
 * is short, as old and as urgent as its request. Undefined where nothing is left to claim.
 */
export function claimOf(
  team: Team,
  allocation: Allocation,
  atMs: number,
): EventOf<'RequestQueued'> | undefined {
  const { id, agent, ask, node, priority, topUp, askedAtMs, deadlineAtMs } = allocation;
  const rest = restOf(team, allocation);
  if (topUp === null || rest === undefined) return undefined;
  const items = Object.fromEntries(
    Object.entries(rest).map(([resource, amount]) => [resource, { amount }]),
  );
  const short = shortagesOf(node, rest);
  const account =
    short.length === 0
      ? outermostLimited(node, items)
      : { path: outermostOf(short).path, resource: outermostOf(short).resource };
  if (account === undefined) return undefined;
  const { path, businessImpact, expectedMs, ttlMs, maxWaitMs = 0 } = ask;
  const deadlineMs = deadlineAtMs === Infinity ? undefined : deadlineAtMs - atMs;
  const queue = team.nodes.get(account.path)?.queues?.get(account.resource);
  const pass = queue?.passOf(path) ?? 0;
  const claim = {
    path,
    items,
    priority,
    ...(businessImpact === undefined ? {} : { businessImpact }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(expectedMs === undefined ? {} : { expectedMs }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    maxWaitMs,
    topsUp: id,
  };
  const rank = {
    state: 'queued',
    priority,
    queuedAtMs: askedAtMs,
    latestStartMs: atMs + slackMsOf(claim, node, atMs),
    ask: claim,
    pass,
    arrival: team.arrivals,
  } as const;
  return {
    ...stamp('RequestQueued', team, atMs),
    id: topUp,
    by: agent,
    ask: claim,
    account,
    priority,
    position: (queue?.countAhead(rank) ?? 0) + 1,
    expectedWaitMs: null,
    waitBoundMs: waitBoundMs(team, priority),
    untilMs: atMs + maxWaitMs,
    queuedAtMs: askedAtMs,
    pass,
    after: 'partial',
    of: id,
    rule: 'top-up-later',
  };
}

/** An allocation grows by what its claim has waited for. */
export function growthBy(
  team: Team,
  { id, ask, sinceMs }: Waiting,
  more: Amounts,
  atMs: number,
): EventOf<'AllocationResized'> {
  const grows = team.allocations.get(ask.topsUp ?? '');
  assert(grows?.topUp === id, `${id} is the claim of a live allocation`);
  const items: Record<string, number> = {};
  for (const resource in more) {
    items[resource] = (grows.items[resource] ?? 0) + (more[resource] as number);
  }
  return {
    ...stamp('AllocationResized', team, atMs),
    allocation: grows.id,
    items,
    topUp: id,
    waitedMs: atMs - sinceMs,
  };
}

/** A claim ends with its allocation; undefined while that lives, and of any other request. */
export function endOfClaim(
  team: Team,
  { id, ask, sinceMs }: Waiting,
  atMs: number,
): EventOf<'RequestCancelled'> | undefined {
  if (ask.topsUp === undefined || team.allocations.get(ask.topsUp)?.topUp === id) return undefined;
  return { ...stamp('RequestCancelled', team, atMs), request: id, waitedMs: atMs - sinceMs };
}

/** What was asked for and is not held: rates were counted in full, allocations count themselves. */
function restOf(team: Team, { ask, items }: Allocation): Amounts | undefined {
  const asked = boundedAmounts(team, ask);
  if (asked === undefined) return undefined;
  const rest: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(splitRates(team, asked).held)) {
    const missing = amount - (items[resource] ?? 0);
    if (missing > 0 && resource !== ALLOCATIONS) rest[resource] = missing;
  }
  return Object.keys(rest).length === 0 ? undefined : rest;
}
