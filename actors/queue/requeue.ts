import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { isConsumable } from '../accounts/registry.ts';
import { nameAt, stamp } from '../context.ts';
import { levelBar } from '../levels/level-bar.ts';
import { expectedMsOf } from '../nodes/deadline.ts';
import { barrierOf } from '../nodes/locate.ts';
import type { Node } from '../nodes/node.ts';
import type { Allocation, Position, Team } from '../team.ts';
import { waitBoundMs } from './wait-bound.ts';

/**
 * Puts the remaining demand of a preempted or unclaimed allocation back into the queue (S-07): a
 * preempted one under a new id, one aging step ahead; an unclaimed one under its own, with
 * back-off, twice at most. Undefined where it would wait in vain (it cannot be admitted there, or
 * its deadline cannot be met any more), and where the queue is full.
 * @param at where its end begins to be recorded, and `offset` how many events that takes
 */
export function requeueOf(
  team: Team,
  allocation: Allocation,
  after: 'preempted' | 'unclaimed',
  atMs: number,
  at: Position,
  offset: number,
): EventOf<'RequestQueued'> | undefined {
  const { node, attempt, evictions } = allocation;
  // What draws from a reservation is not evicted: that is over, and nothing more comes from it.
  const { reservationId: _over, ...ask } = allocation.ask;
  const maxWaitMs = ask.maxWaitMs ?? 0;
  if (maxWaitMs === 0 || team.waiting.size >= LIMITS.queueDepthMax) return undefined;
  if (after === 'unclaimed' && attempt >= LIMITS.claimRetriesMax) return undefined;
  if (barrierOf(node, allocation.priority) !== undefined) return undefined;
  const place = { anchor: node, opened: [] };
  const bar = levelBar(team, place, allocation.priority, allocation.items);
  if (bar?.refused === 'deny') return undefined;
  const deadlineMs = deadlineLeftMs(team, allocation, after, atMs);
  const leftMs = Math.min(deadlineMs, node.deadlineAtMs - atMs);
  if (leftMs < expectedMsOf(ask)) return undefined;
  const items = remainingOf(allocation);
  const account = outermostLimited(node, items);
  if (account === undefined) return undefined;
  const { aging } = team.policy;
  const backOffMs = after === 'unclaimed' ? aging.intervalMs * (attempt + 1) : -aging.intervalMs;
  const { priority } = allocation;
  const queuedAtMs = Math.max(0, atMs + backOffMs);
  const latestStartMs = atMs + leftMs - expectedMsOf(ask);
  const { arrivals: arrival } = team;
  const queue = team.nodes.get(account.path)?.queues?.get(account.resource);
  const pass = queue?.passOf(ask.path) ?? 0;
  const rank = {
    state: 'queued',
    priority,
    queuedAtMs,
    latestStartMs,
    ask,
    pass,
    arrival,
  } as const;
  // Under its own id it stays the request that its agent sent: a repeat is one still.
  const digest = after === 'unclaimed' ? team.ids.get(allocation.id)?.digest : undefined;
  return {
    ...stamp('RequestQueued', team, atMs),
    id: after === 'unclaimed' ? allocation.id : nameAt(team, 'w', at, offset),
    by: allocation.agent,
    ...(digest === undefined ? {} : { digest }),
    ask: { ...demandOf(ask, items), ...(deadlineMs === Infinity ? {} : { deadlineMs }) },
    account,
    priority,
    position: (queue?.countAhead(rank) ?? 0) + 1,
    expectedWaitMs: null,
    waitBoundMs: waitBoundMs(team, priority),
    untilMs: atMs + maxWaitMs,
    queuedAtMs,
    pass,
    after,
    of: allocation.id,
    attempt: after === 'unclaimed' ? attempt + 1 : 0,
    ...(after === 'preempted' ? { evictions: evictions + 1 } : countOf(evictions)),
    rule: after === 'unclaimed' ? 'unclaimed-requeue' : 'compensation-requeue',
  };
}

/** The ask for what remains. What has grown by another pool of a group is bound to both of them. */
function demandOf({ anyOf, ...ask }: Allocation['ask'], items: Remaining): Allocation['ask'] {
  const isOpen = anyOf?.every(
    ({ pools }) => pools.filter((pool) => items[pool] !== undefined).length === 1,
  );
  return isOpen ? { ...ask, items, anyOf } : { ...ask, items };
}

/** A demand that was never evicted does not say so. */
function countOf(evictions: number): { readonly evictions?: number } {
  return evictions === 0 ? {} : { evictions };
}

/** What is left of a deadline; where policy says so, an evicted demand gets back what it lost. */
function deadlineLeftMs(
  team: Team,
  { deadlineAtMs, grantedAtMs }: Allocation,
  after: 'preempted' | 'unclaimed',
  atMs: number,
): number {
  const isExtended = after === 'preempted' && team.policy.preemption.extendDeadline;
  const leftMs = deadlineAtMs - atMs + (isExtended ? atMs - grantedAtMs : 0);
  return leftMs === Infinity ? leftMs : Math.min(leftMs, LIMITS.deadlineMsMax);
}

type Remaining = Record<string, { amount: number; min?: number }>;

/** What an allocation still needs: of consumables what it has not used. */
function remainingOf({ ask, node, items, reported }: Allocation): Remaining {
  const left: Remaining = {};
  for (const [resource, held] of Object.entries(items)) {
    const isSpent = isConsumable(node.resources, resource);
    const amount = isSpent ? Math.max(0, held - (reported[resource] ?? 0)) : held;
    const min = ask.items[resource]?.min;
    left[resource] = { amount, ...(min === undefined ? {} : { min: Math.min(min, amount) }) };
  }
  return left;
}

/** The outermost limited account of a demand: there it waits again. */
export function outermostLimited(
  from: Node,
  items: Readonly<Remaining>,
): EventOf<'RequestQueued'>['account'] | undefined {
  let found: EventOf<'RequestQueued'>['account'] | undefined;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    for (const resource in items) {
      if ((items[resource]?.amount ?? 0) === 0) continue;
      if (node.accounts.get(resource)?.limit != null) found = { path: node.path, resource };
    }
  }
  return found;
}
