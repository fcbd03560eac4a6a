import type { AccountName } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Node } from '../nodes/node.ts';
import { askedAbove } from './account.ts';

/**
 * Whether a request asks for what is its own: each account that stands in its way stands above a
 * tier within whose guarantee the request lies, so that others use what that tier lends.
 * O(accounts × depth).
 * @param inTheWay accounts on its path that are short, or where others stand before it
 */
export function asksForItsOwn(
  from: Node,
  wanted: Amounts,
  inTheWay: readonly AccountName[],
): boolean {
  return inTheWay.every(({ path, resource }) => {
    const owner = ownerOf(from, resource, wanted[resource] ?? 0);
    return owner !== undefined && owner.path.length > path.length;
  });
}

/** The innermost tier within whose guarantee an amount lies. */
function ownerOf(from: Node, resource: string, amount: number): Node | undefined {
  let needed = amount;
  for (let node: Node | undefined = from; node && needed > 0; node = node.parent) {
    const account = node.accounts.get(resource);
    if (account === undefined) continue;
    if (account.committed + needed <= account.guarantee) return node;
    needed = askedAbove(account, account.committed, needed);
  }
  return undefined;
}
