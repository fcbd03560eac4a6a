import { LIMITS } from '../../events/limits.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { availableIn } from '../accounts/account.ts';
import { fits, shortagesOf } from '../accounts/admission.ts';
import { holdersOf, knownEndMs } from '../allocations/holders.ts';
import { type Candidate, queuesBefore } from '../contests/contention.ts';
import { locate } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import { NO_RATES } from '../rates/rates.ts';
import { isSlowed } from '../recovery/slow-start.ts';
import type { Team } from '../team.ts';
import { isNamed } from './next-in-line.ts';
import type { Ranked, Waiting } from './wait-queue.ts';

/** Ends that are looked at for one who waits: the last of them is no later than its start. */
const ENDS_MAX = 64;

/**
 * Whether a request that fits now may be served before those who stand before it, and when it has
 * to be over then (S-08): conservative backfill, where policy has it. In every queue in which
 * somebody stands before it, its lease must be over before the first of them could start by all
 * that is known to end; so it delays nobody whose time is known, and it is not renewed beyond that.
 * Only for capacities: what is spent does not come back to be given to those who were passed. Nor by
 * a named policy: it is not known who would be the first.
 * @param rank of a request that waits already; else it is ranked as it comes
 */
export function backfillEndMs(team: Team, candidate: Candidate, rank: Ranked): number | undefined {
  if (team.policy.backfill === 'none' || isNamed(team)) return undefined;
  const { place, wanted, rates, atMs, ask } = candidate;
  if (rates !== NO_RATES || !fits(place.anchor, wanted)) return undefined;
  // In a slow start nobody passes: when the first could start depends on the intervals.
  if (isSlowed(candidate)) return undefined;
  const leaseEndMs = atMs + (ask.ttlMs ?? LIMITS.ttlMsDefault);
  const endsByMs = Math.min(leaseEndMs, place.anchor.deadlineAtMs);
  for (const { node, resource, queue } of queuesBefore(team, place.anchor, wanted, rank)) {
    const first = queue.head;
    if (resourceTypeOf(resource)?.class !== 'capacity') return undefined;
    if (first === undefined || first.state === 'preempting') return undefined;
    if (endsByMs > earliestStartMs(team, node, resource, first, atMs)) return undefined;
  }
  return endsByMs;
}

/**
 * No request that waits for an account can start before this: by then too little is known to have
 * ended. An end may be renewed away, then it is later still; what ends before its time is not known.
 */
function earliestStartMs(
  team: Team,
  node: Node,
  resource: string,
  { ask }: Waiting,
  atMs: number,
): number {
  const place = locate(team, ask.path);
  if (typeof place === 'string') return atMs;
  const amount = ask.items[resource]?.amount ?? team.policy.bounds[resource] ?? 0;
  const least = { [resource]: Math.min(ask.items[resource]?.min ?? amount, amount) };
  const short = shortagesOf(place.anchor, least).find(({ path }) => path === node.path);
  // An end returns to the account what it held at most.
  let missing = short === undefined ? 0n : BigInt(short.needed) - BigInt(roomOf(node, resource));
  let startMs = atMs;
  let lookedAt = 0;
  for (const holder of holdersOf(node, resource).byEnd) {
    if (missing <= 0n || lookedAt === ENDS_MAX) break;
    startMs = Math.max(atMs, knownEndMs(holder));
    missing -= BigInt(holder.items[resource] ?? 0);
    lookedAt += 1;
  }
  return startMs;
}

/** Room of an account that is short: below 0 where it was cut. */
function roomOf(node: Node, resource: string): number {
  const account = node.accounts.get(resource);
  return account === undefined || account.limit === null ? 0 : availableIn(account);
}
