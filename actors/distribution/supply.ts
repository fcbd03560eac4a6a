import type { DistributionSets } from '../../events/distribution.ts';
import { contributionOf, promisedTo, setAsideOf } from '../accounts/account.ts';
import { effectiveAvailable } from '../accounts/admission.ts';
import { isConsumable } from '../accounts/registry.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/**
 * What a parent has for some of its children, whatever their shares are now: what is free over its
 * path and what they have taken of it. Guarantees of a capacity are lent while they are idle: of
 * those it has what is not promised to others. Null where no tier limits the resource.
 */
export function supplyOf(
  team: Team,
  parent: Node,
  children: readonly Node[],
  resource: string,
  sets: DistributionSets,
): number | null {
  const isPromise = sets === 'guarantee' && !isConsumable(team.resources, resource);
  const free = isPromise ? promiseRoom(parent, resource) : effectiveAvailable(parent, resource);
  if (free === null || free === Infinity) return null;
  let supply = Math.max(0, free);
  for (const child of children) {
    const account = child.accounts.get(resource);
    if (account === undefined) continue;
    if (isPromise) supply += promisedTo(account);
    else {
      const taken = contributionOf(account) + account.uncounted;
      // What a child has used above its limit is no room for a guarantee.
      const most = sets === 'guarantee' ? (account.limit ?? Infinity) : Infinity;
      supply += Math.min(taken, most);
    }
  }
  return Math.min(supply, Number.MAX_SAFE_INTEGER);
}

/** By how much less the limits of all children may add up to, where policy forbids over-commitment. */
export function uncommittedLimit(
  parent: Node,
  children: readonly Node[],
  resource: string,
): number | null {
  const limit = parent.accounts.get(resource)?.limit ?? null;
  if (limit === null) return null;
  let left = limit;
  for (const other of parent.children) {
    if (!children.includes(other)) left -= other.accounts.get(resource)?.limit ?? 0;
  }
  return Math.max(0, left);
}

/** By how much more a parent sets aside when the guarantees of its children become these. */
export function setAsideGrowth(
  shares: readonly {
    readonly node: Node;
    readonly guarantee: number;
    readonly lend: number | null;
  }[],
  resource: string,
): number {
  let growth = 0;
  for (const { node, guarantee, lend } of shares) {
    const account = node.accounts.get(resource);
    const kept = setAsideOf({ guarantee, lend });
    if (account === undefined) growth += kept;
    else {
      const counted = account.committed - account.uncounted;
      growth += Math.max(counted, kept) - contributionOf(account);
    }
  }
  return growth;
}

/** By how much more the children of a node can be promised, over all tiers; may be below 0. */
function promiseRoom(node: Node, resource: string): number {
  const above = node.parent === undefined ? Infinity : promiseRoom(node.parent, resource);
  const account = node.accounts.get(resource);
  if (account === undefined) return above;
  const { limit, childrenPromised, guarantee } = account;
  const unused = Math.max(0, guarantee - childrenPromised);
  return Math.min(limit === null ? Infinity : limit - childrenPromised, unused + above);
}
