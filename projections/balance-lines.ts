import type { BalanceLine } from '../events/balance-line.ts';
import { parentPathOf, teamOf } from '../events/names.ts';
import type { RateLine } from '../events/rate-line.ts';
import { type Amounts, resourceTypeOf } from '../events/resources.ts';
import { type Balances, liveIn, type NodeBooks, type Sums, type TeamBooks } from './books.ts';
import { countedAbove } from './windows.ts';

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
  /** When it is closed by force, ms since 1970; null: it has no deadline. */
  readonly deadlineAtMs: number | null;
  /** Its reservations: what was set aside at first, what of it is not drawn, from when to when. */
  readonly reservations: readonly BookingLine[];
  /** One for each resource of the node or of anything beneath it, by name. */
  readonly lines: readonly BalanceLine[];
  /** Limits per time that the node has itself, by name. */
  readonly rates?: readonly RateLimit[];
  /** Names of open children. */
  readonly children: readonly string[];
}

/** A reservation of a node. Times are ms since 1970. */
export interface BookingLine {
  readonly id: string;
  readonly by: string;
  readonly items: Amounts;
  readonly left: Amounts;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** A limit per time; what is counted hangs on the instant, which a projection does not know. */
export type RateLimit = Pick<RateLine, 'resource' | 'limit' | 'ms' | 'by' | 'burst'>;

/** A balance with those of all nodes beneath it. */
export interface BalanceTree extends Omit<Balance, 'children'> {
  readonly children: readonly BalanceTree[];
}

/** What is counted of one resource from a node downward. */
interface Counted {
  committed: number;
  heldTree: number;
  spentTree: number;
  spentTotal: number;
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
 * `committed` counted anew from the own sums of every node (semantics §4): own held, spent,
 * earmarked, booked and reserved, and of each child the larger of what is guaranteed to it and not lent, and
 * what it has committed.
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
  for (const [resource, sums] of node.sums) {
    const { held, spent, spentEver, earmarked, booked, reserved, carried } = sums;
    counted.set(resource, {
      committed: held + spent + earmarked + booked + reserved + carried,
      heldTree: held,
      spentTree: spent,
      spentTotal: spentEver,
    });
  }
  for (const path of node.children) {
    const child = team.nodes.get(path);
    if (child === undefined) continue;
    for (const [resource, below] of count(team, child, result)) {
      let sum = counted.get(resource);
      if (sum === undefined) {
        sum = { committed: 0, heldTree: 0, spentTree: 0, spentTotal: 0 };
        counted.set(resource, sum);
      }
      const own = child.sums.get(resource);
      sum.committed += Math.max(keptAside(own), below.committed - (own?.uncounted ?? 0));
      sum.heldTree += below.heldTree;
      sum.spentTree += countedAbove(below.spentTree, own);
      sum.spentTotal += below.spentTotal;
    }
  }
  return counted;
}

/** What of a guarantee is set aside though it is idle: all but what is lent. */
function keptAside(sums: Sums | undefined): number {
  if (sums === undefined || sums.lend === null) return 0;
  return Math.max(0, sums.guarantee - sums.lend);
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
    deadlineAtMs: node.deadlineAtMs,
    reservations: bookingsOn(team, node.path),
    ...(node.rates.size === 0 ? {} : { rates: ratesOf(node) }),
    lines: [...(counted.get(node.path)?.keys() ?? [])]
      .sort()
      .map((resource) => lineOf(team, node, resource, counted)),
    children: [...node.children].map(lastName).sort(),
  };
}

function bookingsOn(team: TeamBooks, path: string): BookingLine[] {
  const found: BookingLine[] = [];
  for (const [id, { path: on, amounts, by, items, startsAtMs, endsAtMs }] of team.reservations) {
    if (on !== path) continue;
    found.push({ id, by, items, left: Object.fromEntries(amounts), startsAtMs, endsAtMs });
  }
  return found;
}

function ratesOf(node: NodeBooks): RateLimit[] {
  return [...node.rates]
    .map(([resource, { limit, ms, by, burst = limit }]) => ({ resource, limit, ms, by, burst }))
    .sort((a, b) => (a.resource < b.resource ? -1 : 1));
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
  const type = resourceTypeOf(resource, team.resources);
  const committed = tree?.committed ?? 0;
  const limit = sums?.limit ?? null;
  const guarantee = sums?.guarantee ?? 0;
  const { effectiveLimit, effectiveAvailable } = overPath(team, node, resource, counted);
  return {
    resource,
    unit: type?.unit ?? '',
    class: type?.class ?? '',
    limit,
    effectiveLimit,
    guarantee,
    lend: sums === undefined ? 0 : sums.lend,
    lent: Math.max(0, guarantee - Math.max(keptAside(sums), committed)),
    borrowed: parentPathOf(node.path) === undefined ? 0 : Math.max(0, committed - guarantee),
    held: sums?.held ?? 0,
    spent: sums?.spent ?? 0,
    heldTree: tree?.heldTree ?? 0,
    spentTree: tree?.spentTree ?? 0,
    earmarked: sums?.earmarked ?? 0,
    booked: sums?.booked ?? 0,
    ...reserveOf(sums),
    committed,
    available: limit === null ? null : Math.max(0, limit - committed),
    effectiveAvailable,
    short: limit !== null && committed > limit,
    shortBy: limit === null ? 0 : Math.max(0, committed - limit),
    peakHeld: sums?.peakHeld ?? 0,
    spentTotal: tree?.spentTotal ?? 0,
    ...termsOf(sums),
  };
}

/** What of a reserve is shown, where there is one. */
function reserveOf(sums: Sums | undefined): Partial<BalanceLine> {
  const { reserved = 0, reserveTarget = 0, reserveDrawn = 0 } = sums ?? {};
  return reserved + reserveTarget === 0 ? {} : { reserved, reserveTarget, reserveDrawn };
}

/** What windows, grants and thresholds make of a line. */
function termsOf(sums: Sums | undefined): Partial<BalanceLine> {
  const { spentPast = 0, carried = 0, granted = 0, window = null, thresholds = null } = sums ?? {};
  const shown: Partial<BalanceLine> = { spentPast, carried, granted };
  if (window !== null) {
    const { pastStartsAtMs, ...rest } = window;
    shown.window = rest;
  }
  if (thresholds !== null) shown.thresholds = [...thresholds];
  return shown;
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
    slack += Math.max(0, keptAside(sums) - committed);
  }
  return { effectiveLimit, effectiveAvailable };
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
