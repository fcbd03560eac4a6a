import type { ResourceLimits } from '../../events/commands.ts';
import { parentPathOf } from '../../events/names.ts';
import { committed, nearest, needs } from './books.ts';
import type { State } from './state.ts';

/**
 * S §4: a guarantee is set aside from the parent. Its growth above what is set aside already has
 * to fit there, and it is no more than the node's own limit.
 */
export function guaranteeFits(state: State, path: string, limits: ResourceLimits): boolean {
  const growth: Record<string, number> = {};
  const node = state.nodes.get(path);
  for (const [resource, set] of Object.entries(limits)) {
    if (set.guarantee === undefined) continue;
    const account = node?.accounts.get(resource);
    const limit = set.limit === undefined ? (account?.limit ?? null) : set.limit;
    const before = account?.guarantee ?? 0;
    if (limit !== null && set.guarantee > limit && set.guarantee > before) return false;
    const used = node === undefined ? 0 : committed(state.nodes, node, resource);
    const more = Math.max(set.guarantee, used) - Math.max(before, used);
    if (more > 0) growth[resource] = more;
  }
  const parent = parentPathOf(path);
  if (parent === undefined || nearest(state.nodes, parent) === undefined) return true;
  return needs(state.nodes, parent, growth).every(({ need, room }) => need <= room);
}
