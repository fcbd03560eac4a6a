import type { Policy } from '../../events/policy.ts';
import type { Amounts } from '../../events/resources.ts';
import type { FlooredClaim, Shares } from '../../resolver/share-claim.ts';
import { shareMaxMin } from '../../resolver/share-max-min.ts';
import { shareProportional } from '../../resolver/share-proportional.ts';
import { shareTopUp } from '../../resolver/share-top-up.ts';
import { availableIn } from '../accounts/account.ts';
import { fits, Overlay, roomFor } from '../accounts/admission.ts';
import { takesPart } from '../accounts/configured.ts';
import { type Candidate, queuesBefore } from '../contests/contention.ts';
import type { Node } from '../nodes/node.ts';
import { NO_RATES } from '../rates/rates.ts';
import { isSlowed } from '../recovery/slow-start.ts';
import type { Team } from '../team.ts';
import { runKeyOf } from './turns.ts';
import { effectivePriority, type Waiting } from './wait-queue.ts';

/** Most that share at one time. */
const SHARERS_MAX = 64;

/** A waiting request, and the part of its ask that it gets. */
export interface Part {
  readonly waiting: Waiting;
  readonly candidate: Candidate;
  readonly items: Amounts;
}

/**
 * Divides the room of an account among the divisible requests that wait first in its queue at equal
 * priority (semantics §7, rows 7 and 8), by the method of the policy. Undefined where there is
 * nothing to divide: one alone, room for all of them, or a share that somebody could not use. From
 * the first whose least cannot be met beside those before it, all wait on. A bundle has one common
 * fraction, that of the contended resource; every part is tried on the whole tree.
 * @param candidateOf the waiting request as it would be decided now; undefined where it is barred
 */
export function shareRoom(
  team: Team,
  node: Node,
  resource: string,
  atMs: number,
  candidateOf: (waiting: Waiting) => Candidate | undefined,
): readonly Part[] | undefined {
  const account = node.accounts.get(resource);
  if (account === undefined || account.limit === null) return undefined;
  const room = Math.max(0, availableIn(account));
  const sharers = sharersOf(team, node, resource, atMs, room, candidateOf);
  if (sharers.length < 2) return undefined;
  let asked = 0n;
  for (const { claim } of sharers) asked += BigInt(claim.demand ?? 0);
  if (asked <= BigInt(room)) return undefined;
  const claims = sharers.map(({ claim }) => claim);
  const shares = SHARE[team.policy.sharing](room, claims);
  const books = new Overlay();
  const parts: Part[] = [];
  for (const { waiting, candidate } of sharers) {
    const items = partOfBundle(candidate, resource, shares.get(waiting.id) ?? 0);
    if (items === undefined || !fits(candidate.place.anchor, items, books)) return undefined;
    books.addAll(candidate.place.anchor, items);
    parts.push({ waiting, candidate, items });
  }
  return parts;
}

/** How room is divided, by what policy calls it. */
const SHARE: Readonly<
  Record<Policy['sharing'], (room: number, claims: readonly FlooredClaim[]) => Shares>
> = {
  need: (room, claims) => shareProportional(room, claims, 'need'),
  fair: shareMaxMin,
  topUp: shareTopUp,
};

interface Sharer {
  readonly waiting: Waiting;
  readonly candidate: Candidate;
  readonly claim: FlooredClaim;
}

/** Those who share: the first of the queue, as far as all of one priority can use a part. */
function sharersOf(
  team: Team,
  node: Node,
  resource: string,
  atMs: number,
  room: number,
  candidateOf: (waiting: Waiting) => Candidate | undefined,
): Sharer[] {
  const found: Sharer[] = [];
  const opens = new Set<string>();
  let rank: number | undefined;
  let left = room;
  for (const waiting of node.queues?.get(resource)?.inOrder() ?? []) {
    rank ??= effectivePriority(waiting, atMs, team.policy.aging);
    const isEqual = rank === effectivePriority(waiting, atMs, team.policy.aging);
    if (waiting.state !== 'queued' || !isEqual || found.length === SHARERS_MAX) break;
    const candidate = candidateOf(waiting);
    if (candidate === undefined || !isSharer(team, node, resource, candidate, waiting)) break;
    const claim = claimOf(team, resource, candidate, room);
    left -= claim.floor ?? 0;
    if (left < 0 || (claim.cap ?? room) < Math.max(1, claim.floor ?? 0)) break;
    // Two that would open the same node are decided one after the other.
    if (candidate.place.opened.some(({ path }) => opens.has(path))) break;
    for (const { path } of candidate.place.opened) opens.add(path);
    found.push({ waiting, candidate, claim });
  }
  return found;
}

/** Whether a request can use a part, and nobody stands before it on another account. */
function isSharer(
  team: Team,
  node: Node,
  resource: string,
  candidate: Candidate,
  waiting: Waiting,
): boolean {
  const { ask, asked, rates, wanted, least, place } = candidate;
  if (isSlowed(candidate)) return false;
  if (rates !== NO_RATES || !takesPart(team, ask)) return false;
  if ((least[resource] ?? 0) >= (wanted[resource] ?? 0)) return false;
  for (const before of queuesBefore(team, place.anchor, asked, waiting)) {
    if (before.node !== node || before.resource !== resource) return false;
  }
  return true;
}

/** What a request needs of the room: no more than other tiers let it have. */
function claimOf(team: Team, resource: string, candidate: Candidate, room: number): FlooredClaim {
  const { id, ask, wanted, least, place } = candidate;
  const demand = wanted[resource] ?? 0;
  const most = roomFor(place.anchor, resource, demand);
  const { weightMilli } = team.nodes.get(runKeyOf(ask.path)) ?? {};
  return {
    id,
    demand,
    floor: least[resource] ?? 0,
    ...(most < Math.min(room, demand) ? { cap: most } : {}),
    ...(weightMilli === undefined ? {} : { weightMilli }),
  };
}

/** The whole bundle by the fraction of one of its items, no item below its least. */
function partOfBundle(
  { wanted, least }: Candidate,
  resource: string,
  share: number,
): Amounts | undefined {
  const whole = wanted[resource] ?? 0;
  if (share === 0 || share < (least[resource] ?? 0)) return undefined;
  const part: Record<string, number> = {};
  for (const item in wanted) {
    const amount = (BigInt(wanted[item] as number) * BigInt(share)) / BigInt(whole);
    part[item] = Math.max(Number(amount), least[item] ?? 0);
  }
  return part;
}
