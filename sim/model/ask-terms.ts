import { LIMITS } from '../../events/limits.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { ALLOCATIONS, resourceTypeOf } from '../../events/resources.ts';
import { nearest, parentOf } from './books.ts';
import { capOf } from './levels.ts';
import type { Nodes } from './nodes.ts';
import type { State } from './state.ts';

/** What an ask wants of each resource, and the least that helps it. */
export interface Terms {
  readonly want: Record<string, number>;
  readonly least: Record<string, number>;
  /** What it would want if no level capped the parts of divisible items. */
  readonly whole: Record<string, number>;
  /** What is counted as rates, in full or not at all; not among the others. */
  readonly rates: Record<string, number>;
  /** Resources without a bound of the ask or of policy: to be denied `unbounded`. */
  readonly unbounded: string[];
}

/** S §5: an item without an amount is bounded by policy; `min` defaults to the amount. */
export function termsOf(ask: ResourceAllocationRequest, state: State): Terms {
  const terms: Terms = { want: {}, least: {}, whole: {}, rates: {}, unbounded: [] };
  const cap = ask.reservationId === undefined ? capOf(state, ask.path) : 1_000;
  for (const [resource, item] of Object.entries(ask.items)) {
    const want = item.amount ?? state.policy.bounds[resource];
    if (want === undefined) {
      terms.unbounded.push(resource);
      continue;
    }
    if (resourceTypeOf(resource, state.policy.resources)?.class === 'rate') {
      terms.rates[resource] = want;
      continue;
    }
    const least = Math.min(item.min ?? want, want);
    terms.whole[resource] = want;
    terms.least[resource] = least;
    // S §8: a level caps the part, never below the least, and never to nothing.
    const part = Number((BigInt(want) * BigInt(cap)) / 1_000n);
    terms.want[resource] = least < want ? Math.max(least, part, 1) : want;
  }
  if (ask.topsUp === undefined && isCounted(state.nodes, ask.path)) {
    terms.want[ALLOCATIONS] = 1;
    terms.whole[ALLOCATIONS] = 1;
    terms.least[ALLOCATIONS] = 1;
  }
  return terms;
}

/** S §1, T-10: allocations are counted beneath a node that limits them. */
function isCounted(nodes: Nodes, path: string): boolean {
  for (let node = nearest(nodes, path); node; node = parentOf(nodes, node)) {
    if ((node.accounts.get(ALLOCATIONS)?.limit ?? null) !== null) return true;
  }
  return false;
}

export function deadlineOf(atMs: number, deadlineMs: number | undefined): number | null {
  return deadlineMs === undefined ? null : atMs + deadlineMs;
}

/** How long the work takes: as told, else its lease if one was named; the default tells nothing. */
export function expectedMs(ask: ResourceAllocationRequest): number {
  return ask.expectedMs ?? ask.ttlMs ?? 0;
}

/**
 * Last moment at which a grant still helps: before its own deadline and that of the node where it
 * works. Infinite without either.
 */
export function latestStartMs(
  ask: ResourceAllocationRequest,
  deadlineAtMs: number | null,
  nodeEndsAtMs: number | null,
): number {
  const ends = [deadlineAtMs, nodeEndsAtMs].map((atMs) => atMs ?? Number.POSITIVE_INFINITY);
  return Math.min(...ends) - expectedMs(ask);
}

/** When the nearest open node of a path is closed by force; null: it has no deadline. */
export function nodeEndOf(nodes: Nodes, path: string): number | null {
  return nearest(nodes, path)?.deadlineAtMs ?? null;
}

export function leaseMs(ask: ResourceAllocationRequest): number {
  return ask.ttlMs ?? LIMITS.ttlMsDefault;
}

/** Base priority of an ask. */
export function priorityOf(ask: ResourceAllocationRequest): number {
  return ask.priority ?? 100;
}
