import type { Amounts } from '../../events/resources.ts';
import { QuotaTree } from '../../resolver/quota-tree.ts';
import type {
  AccountNode,
  AccountTerms,
  LiveAllocation,
  NodePreemption,
} from '../../resolver/types.ts';
import { contributionOf, idleContributionOf } from '../accounts/account.ts';
import type { Node } from '../nodes/node.ts';
import type { Allocation, Team } from '../team.ts';
import { preemptionAt } from './preemption-policy.ts';

/** Somebody who may have to give, and what an eviction would return of what he holds. */
export interface Giver {
  readonly allocation: Allocation;
  readonly gives: Amounts;
}

/** Who asks: where, for what, and whom it may evict. */
export interface Seeker {
  readonly from: Node;
  readonly resources: readonly string[];
  readonly rules: NodePreemption;
}

/** A part of a team as the planners of resolver/ see it. */
export interface QuotaSnapshot {
  readonly tree: QuotaTree;
  /** The givers, seated; what they hold is counted in the tree. */
  readonly live: readonly LiveAllocation[];
  /** Where the request is seated. */
  readonly seat: string;
}

/**
 * The tree above a request and above those who may have to give, for the resources asked for.
 * Whatever else is committed counts as the use of the nearest node that is in it, so that room and
 * borrowing read as in the team; what is kept for branches outside of it is kept there too, by a
 * leaf `path|kept`, so that capacities and shares do. O((givers + 1) × depth × resources).
 *
 * Planners know leaves that use and groups that contain: a node that uses something itself and has
 * others of the tree beneath it is given a leaf of its own, `path|own`.
 */
export function quotaSnapshot(
  team: Team,
  { from, resources, rules }: Seeker,
  givers: readonly Giver[],
): QuotaSnapshot {
  const place = seatOf(from, resources);
  const places = givers.map(({ allocation }) => seatOf(allocation.node, resources));
  const nodes = withAncestors([place, ...places]);
  const groups = new Set<Node>();
  for (const { parent } of nodes) if (parent !== undefined) groups.add(parent);
  const kept = keptOutside(nodes, resources);
  for (const node of kept.keys()) groups.add(node);
  const leafOf = (node: Node) => (groups.has(node) ? `${node.path}|own` : node.path);
  const listed: AccountNode[] = [];
  for (const node of nodes) {
    const preemption = node === place ? rules : preemptionAt(team, node).preemption;
    listed.push({ ...accountNode(node, resources), preemption });
    if (!groups.has(node)) continue;
    listed.push({ id: leafOf(node), parent: node.path, accounts: {}, preemption });
    const accounts = kept.get(node);
    if (accounts !== undefined) {
      listed.push({ id: `${node.path}|kept`, parent: node.path, accounts });
    }
  }
  const tree = QuotaTree.ofAccounts(listed);
  const uses = ownUses(nodes, resources, kept);
  for (const [node, amounts] of uses) tree.use(leafOf(node), amounts, 1);
  const live = givers.map(({ allocation, gives }, index) => {
    const { id, priority, grantedAtMs, node } = allocation;
    const { boost } = preemptionAt(team, node);
    const seat = leafOf(places[index] as Node);
    // They come cheapest first: of those granted at one instant the latest.
    return { id, node: seat, priority, boost, amounts: gives, grantedAtMs, grantNo: -index };
  });
  return { tree, live, seat: leafOf(place) };
}

/**
 * The tree beneath an account, as far as it leads to some seats: for whom the room of the account
 * is. The account's node is its root; whatever else is committed counts as the use of the nearest
 * node that is in it. O(seats × depth × resources).
 */
export function quotaTreeBeneath(
  root: Node,
  seats: Iterable<Node>,
  resources: readonly string[],
): QuotaTree {
  const nodes = withAncestors(seats, root);
  const listed = [...nodes].map((node): AccountNode => {
    const account = accountNode(node, resources);
    return node === root ? { ...account, parent: null } : account;
  });
  const tree = QuotaTree.ofAccounts(listed);
  for (const [{ path }, amounts] of ownUses(nodes, resources)) tree.use(path, amounts, 1);
  return tree;
}

/** A step counts as its run, unless it has an account of its own that says something. */
export function seatOf(node: Node, resources: readonly string[]): Node {
  if (node.tier !== 'step' || node.parent === undefined) return node;
  const isOwn = resources.some((resource) => {
    const account = node.accounts.get(resource);
    return account !== undefined && (account.limit !== null || account.guarantee > 0);
  });
  return isOwn ? node : node.parent;
}

/** Outermost first within each path; from a node on where one is named. */
function withAncestors(places: Iterable<Node>, from?: Node): Set<Node> {
  const nodes = new Set<Node>();
  const add = (node: Node): void => {
    if (nodes.has(node)) return;
    if (node.parent !== undefined && node !== from) add(node.parent);
    nodes.add(node);
  };
  for (const place of places) add(place);
  return nodes;
}

function accountNode(node: Node, resources: readonly string[]): AccountNode {
  const accounts: Record<string, AccountTerms> = {};
  for (const resource of resources) {
    const account = node.accounts.get(resource);
    if (account === undefined) continue;
    const { limit, guarantee, lend, uncounted } = account;
    accounts[resource] = { limit: limit === null ? null : limit - uncounted, guarantee, lend };
  }
  const { path: id, weightMilli } = node;
  return { id, parent: node.parent?.path ?? null, weightMilli, accounts };
}

/** Terms of what is kept for branches beneath a node that are not in the tree. */
type Kept = ReadonlyMap<Node, Record<string, AccountTerms>>;

function keptOutside(nodes: ReadonlySet<Node>, resources: readonly string[]): Kept {
  const sums = new Map<Node, Record<string, number>>();
  for (const node of nodes) sums.set(node, {});
  for (const node of nodes) {
    for (const resource of resources) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      add(sums.get(node), resource, account.childrenIdle);
      if (node.parent !== undefined) {
        add(sums.get(node.parent), resource, -idleContributionOf(account));
      }
    }
  }
  const kept = new Map<Node, Record<string, AccountTerms>>();
  for (const [node, amounts] of sums) {
    const above = Object.entries(amounts).filter(([, amount]) => amount > 0);
    if (above.length === 0) continue;
    const terms = above.map(([resource, guarantee]): [string, AccountTerms] => [
      resource,
      { limit: null, guarantee, lend: 0 },
    ]);
    kept.set(node, Object.fromEntries(terms));
  }
  return kept;
}

/** What each node uses that none of the others of the tree accounts for. */
function ownUses(
  nodes: ReadonlySet<Node>,
  resources: readonly string[],
  kept: Kept = new Map(),
): Map<Node, Amounts> {
  const uses = new Map<Node, Record<string, number>>();
  for (const node of nodes) uses.set(node, {});
  for (const node of nodes) {
    for (const resource of resources) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      const outside = kept.get(node)?.[resource]?.guarantee ?? 0;
      // What no tier above counts stays out on both sides: the room is the same.
      add(uses.get(node), resource, account.committed - outside - account.uncounted);
      if (node.parent !== undefined) add(uses.get(node.parent), resource, -contributionOf(account));
    }
  }
  return uses;
}

function add(amounts: Record<string, number> | undefined, resource: string, more: number): void {
  if (amounts !== undefined) amounts[resource] = (amounts[resource] ?? 0) + more;
}
