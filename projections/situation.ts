import type { DecisionEvent } from '../events/decision-event.ts';
import type { AccountName } from '../events/events.ts';
import { isWithin, parentPathOf } from '../events/names.ts';
import { type Allocations, allocations, liveAllocations } from './allocations.ts';
import { balanceOf } from './balance-lines.ts';
import { balances } from './balances.ts';
import type { Balances } from './books.ts';
import { PROJECTION_LIMITS } from './limits.ts';
import type { Projection } from './projection.ts';
import { type Queue, queue, queueAt } from './queue.ts';

/** The views that together show the situation in which a decision was made. */
export interface Situations {
  readonly balances: Balances;
  readonly allocations: Allocations;
  readonly queue: Queue;
}

/** Balances, allocations and queue as one fold, to be replayed up to a decision. */
export const situations: Projection<Situations> = {
  name: 'situations',
  version: 2,
  initial: () => ({
    balances: balances.initial(),
    allocations: allocations.initial(),
    queue: queue.initial(),
  }),
  evolve(state, event, at) {
    balances.evolve(state.balances, event, at);
    allocations.evolve(state.allocations, event, at);
    queue.evolve(state.queue, event, at);
  },
};

/** One tier on a request's path, for one resource, before the decision. */
export interface TierBefore {
  readonly path: string;
  readonly resource: string;
  readonly limit: number | null;
  readonly committed: number;
  /** Room; null = unbounded. */
  readonly available: number | null;
  readonly guarantee: number;
  /** What the ask needed of this tier: less than was asked where a guarantee covers it. */
  readonly needed: number;
  readonly fits: boolean;
}

/** Somebody who held some of what was short. */
export interface Holder {
  readonly id: string;
  readonly agent: string;
  readonly path: string;
  readonly amount: number;
  readonly priority: number;
  readonly leaseLeftMs: number;
}

/** Somebody who waited for the same. */
export interface WaitingBefore {
  readonly id: string;
  readonly agent: string;
  readonly position: number;
  readonly effectivePriority: number;
  readonly waitedMs: number;
}

/** What was true the moment before a decision, recomputed from the log alone. */
export interface Situation {
  /** The account in question; undefined where everything fitted. */
  readonly account: AccountName | undefined;
  /** Innermost tier first, resource by resource. */
  readonly tiers: readonly TierBefore[];
  readonly holders: readonly Holder[];
  readonly holdersCount: number;
  readonly waiting: readonly WaitingBefore[];
  readonly waitingCount: number;
}

/** The situation before a decision. `state` must not have taken it in yet. */
export function situationBefore(
  state: Situations,
  decision: DecisionEvent,
  contested: AccountName | undefined,
): Situation {
  const tiers = tiersFor(state.balances, decision);
  const account = contested ?? accountIn(decision, tiers);
  const { explainNamesMax } = PROJECTION_LIMITS;
  const holders = account === undefined ? [] : holdersOf(state.allocations, decision, account);
  const waiting =
    account === undefined
      ? []
      : queueAt(state.queue, account.path, decision.atMs).filter(
          (one) =>
            one.account.path === account.path &&
            one.account.resource === account.resource &&
            one.id !== decision.id,
        );
  return {
    account,
    tiers,
    holders: holders.slice(0, explainNamesMax),
    holdersCount: holders.length,
    waiting: waiting
      .slice(0, explainNamesMax)
      .map(({ id, agent, position, effectivePriority, waitedMs }) => ({
        id,
        agent,
        position,
        effectivePriority,
        waitedMs,
      })),
    waitingCount: waiting.length,
  };
}

/** Where a decision itself names no account, the outermost tier without room is the one. */
function accountIn(decision: DecisionEvent, tiers: readonly TierBefore[]): AccountName | undefined {
  if ('account' in decision) return decision.account;
  const short = tiers.filter(({ fits }) => !fits);
  const outermost = short.sort((a, b) => a.path.length - b.path.length)[0];
  return outermost && { path: outermost.path, resource: outermost.resource };
}

function tiersFor(state: Balances, decision: DecisionEvent): TierBefore[] {
  const { ask } = decision;
  const tiers: TierBefore[] = [];
  const reservedOn = bookingOf(state, decision);
  for (const resource of resourcesOf(decision)) {
    const granted = 'items' in decision ? decision.items[resource] : undefined;
    const isDrawn = 'drawn' in decision && decision.drawn?.[resource] !== undefined;
    let needed = ask.items[resource]?.amount ?? granted ?? (ask.items[resource] ? 0 : 1);
    for (let at: string | undefined = ask.path; at !== undefined; at = parentPathOf(at)) {
      // What is drawn is set aside from here upward.
      if (isDrawn && at === reservedOn) break;
      const balance = balanceOf(state, at);
      if (balance === undefined) continue;
      const line = balance.lines.find((one) => one.resource === resource);
      const limit = line?.limit ?? null;
      const committed = line?.committed ?? 0;
      const guarantee = line?.guarantee ?? 0;
      const available = limit === null ? null : Math.max(0, limit - committed);
      const fits = needed === 0 || limit === null || needed <= limit - committed;
      tiers.push({ path: at, resource, limit, committed, available, guarantee, needed, fits });
      const lend = line?.lend === undefined ? 0 : line.lend;
      const kept = lend === null ? 0 : Math.max(0, guarantee - lend);
      needed = Math.max(kept, committed + needed) - Math.max(kept, committed);
    }
  }
  return tiers;
}

/** What is asked for, and what counts itself: allocations, where a tier limits them. */
function resourcesOf(decision: DecisionEvent): Set<string> {
  const granted = 'items' in decision ? Object.keys(decision.items) : [];
  const short = 'short' in decision ? (decision.short ?? []) : [];
  const named = short.map(({ resource }) => resource);
  return new Set([...Object.keys(decision.ask.items), ...granted, ...named]);
}

/** The node of the reservation that a grant draws from. */
function bookingOf(state: Balances, decision: DecisionEvent): string | undefined {
  const id = 'reservation' in decision ? decision.reservation : undefined;
  return state.get(decision.team)?.reservations.get(id ?? '')?.path;
}

/** The largest holds first. */
function holdersOf(
  state: Allocations,
  { team, atMs, id }: DecisionEvent,
  { path, resource }: AccountName,
): Holder[] {
  return liveAllocations(state, { team })
    .filter(
      (live) => live.id !== id && isWithin(live.path, path) && (live.items[resource] ?? 0) > 0,
    )
    .map((live) => ({
      id: live.id,
      agent: live.agent,
      path: live.path,
      amount: live.items[resource] ?? 0,
      priority: live.priority,
      leaseLeftMs: Math.max(0, live.expiresAtMs - atMs),
    }))
    .sort((a, b) => b.amount - a.amount);
}
