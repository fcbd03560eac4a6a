import { LIMITS } from '../../events/limits.ts';
import { isWithin } from '../../events/names.ts';
import type { PoolLine } from '../../events/pool-line.ts';
import { effectiveAvailable } from '../accounts/admission.ts';
import { typeIn } from '../accounts/registry.ts';
import { holdersOf } from '../allocations/holders.ts';
import type { Node } from '../nodes/node.ts';
import type { Allocation, Team } from '../team.ts';
import { isPool, loadOf, type Pool, poolAt, poolBarrier, weightedUsePermille } from './pool.ts';

/**
 * The pools that a node sees, by name: use, weight, and who of the node's own holds what, with what
 * is left of the lease. What others hold is counted and not named: it is none of its business.
 */
export function poolLines(team: Team, node: Node, nowMs: number): PoolLine[] {
  const names = new Set<string>();
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    for (const resource of at.accounts.keys()) if (isPool(team, resource)) names.add(resource);
  }
  return [...names].sort().flatMap((name) => {
    const pool = poolAt(team, node, name);
    return pool === undefined ? [] : [lineOf(team, node, pool, nowMs)];
  });
}

function lineOf(team: Team, node: Node, pool: Pool, nowMs: number): PoolLine {
  const { resource, owner, capacity, weightMilli } = pool;
  const holders: PoolLine['holders'] = [];
  let holdersTotal = 0;
  for (const holder of holdersOf(owner, resource).byEnd) {
    if (!isWithin(holder.node.path, node.path)) continue;
    holdersTotal += 1;
    if (holders.length < LIMITS.poolHoldersShownMax) holders.push(viewOf(holder, resource, nowMs));
  }
  return {
    resource,
    unit: typeIn(team.resources, resource)?.unit ?? '',
    owner: owner.path,
    capacity,
    weightMilli,
    used: loadOf(pool),
    weightedUsePermille: weightedUsePermille(pool),
    available: effectiveAvailable(node, resource) ?? capacity,
    isShared: poolBarrier(team, node, node.path, resource) === undefined,
    waitingCount: waitingFor(team, owner, resource),
    holders,
    holdersTotal,
  };
}

function viewOf(
  { id, node, agent, items, expiresAtMs }: Allocation,
  resource: string,
  nowMs: number,
): PoolLine['holders'][number] {
  const expiresInMs = Math.max(0, expiresAtMs - nowMs);
  return { id, path: node.path, agent, held: items[resource] ?? 0, expiresInMs };
}

/** Those who wait in a queue of the pool, and those in other queues who would take it. */
function waitingFor(team: Team, owner: Node, resource: string): number {
  const would = new Set(team.waiters.whoWouldTake(resource));
  for (const waiting of team.waiters.beneath(owner.path)) {
    if (waiting.account.resource === resource) would.add(waiting);
  }
  return would.size;
}
