import { strict as assert } from 'node:assert';
import { allocationsBeneath } from '../nodes/beneath.ts';
import type { Node } from '../nodes/node.ts';
import { RankedList } from '../queue/ranked-list.ts';
import type { Allocation } from '../team.ts';

/** Who holds some of one resource on a node or beneath it, in the two orders that a contest asks for. */
export class Holders {
  /** Those whose end is known to come first, first. */
  readonly byEnd: RankedList<Allocation>;
  /** Who is evicted first, first: lower priority, less work lost (younger). Preemptible ones. */
  readonly byCost: RankedList<Allocation>;

  constructor(holders: readonly Allocation[]) {
    this.byEnd = new RankedList(compareEnds, holders);
    this.byCost = new RankedList(compareCosts, holders.filter(isPreemptible));
  }

  add(holder: Allocation): void {
    this.byEnd.add(holder);
    if (isPreemptible(holder)) this.byCost.add(holder);
  }

  remove(holder: Allocation): void {
    assert(this.byEnd.remove(holder), `${holder.id} is among the holders`);
    if (isPreemptible(holder)) this.byCost.remove(holder);
  }
}

/**
 * The holders of an account. Found by a walk over everything beneath it when they are first asked
 * for, kept with each event from then on: an account without contention pays nothing.
 */
export function holdersOf(node: Node, resource: string): Holders {
  let holders = node.holders?.get(resource);
  if (holders !== undefined) return holders;
  const found: Allocation[] = [];
  if ((node.accounts.get(resource)?.heldTree ?? 0) > 0) {
    for (const allocation of allocationsBeneath(node)) {
      if (holdsSome(allocation, resource)) found.push(allocation);
    }
  }
  holders = new Holders(found);
  node.holders ??= new Map();
  node.holders.set(resource, holders);
  return holders;
}

/** Takes an allocation that holds from now on into the orders that are kept above it. */
export function noteHolder(allocation: Allocation): void {
  for (let node: Node | undefined = allocation.node; node !== undefined; node = node.parent) {
    if (node.holders === undefined) continue;
    for (const [resource, holders] of node.holders) {
      if (holdsSome(allocation, resource)) holders.add(allocation);
    }
  }
}

/** Takes one out of them: before it ends, or before what ranks it there changes. */
export function dropHolder(allocation: Allocation): void {
  for (let node: Node | undefined = allocation.node; node !== undefined; node = node.parent) {
    if (node.holders === undefined) continue;
    for (const [resource, holders] of node.holders) {
      if (holdsSome(allocation, resource)) holders.remove(allocation);
    }
  }
}

/** When a holder's end is known to come: with its lease, or sooner when its work is done as told. */
export function knownEndMs({ expiresAtMs, grantedAtMs, ask }: Allocation): number {
  return Math.min(expiresAtMs, grantedAtMs + (ask.expectedMs ?? Infinity));
}

function holdsSome({ items }: Allocation, resource: string): boolean {
  return (items[resource] ?? 0) > 0;
}

function isPreemptible({ ask, isProtected }: Allocation): boolean {
  return ask.preemptible !== false && !isProtected;
}

function compareEnds(a: Allocation, b: Allocation): number {
  return knownEndMs(a) - knownEndMs(b) || compareIds(a, b);
}

/** What is evicted first: lower priority, less work lost (younger, at last by the log). */
export function compareCosts(a: Allocation, b: Allocation): number {
  return (
    a.priority - b.priority ||
    b.grantedAtMs - a.grantedAtMs ||
    b.grantedAt.seq - a.grantedAt.seq ||
    b.grantedAt.index - a.grantedAt.index
  );
}

function compareIds(a: Allocation, b: Allocation): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
