import { availableIn } from '../accounts/account.ts';
import { isConsumable } from '../accounts/registry.ts';
import { holdersOf, knownEndMs } from '../allocations/holders.ts';
import type { Node } from '../nodes/node.ts';
import type { Allocation } from '../team.ts';
import type { WaitQueue } from './wait-queue.ts';

/** How many ends, and how many of those ahead, an estimate looks at; it goes on in proportion. */
const LOOKED_AT_MAX = 16;

/**
 * When there may be room for an amount on an account, ms from now: what is missing for it and for
 * those served before it, held against what is known to come back and when. Null where nothing is
 * known, or where a consumable will not come back in time at all. An estimate: a lease may be renewed, work
 * end early. O(1): the first 16 ends and the first 16 ahead, beyond them in proportion.
 */
export function expectedWaitMs(
  node: Node,
  resource: string,
  amount: number,
  queue: WaitQueue | undefined,
  aheadCount: number,
  atMs: number,
): number | null {
  const account = node.accounts.get(resource);
  const room = account === undefined ? Infinity : availableIn(account);
  if (room === Infinity) return null;
  const missing = BigInt(amount) + askedAhead(queue, resource, aheadCount) - BigInt(room);
  const ends = firstEnds(node, resource, atMs);
  let returned = 0n;
  let waitMs = 0;
  for (const { endMs, holder } of ends) {
    returned += BigInt(returnedBy(holder, resource));
    waitMs = Math.max(0, endMs - atMs);
    if (returned > 0n && returned >= missing) return waitMs;
  }
  if (returned === 0n) return null;
  const isAll = ends.length === holdersOf(node, resource).byEnd.size;
  // What is spent does not come back to be given once more.
  if (isAll && isConsumable(node.resources, resource)) return null;
  return Number((BigInt(waitMs) * missing) / returned);
}

/** What those who are served before it ask of the resource. */
function askedAhead(queue: WaitQueue | undefined, resource: string, aheadCount: number): bigint {
  let asked = 0n;
  let seen = 0;
  if (queue === undefined || aheadCount === 0) return asked;
  for (const { ask } of queue.inOrder()) {
    if (seen === aheadCount || seen === LOOKED_AT_MAX) break;
    asked += BigInt(ask.items[resource]?.amount ?? 0);
    seen += 1;
  }
  return seen === 0 ? asked : (asked * BigInt(aheadCount)) / BigInt(seen);
}

interface KnownEnd {
  readonly endMs: number;
  readonly holder: Allocation;
}

/** The ends that come first. Who works longer than told is taken to do so until its lease ends. */
function firstEnds(node: Node, resource: string, atMs: number): KnownEnd[] {
  const ends: KnownEnd[] = [];
  for (const holder of holdersOf(node, resource).byEnd) {
    if (ends.length === LOOKED_AT_MAX) break;
    const known = knownEndMs(holder);
    ends.push({ endMs: known > atMs ? known : holder.expiresAtMs, holder });
  }
  return ends.sort((a, b) => a.endMs - b.endMs);
}

/** What an end gives back: a capacity whole, of a consumable what is not used yet. */
function returnedBy({ node, items, reported }: Allocation, resource: string): number {
  const held = items[resource] ?? 0;
  if (!isConsumable(node.resources, resource)) return held;
  return Math.max(0, held - (reported[resource] ?? 0));
}
