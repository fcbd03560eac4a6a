import { parentPathOf } from '../../events/names.ts';
import { committed, parentOf, setAside, unlent } from './books.ts';
import type { Account } from './nodes.ts';
import type { Ranked } from './rank.ts';
import type { State } from './state.ts';

/** A request that competes for its node. */
export interface Bidder {
  readonly one: Ranked;
  readonly seat: string;
  readonly wants: Readonly<Record<string, number>>;
}

/** What a branch would borrow, and its weighted share, were its bidder given what it wants. */
interface Branch {
  readonly bidder: Bidder;
  readonly isBorrowing: boolean;
  /** Borrowed, over what could be lent times the weight. */
  readonly share: readonly [bigint, bigint];
}

type Tree = ReadonlyMap<string, readonly string[]>;

/**
 * S §7, fair: from the nodes that wait up to the account each branch puts forward one: who asks for
 * the node itself, else of its own branches the one that does not borrow, has the smaller weighted
 * share after the grant, is first by the plain keys.
 */
export function fairest(
  state: State,
  root: string,
  bidders: readonly Bidder[],
  plain: (a: Bidder, b: Bidder) => number,
): Bidder | undefined {
  const tree = treeOf(root, bidders);
  const resources = [...new Set(bidders.flatMap(({ wants }) => Object.keys(wants)))].sort();
  const winner = (path: string): Bidder | undefined => {
    const own = bidders.find(({ seat }) => seat === path);
    const branches = (tree.get(path) ?? []).flatMap((child) => {
      const bidder = winner(child);
      return bidder === undefined ? [] : [branchOf(state, tree, root, child, bidder, resources)];
    });
    branches.sort(
      (a, b) =>
        Number(a.isBorrowing) - Number(b.isBorrowing) ||
        compare(a.share, b.share) ||
        plain(a.bidder, b.bidder),
    );
    return own ?? branches[0]?.bidder;
  };
  return winner(root);
}

/** Children by node, of all nodes from the bidders up to the root. */
function treeOf(root: string, bidders: readonly Bidder[]): Tree {
  const tree = new Map<string, string[]>();
  for (const { seat } of bidders) {
    for (let at = seat; at !== root; at = parentPathOf(at) ?? root) {
      const above = parentPathOf(at) ?? root;
      const children = tree.get(above) ?? [];
      if (!children.includes(at)) children.push(at);
      tree.set(above, children);
    }
  }
  return tree;
}

function branchOf(
  state: State,
  tree: Tree,
  root: string,
  path: string,
  bidder: Bidder,
  resources: readonly string[],
): Branch {
  const borrowed = (resource: string) =>
    committed(state.nodes, nodeOf(state, path), resource) +
    growth(state, bidder, path, resource) -
    (accountOf(state, path, resource)?.guarantee ?? 0);
  const isBorrowing = Object.keys(bidder.wants).some(
    (resource) => (bidder.wants[resource] ?? 0) > 0 && borrowed(resource) > 0,
  );
  const parent = parentPathOf(path) ?? root;
  const weight = BigInt(nodeOf(state, path).weightMilli);
  let share: readonly [bigint, bigint] = [0n, 1n];
  const kindOf = (resource: string) => resource.split('@')[0] ?? resource;
  for (const kind of new Set(resources.map(kindOf))) {
    const flavours = resources.filter((resource) => kindOf(resource) === kind);
    let loan = 0;
    let lendable = 0;
    for (const resource of flavours) {
      loan += Math.max(0, borrowed(resource));
      lendable += Math.max(0, capacity(state, tree, root, parent, resource));
    }
    if (loan === 0 || lendable === 0 || lendable === Infinity) continue;
    const one = [BigInt(loan), BigInt(lendable) * weight] as const;
    if (compare(one, share) > 0) share = one;
  }
  return { bidder, isBorrowing, share };
}

/** By how much a node above grows when a bidder is given what it wants. */
function growth(state: State, { seat, wants }: Bidder, above: string, resource: string): number {
  let more = wants[resource] ?? 0;
  for (let at = nodeOf(state, seat); at.path !== above; ) {
    const before = setAside(state.nodes, at, resource);
    const kept = unlent(at.accounts.get(resource));
    more = Math.max(kept, committed(state.nodes, at, resource) + more) - before;
    const parent = parentOf(state.nodes, at);
    if (parent === undefined) break;
    at = parent;
  }
  return more;
}

/** What a request could get at most, were nothing in use: limits, and what siblings never lend. */
function capacity(state: State, tree: Tree, root: string, path: string, resource: string): number {
  const own = accountOf(state, path, resource);
  const idle = idleOf(state, tree, path, resource);
  const room = (own?.limit ?? Infinity) - idle;
  if (path === root) return room;
  const above = capacity(state, tree, root, parentPathOf(path) ?? root, resource);
  return Math.min(room, Math.max(0, unlent(own) - idle) + above);
}

function idleOf(state: State, tree: Tree, path: string, resource: string): number {
  return (tree.get(path) ?? []).reduce(
    (sum, child) =>
      sum +
      Math.max(unlent(accountOf(state, child, resource)), idleOf(state, tree, child, resource)),
    0,
  );
}

function nodeOf(state: State, path: string) {
  const node = state.nodes.get(path);
  if (node === undefined) throw new Error(`${path} is open while somebody waits there`);
  return node;
}

function accountOf(state: State, path: string, resource: string): Account | undefined {
  return state.nodes.get(path)?.accounts.get(resource);
}

function compare([a, of]: readonly [bigint, bigint], [b, all]: readonly [bigint, bigint]): number {
  return a * all < b * of ? -1 : a * all > b * of ? 1 : 0;
}
