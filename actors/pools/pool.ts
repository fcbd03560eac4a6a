import { LIMITS } from '../../events/limits.ts';
import { isWithin } from '../../events/names.ts';
import { type Account, usePermille } from '../accounts/account.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/** A pool as a node sees it: the account of the outermost tier that limits it. */
export interface Pool {
  readonly resource: string;
  /** Whose it is: the node that limits it for all who share it. */
  readonly owner: Node;
  readonly account: Account;
  readonly capacity: number;
  readonly weightMilli: number;
}

/** The pool of a name over a path, or undefined where no tier limits it. O(depth). */
export function poolAt(team: Team, from: Node, resource: string): Pool | undefined {
  let found: Pool | undefined;
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const account = node.accounts.get(resource);
    if (account === undefined || account.limit === null) continue;
    const weightMilli = team.policy.pools[resource]?.weightMilli ?? LIMITS.weightMilliDefault;
    found = { resource, owner: node, account, capacity: account.limit, weightMilli };
  }
  return found;
}

/** What keeps a path from a pool: it is not among the nodes it is for, or nobody has set it up. */
export type PoolBarrier = 'not-its-node' | 'no-limit';

/** Whether a resource is a pool: of the family, or named by policy. */
export function isPool({ policy }: Team, resource: string): boolean {
  return resource.startsWith('pool.') || policy.pools[resource] !== undefined;
}

/** What keeps a request on a path from a resource that is a pool; undefined where nothing does. */
export function poolBarrier(
  team: Team,
  anchor: Node,
  path: string,
  resource: string,
): PoolBarrier | undefined {
  if (!isPool(team, resource)) return undefined;
  const { nodes } = team.policy.pools[resource] ?? {};
  if (nodes !== undefined && !nodes.some((node) => isWithin(path, node))) return 'not-its-node';
  return poolAt(team, anchor, resource) === undefined ? 'no-limit' : undefined;
}

/** What of a pool cannot be given: held, reserved or set aside, by anybody. Never below 0. */
export function loadOf({ account }: Pool): number {
  return Math.max(0, account.committed);
}

/**
 * Which of two pools has less to do: use ÷ (capacity × weight) by cross products, ties by name. A
 * pool of nothing comes last; a resource that nobody limits has nothing to do.
 */
export function compareLoad(a: Pool, b: Pool): number {
  const left = BigInt(loadOf(a)) * BigInt(b.capacity) * BigInt(b.weightMilli);
  const right = BigInt(loadOf(b)) * BigInt(a.capacity) * BigInt(a.weightMilli);
  if ((a.capacity === 0) !== (b.capacity === 0)) return a.capacity === 0 ? 1 : -1;
  if (left !== right) return left < right ? -1 : 1;
  return a.resource < b.resource ? -1 : 1;
}

/** Use of a pool by its weight, in thousandths of its capacity; null where it has none. */
export function weightedUsePermille(pool: Pool): number | null {
  const { capacity, weightMilli } = pool;
  if (capacity === 0) return null;
  const weighted = (BigInt(usePermille(loadOf(pool), capacity)) * 1_000n) / BigInt(weightMilli);
  return Number(weighted > MAX ? MAX : weighted);
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER);
