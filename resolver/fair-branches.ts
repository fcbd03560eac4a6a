import type { QuotaTree } from './quota-tree.ts';

/** The two nodes beneath the lowest common ancestor where two ways to the root part. */
export interface Branches {
  readonly requester: string;
  readonly holder: string;
}

/**
 * The branches whose shares a fair eviction compares: as high up as the two nodes have nothing in
 * common. Undefined where one node lies on the other's way to the root, or in another tree: such
 * two are not branches of one whole.
 */
export function branchesOf(
  tree: QuotaTree,
  requester: string,
  holder: string,
): Branches | undefined {
  const one = tree.pathOf(requester);
  const other = tree.pathOf(holder);
  let a = one.length - 1;
  let b = other.length - 1;
  if (one[a] !== other[b]) return undefined;
  while (a >= 0 && b >= 0 && one[a] === other[b]) {
    a -= 1;
    b -= 1;
  }
  const [mine, theirs] = [one[a], other[b]];
  return mine === undefined || theirs === undefined
    ? undefined
    : { requester: mine, holder: theirs };
}
