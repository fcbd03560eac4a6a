import type { BalanceLine } from '../events/balance-line.ts';
import { parentPathOf, teamOf } from '../events/names.ts';
import { resourceTypeOf } from '../events/resources.ts';
import { type Balances, liveIn, type NodeBooks, type TeamBooks } from './books.ts';

/** A node's balance as the writer's `balance` answers it. Amounts in each resource's unit. */
export interface Balance {
  readonly path: string;
  readonly tier: NodeBooks['tier'];
  readonly phase: 'open' | 'frozen' | 'closing';
  readonly frozen: boolean;
  readonly freezes: readonly string[];
  readonly stops: readonly string[];
  /** With all descendants. */
  readonly liveAllocations: number;
  /** One for each resource of the node or of anything beneath it, by name. */
  readonly lines: readonly BalanceLine[];
  /** Names of open children. */
  readonly children: readonly string[];
}

/** A balance with those of all nodes beneath it. */
export interface BalanceTree extends Omit<Balance, 'children'> {
  readonly children: readonly BalanceTree[];
}

/** What is counted of one resource from a node downward. */
interface Counted {
  committed: number;
  heldTree: number;
  spentTree: number;
}

type Recount = Map<string, Map<string, Counted>>;

/** The balance of a node; undefined when no node of that path is open. Recounts the whole team. */
export function balanceOf(state: Balances, path: string): Balance | undefined {
  const team = state.get(teamOf(path));
  const node = team?.nodes.get(path);
  if (team === undefined || node === undefined) return undefined;
  return balanceIn(team, node, recount(team));
}

/** The balances of a node and of everything beneath it; undefined when it is not open. */
export function treeOf(state: Balances, path: string): BalanceTree | undefined {
  const team = state.get(teamOf(path));
  const node = team?.nodes.get(path);
  if (team === undefined || node === undefined) return undefined;
  return treeIn(team, node, recount(team));
}

/** Balances of every open node of a team, the team first, each parent before its children. */
export function balancesOfTeam(state: Balances, teamPath: string): Balance[] {
  const team = state.get(teamPath);
  if (team === undefined) return [];
  const counted = recount(team);
  return [...team.nodes.values()]
    .map((node) => balanceIn(team, node, counted))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * `committed` counted anew from the own sums of every node (semantics §4): own held, spent and
 * earmarked, and of each child the larger of what is guaranteed to it and what it has committed.
 */
function recount(team: TeamBooks): Recount {
  const result: Recount = new Map();
  for (const node of team.nodes.values()) {
    if (parentPathOf(node.path) === undefined) count(team, node, result);
  }
  return result;
}

function count(team: TeamBooks, node: NodeBooks, result: Recount): Map<string, Counted> {
  const counted = new Map<string, Counted>();
  result.set(node.path, counted);
  for (const [resource, { held, spent, earmarked }] of node.sums) {
    counted.set(resource, {
      committed: held + spent + earmarked,
      heldTree: held,
      spentTree: spent,
    });
  }
  for (const path of node.children) {
    const child = team.nodes.get(path);
    if (child === undefined) continue;
    for (const [resource, below] of count(team, child, result)) {
      let sum = counted.get(resource);
      if (sum === undefined) {
        sum = { committed: 0, heldTree: 0, spentTree: 0 };
        counted.set(resource, sum);
      }
      sum.committed += Math.max(child.sums.get(resource)?.guarantee ?? 0, below.committed);
      sum.heldTree += below.heldTree;
      sum.spentTree += below.spentTree;
    }
  }
  return counted;
}

function balanceIn(team: TeamBooks, node: NodeBooks, counted: Recount): Balance {
  const frozen = node.freezes.size > 0;
  return {
    path: node.path,
    tier: node.tier,
    phase: node.isClosing ? 'closing' : frozen ? 'frozen' : 'open',
    frozen,
    freezes: [...node.freezes],
    stops: [...node.stops],
    liveAllocations: liveIn(team, node),
    lines: [...(counted.get(node.path)?.keys() ?? [])]
      .sort()
      .map((resource) => lineOf(team, node, resource, counted)),
    children: [...node.children].map(lastName).sort(),
  };
}

function treeIn(team: TeamBooks, node: NodeBooks, counted: Recount): BalanceTree {
  const { children, ...balance } = balanceIn(team, node, counted);
  return {
    ...balance,
    children: children.flatMap((name) => {
      const child = team.nodes.get(`${node.path}/${name}`);
      return child === undefined ? [] : [treeIn(team, child, counted)];
    }),
  };
}

function lineOf(team: TeamBooks, node: NodeBooks, resource: string, counted: Recount): BalanceLine {
  const sums = node.sums.get(resource);
  const tree = counted.get(node.path)?.get(resource);
  const type = resourceTypeOf(resource);
  const committed = tree?.committed ?? 0;
  const limit = sums?.limit ?? null;
  const { effectiveLimit, effectiveAvailable } = overPath(team, node, resource, counted);
  return {
    resource,
    unit: type?.unit ?? '',
    class: type?.class ?? '',
    limit,
    effectiveLimit,
    guarantee: sums?.guarantee ?? 0,
    held: sums?.held ?? 0,
    spent: sums?.spent ?? 0,
    heldTree: tree?.heldTree ?? 0,
    spentTree: tree?.spentTree ?? 0,
    earmarked: sums?.earmarked ?? 0,
    committed,
    available: limit === null ? null : Math.max(0, limit - committed),
    effectiveAvailable,
    short: limit !== null && committed > limit,
    shortBy: limit === null ? 0 : Math.max(0, committed - limit),
    peakHeld: sums?.peakHeld ?? 0,
  };
}

/**
 * Tightest limit and room over the path. An ask of x reaches a tier as x less the slack below it:
 * what the tiers beneath have set aside by guarantee and do not use. So a tier with room r admits
 * r + slack, and the path admits the least of these.
 */
function overPath(team: TeamBooks, from: NodeBooks, resource: string, counted: Recount) {
  let effectiveLimit: number | null = null;
  let effectiveAvailable: number | null = null;
  let slack = 0;
  for (let at: string | undefined = from.path; at !== undefined; at = parentPathOf(at)) {
    const sums = team.nodes.get(at)?.sums.get(resource);
    const committed = counted.get(at)?.get(resource)?.committed ?? 0;
    const limit = sums?.limit ?? null;
    if (limit !== null) {
      const room = Math.min(Math.max(0, limit - committed) + slack, Number.MAX_SAFE_INTEGER);
      effectiveLimit = Math.min(effectiveLimit ?? limit, limit);
      effectiveAvailable = Math.min(effectiveAvailable ?? room, room);
    }
    slack += Math.max(0, (sums?.guarantee ?? 0) - committed);
  }
  return { effectiveLimit, effectiveAvailable };
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
