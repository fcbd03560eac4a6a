import type { ResourceLimits } from '../../events/commands.ts';
import { parentPathOf } from '../../events/names.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { committed, nearest, needs, parentOf, unlent } from './books.ts';
import type { ModelNode } from './nodes.ts';
import { limitOf } from './rates.ts';
import { uncounted } from './spent.ts';
import type { State } from './state.ts';

/**
 * S §4: a guarantee is set aside from the parent but for what it lends. Its growth above what is
 * set aside already has to fit there, and it is no more than the node's own limit. What is lent has
 * to be there too when it is asked for: with what the parent's other children can count on, it is
 * no more than the parent's limit.
 */
export function guaranteeFits(state: State, path: string, limits: ResourceLimits): boolean {
  const growth: Record<string, number> = {};
  const node = state.nodes.get(path);
  const parent = parentPathOf(path);
  const above = parent === undefined ? undefined : nearest(state.nodes, parent);
  for (const [resource, set] of Object.entries(limits)) {
    if (set.per !== undefined) continue;
    const account = node?.accounts.get(resource);
    const before = { guarantee: account?.guarantee ?? 0, lend: account ? account.lend : 0 };
    const after = { ...before, ...defined(set) };
    const limit = set.limit === undefined ? (account?.limit ?? null) : set.limit;
    const { guarantee } = after;
    if (limit !== null && guarantee > limit && guarantee > before.guarantee) return false;
    const used =
      node === undefined
        ? 0
        : committed(state.nodes, node, resource) - uncounted(state.nodes, node, resource);
    const more = Math.max(unlent(after), used) - Math.max(unlent(before), used);
    if (more > 0) growth[resource] = more;
    const isLendable = resourceTypeOf(resource, state.policy.resources)?.class === 'capacity';
    if (!isLendable || above === undefined || guarantee <= before.guarantee) continue;
    const beneath = node === undefined ? 0 : promisedBeneath(state, node, resource);
    const promise = Math.max(guarantee, beneath) - Math.max(before.guarantee, beneath);
    if (promise > 0 && !promiseFits(state, above, resource, promise)) return false;
  }
  if (above === undefined || parent === undefined) return true;
  return needs(state.nodes, parent, growth).every(({ need, room }) => need <= room);
}

/** S §4: the guarantee of a capacity lends all of itself where nothing is said and none was. */
export function withLending(state: State, path: string, limits: ResourceLimits): ResourceLimits {
  const node = state.nodes.get(path);
  return Object.fromEntries(
    Object.entries(limits).map(([resource, set]) => {
      if (resourceTypeOf(resource, state.policy.resources)?.class === 'rate') {
        const before = node?.rates.get(resource);
        const limit = set.limit === undefined ? before && limitOf(before) : set.limit;
        const per = set.per ?? before?.per ?? { ms: 60_000, by: 'sliding' as const };
        return [resource, { ...set, per, ...(limit === undefined ? {} : { limit }) }];
      }
      const isNew = (set.guarantee ?? 0) > 0 && !node?.accounts.get(resource)?.guarantee;
      const isSilent =
        set.lend === undefined &&
        resourceTypeOf(resource, state.policy.resources)?.class === 'capacity';
      return [resource, isNew && isSilent ? { ...set, lend: null } : set];
    }),
  );
}

/** What the children of a node can count on, each by its own guarantee or by those beneath it. */
export function promisedBeneath(state: State, node: ModelNode, resource: string): number {
  let sum = 0;
  for (const path of node.children) {
    const child = state.nodes.get(path);
    if (child === undefined) continue;
    const own = child.accounts.get(resource)?.guarantee ?? 0;
    sum += Math.max(own, promisedBeneath(state, child, resource));
  }
  return sum;
}

function promiseFits(state: State, from: ModelNode, resource: string, growth: number): boolean {
  let need = growth;
  for (let at: ModelNode | undefined = from; at && need > 0; at = parentOf(state.nodes, at)) {
    const promised = promisedBeneath(state, at, resource);
    const { limit = null, guarantee = 0 } = at.accounts.get(resource) ?? {};
    if (limit !== null && promised + need > limit) return false;
    need = Math.max(guarantee, promised + need) - Math.max(guarantee, promised);
  }
  return true;
}

function defined({ guarantee, lend }: ResourceLimits[string]) {
  return {
    ...(guarantee === undefined ? {} : { guarantee }),
    ...(lend === undefined ? {} : { lend }),
  };
}
