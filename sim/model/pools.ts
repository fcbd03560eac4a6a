import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import type { Bench } from './bench.ts';
import { committed, fits, nearest, parentOf } from './books.ts';
import { barring, isDenied } from './breakers.ts';
import { neverFits } from './empty-tree.ts';
import { toolRefusal } from './levels.ts';
import { aheadWhereDrawn } from './line.ts';
import type { ModelNode } from './nodes.ts';
import { asRanked, type Ranked } from './rank.ts';
import type { State, Waiting } from './state.ts';
import { isToolBarred } from './tools.ts';

type Ask = ResourceAllocationRequest;
type Group = NonNullable<Ask['anyOf']>[number];

/** An ask as its agent sent it: the pools that were chosen are not among its items yet. */
export function asSent<Sent extends Pick<Ask, 'items' | 'anyOf'>>(ask: Sent): Sent {
  const pools = new Set((ask.anyOf ?? []).flatMap((group) => group.pools));
  const items = Object.entries(ask.items).filter(([resource]) => !pools.has(resource));
  return { ...ask, items: Object.fromEntries(items) };
}

/** a pool has a limit above whoever uses it, and policy may share it with some nodes alone. */
export function mayUsePool(state: State, path: string, resource: string): boolean {
  const rule = state.policy.pools[resource];
  if (rule === undefined && !resource.startsWith('pool.')) return true;
  if (rule?.nodes !== undefined && !rule.nodes.some((node) => isWithin(path, node))) return false;
  return ownerOf(state, path, resource) !== undefined;
}

/** The outermost node over a path that limits a resource: the pool is its. */
function ownerOf(state: State, path: string, resource: string): ModelNode | undefined {
  let found: ModelNode | undefined;
  for (let node = nearest(state.nodes, path); node; node = parentOf(state.nodes, node)) {
    if ((node.accounts.get(resource)?.limit ?? null) !== null) found = node;
  }
  return found;
}

/** Use ÷ (capacity × weight) as a fraction; null of a pool of nothing. */
function weightedUse(
  state: State,
  path: string,
  resource: string,
): readonly [bigint, bigint] | null {
  const owner = ownerOf(state, path, resource);
  const capacity = owner?.accounts.get(resource)?.limit ?? 0;
  if (owner === undefined || capacity === 0) return null;
  const weight = state.policy.pools[resource]?.weightMilli ?? 1_000;
  const use = Math.max(0, committed(state.nodes, owner, resource));
  return [BigInt(use), BigInt(capacity) * BigInt(weight)];
}

/** I-10, X-03, T-12: 0 it is served, 1 a breaker or level lets it be waited for, 2 it is denied. */
function delayOf(state: State, agent: string, path: string, pool: string): 0 | 1 | 2 {
  const ask = { path, items: { [pool]: {} } };
  const there = barring(state, ask);
  const refused = toolRefusal(state, path, pool);
  if (refused === 'deny' || isToolBarred(state, agent, ask)) return 2;
  if (there.length > 0 && isDenied(state, there, true)) return 2;
  return there.length > 0 || refused === 'queue' ? 1 : 0;
}

/** those of a group that may be used, the least used first, of equals by name. */
function inOrder(state: State, agent: string, path: string, { pools }: Group): string[] {
  const usable = pools.filter(
    (pool) => mayUsePool(state, path, pool) && ownerOf(state, path, pool) !== undefined,
  );
  const least = Math.min(...usable.map((pool) => delayOf(state, agent, path, pool)));
  const best = usable.filter((pool) => delayOf(state, agent, path, pool) === least);
  return best.sort((a, b) => {
    const [left, right] = [weightedUse(state, path, a), weightedUse(state, path, b)];
    if ((left === null) !== (right === null)) return left === null ? 1 : -1;
    const difference = left && right ? left[0] * right[1] - right[0] * left[1] : 0n;
    return difference === 0n ? (a < b ? -1 : 1) : difference < 0n ? -1 : 1;
  });
}

/**
 * the pool of a group that an ask has to take now: the least used in which it fits and where
 * nobody is before it; else the one it had before, or the least used that could ever hold it.
 */
function poolDue(
  state: State,
  id: string,
  { ask, agent }: { readonly ask: Ask; readonly agent: string },
  group: Group,
  self: Ranked,
  before: string | undefined,
): string | undefined {
  const usable = inOrder(state, agent, ask.path, group);
  const item = before === undefined ? group : ask.items[before];
  const amount = item?.amount ?? group.amount;
  const free = usable.find((pool) => {
    const want = { [pool]: amount };
    const isFirst = () => aheadWhereDrawn(state, id, ask.path, want, self).length === 0;
    return fits(state.nodes, ask.path, want) && isFirst();
  });
  if (free !== undefined) return free;
  const delay = (pool: string) => delayOf(state, agent, ask.path, pool);
  const isLeft = before !== undefined && usable.some((one) => delay(one) < delay(before));
  if (before !== undefined && !isLeft) return before;
  const least = item?.min ?? amount;
  const never = (pool: string) => neverFits(state, ask.path, { [pool]: least }, self.priority);
  return usable.find((pool) => !never(pool)) ?? usable[0] ?? [...group.pools].sort()[0];
}

/** The pool of a group that is among the items of an ask. */
function poolIn({ items }: Pick<Ask, 'items'>, { pools }: Group): string | undefined {
  return pools.find((pool) => items[pool] !== undefined);
}

/** The ask of one who waits, with the pools that it would take now. */
export function askDue(state: State, waiting: Waiting): Ask {
  const { id, ask, isPreempting } = waiting;
  if (ask.anyOf === undefined || isPreempting) return ask;
  const items = { ...ask.items };
  for (const group of ask.anyOf) {
    const before = poolIn(ask, group);
    const due = poolDue(state, id, waiting, group, waiting, before);
    if (before === undefined || due === undefined || due === before) continue;
    const item = items[before];
    delete items[before];
    if (item !== undefined) items[due] = item;
  }
  return { ...ask, items };
}

type Decided = Bench<EventOf<'AllocationGranted' | 'RequestQueued' | 'PreemptionRequested'>>;

/** of each group the pool is taken that is due, and none that is not for its node. */
export function judgePools({ state, event, find }: Decided): void {
  const { ask, id } = event;
  for (const pool of Object.keys(ask.items)) {
    if (!mayUsePool(state, ask.path, pool)) find('R-23', `${pool} is not for ${ask.path}`, id);
  }
  const waiting = state.waiting.get(id);
  const known = waiting ?? state.approvals.get(id);
  const self = waiting ?? asRanked(state, event, event.priority);
  for (const group of ask.anyOf ?? []) {
    const chosen = group.pools.filter((pool) => ask.items[pool] !== undefined);
    if (chosen.length !== 1) find('A-07', `takes [${chosen}] of [${group.pools}]`, id);
    const before = known === undefined ? undefined : poolIn(known.ask, group);
    const due = waiting?.isPreempting
      ? before
      : poolDue(state, id, known ?? { ask, agent: event.by }, group, self, before);
    if (chosen[0] !== due) find('A-07', `takes ${chosen[0]}, though ${due} is due`, id);
  }
}
