import type { Factors } from '../../events/events.ts';
import { type PoolGroup, poolTaken } from '../../events/pools.ts';
import { ExecutionPriority } from '../../events/priority.ts';
import type { ResourceAllocationRequest as Ask } from '../../events/request-command.ts';
import { fits, neverFits } from '../accounts/admission.ts';
import { barringOf, denyingOf } from '../breakers/barring.ts';
import { queueBefore } from '../contests/contention.ts';
import { toolRefused } from '../levels/level-bar.ts';
import type { Node } from '../nodes/node.ts';
import type { Ranked } from '../queue/wait-queue.ts';
import { toolBarrier } from '../rules/tool-rules.ts';
import type { Team } from '../team.ts';
import { compareLoad, type Pool, poolAt, poolBarrier, weightedUsePermille } from './pool.ts';

/** An ask whose groups each have one pool among its items. */
export interface PoolsChosen {
  readonly ask: Ask;
  /** Weighted use of every pool that was looked at, in thousandths, by `use of NAME`. */
  readonly poolUse: Factors | undefined;
}

/**
 * Chooses one pool of each group of an ask: of those in which the amount fits and nobody is
 * served before it, the one with the least weighted use. Where there is none, the ask contends for
 * the one with the least use of those that could ever hold it; one that waits already stays with
 * the pool that it waits for. The choice is a function of the books alone, so a replay makes it again.
 * @param rank how the ask stands among those who wait
 */
export function choosePools(
  team: Team,
  { agent, ask }: { readonly agent: string; readonly ask: Ask },
  anchor: Node,
  rank: Parameters<typeof queueBefore>[3],
): PoolsChosen {
  if (ask.anyOf === undefined) return { ask, poolUse: undefined };
  const items = { ...ask.items };
  const poolUse: Record<string, number | null> = {};
  for (const group of ask.anyOf) {
    const taken = poolTaken(ask, group);
    const item = taken === undefined ? itemOf(group) : items[taken];
    const reachable = group.pools
      .filter((pool) => poolBarrier(team, anchor, ask.path, pool) === undefined)
      .flatMap((pool) => poolAt(team, anchor, pool) ?? [])
      .sort(compareLoad);
    // Of which nothing is let through now is taken only where all are such; what is denied, last.
    const delay = (pool: string) => delayOf(team, agent, anchor, ask.path, pool);
    const delays = reachable.map(({ resource }) => delay(resource));
    const least = Math.min(...delays);
    const usable = reachable.filter((_, place) => delays[place] === least);
    for (const pool of usable) poolUse[`use of ${pool.resource}`] = weightedUsePermille(pool);
    const amount = item?.amount ?? group.amount;
    const free = usable.find((pool) => isFree(team, anchor, pool, amount, rank));
    const isLeft = taken !== undefined && delay(taken) > least;
    const chosen =
      free?.resource ??
      (isLeft ? undefined : taken) ??
      (largeEnough(anchor, usable, item?.min ?? amount, rank) ?? usable[0])?.resource ??
      firstOf(group);
    if (taken !== undefined) delete items[taken];
    items[chosen] = item ?? itemOf(group);
  }
  return { ask: { ...ask, items }, poolUse };
}

function itemOf({ amount, min }: PoolGroup): { amount: number; min?: number } {
  return { amount, ...(min === undefined ? {} : { min }) };
}

/**
 * What breakers, levels in force and rules of tools make of a pool: 0 it is served, 1 it is waited
 * for, 2 it is denied.
 */
function delayOf(
  team: Team,
  agent: string,
  anchor: Node,
  path: string,
  resource: string,
): 0 | 1 | 2 {
  if (toolBarrier(team, agent, path, [resource]) !== undefined) return 2;
  const byLevel = toolRefused(team, anchor, resource);
  const barring = barringOf(team, { path, items: { [resource]: {} } });
  if (byLevel === 'deny' || denyingOf(team, barring, true) !== undefined) return 2;
  return barring.length > 0 || byLevel === 'queue' ? 1 : 0;
}

function isFree(
  team: Team,
  anchor: Node,
  { resource }: Pool,
  amount: number,
  rank: Ranked,
): boolean {
  const wanted = { [resource]: amount };
  return fits(anchor, wanted) && queueBefore(team, anchor, wanted, rank) === undefined;
}

/** The least used of the pools that could ever hold an amount. */
function largeEnough(
  anchor: Node,
  pools: readonly Pool[],
  least: number,
  { priority }: Ranked,
): Pool | undefined {
  const isKept = priority < ExecutionPriority.critical;
  return pools.find(({ resource }) => !neverFits(anchor, { [resource]: least }, isKept));
}

/** Where none may be used, the denial names the first. */
function firstOf({ pools }: PoolGroup): string {
  return [...pools].sort()[0] as string;
}
