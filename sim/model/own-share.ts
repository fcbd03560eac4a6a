import type { Amounts } from '../../events/resources.ts';
import { committed, nearest, needs, parentOf, unlent } from './books.ts';
import type { AccountName } from './line.ts';
import type { ModelNode } from './nodes.ts';
import type { State } from './state.ts';

/**
 * S §7, reclaim: whether a tier beneath an account has all of an ask within its guarantee, so that
 * at the account the ask stands against those who use what that tier lends.
 */
export function isItsOwn(
  { nodes }: State,
  path: string,
  amounts: Amounts,
  { path: above, resource }: AccountName,
): boolean {
  let need = amounts[resource] ?? 0;
  let node: ModelNode | undefined = nearest(nodes, path);
  while (node !== undefined && node.path.length > above.length && need > 0) {
    const used = committed(nodes, node, resource);
    const account = node.accounts.get(resource);
    if (used + need <= (account?.guarantee ?? 0)) return true;
    const kept = unlent(account);
    need = Math.max(kept, used + need) - Math.max(kept, used);
    node = parentOf(nodes, node);
  }
  return false;
}

/** Whether an ask falls short of nothing but what is its own. */
export function isShortOfItsOwn(state: State, path: string, amounts: Amounts): boolean {
  return needs(state.nodes, path, amounts)
    .filter(({ need, room }) => need > room)
    .every(({ node, resource }) => isItsOwn(state, path, amounts, { path: node.path, resource }));
}
