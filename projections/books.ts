import type { BursarEvent } from '../events/events.ts';
import { parentPathOf } from '../events/names.ts';
import type { Amounts, RateMeter, Registry } from '../events/resources.ts';
import type { Threshold, Window, WindowSpan } from '../events/window.ts';
import { UnfitEventError } from './projection.ts';

/** Own sums of one resource on one node; what descendants add is counted when it is asked for. */
export interface Sums {
  /** The base limit and what grants add to it; null: no limit. */
  limit: number | null;
  base: number | null;
  granted: number;
  guarantee: number;
  /** Of the guarantee, what others may use while it is idle; null all of it. */
  lend: number | null;
  held: number;
  /** In the window in force, with what children spent in windows of theirs that have ended. */
  spent: number;
  /** Ever booked here and on closed children. */
  spentEver: number;
  /** With descendants, in the window before the one in force. */
  spentPast: number;
  /** Debt of earlier windows; and what with it is no part of the window above. */
  carried: number;
  uncounted: number;
  window: OwnWindow | null;
  thresholds: readonly Threshold[] | null;
  earmarked: number;
  /** Reserved and not drawn. */
  booked: number;
  /** In the emergency reserve, what that is to be, and what was drawn and not filled again. */
  reserved: number;
  reserveTarget: number;
  reserveDrawn: number;
  /** Held with all descendants, kept for its peak alone. */
  heldTree: number;
  peakHeld: number;
}

/** The window that a node defines for a resource, in force. Times are ms since 1970. */
export interface OwnWindow extends Window, WindowSpan {
  /** When the one before it began. */
  readonly pastStartsAtMs: number;
}

/** What is recorded of one open node. */
export interface NodeBooks {
  readonly path: string;
  readonly tier: 'team' | 'swarm' | 'run' | 'step';
  isClosing: boolean;
  /** Ids of the freezes and stops in force. */
  readonly freezes: Set<string>;
  readonly stops: Set<string>;
  /** Live allocations of its own. */
  liveOwn: number;
  /** Paths of its open children. */
  readonly children: Set<string>;
  readonly sums: Map<string, Sums>;
  /** Limits per time, by resource. */
  readonly rates: Map<string, RateMeter & { readonly limit: number }>;
  /** When it is closed by force, by itself or with a node above; null: it has no deadline. */
  deadlineAtMs: number | null;
}

/** Amounts on a node for somebody: an allocation's hold, or what is collected for a request. */
interface Hold {
  path: string;
  amounts: Map<string, number>;
  /** Of an allocation: the reservation from which it has drawn. */
  reservation?: string;
}

/** The books of one team. */
export interface TeamBooks {
  /** Resources that its policy adds. */
  resources: Registry;
  readonly nodes: Map<string, NodeBooks>;
  /** By allocation. */
  readonly holds: Map<string, Hold>;
  /** By waiting request. */
  readonly earmarks: Map<string, Hold>;
  /** By reservation: what of it is not drawn, and where it stands. */
  readonly reservations: Map<string, Booking>;
}

/** A reservation that is not over. Times are ms since 1970, by the writer's clock. */
export interface Booking extends Hold {
  readonly by: string;
  readonly items: Amounts;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** The books of all teams of a shard, by team. */
export type Balances = Map<string, TeamBooks>;

/** Puts a node into the tree. Throws UnfitEventError if it is open, or its parent is not. */
export function openNode(
  team: TeamBooks,
  path: string,
  tier: NodeBooks['tier'],
  event: BursarEvent,
): void {
  if (team.nodes.has(path)) throw new UnfitEventError(event, `${path} is open already`);
  const parentPath = parentPathOf(path);
  if (parentPath !== undefined) nodeAt(team, parentPath, event).children.add(path);
  team.nodes.set(path, {
    path,
    tier,
    isClosing: false,
    freezes: new Set(),
    stops: new Set(),
    liveOwn: 0,
    children: new Set(),
    sums: new Map(),
    rates: new Map(),
    deadlineAtMs: team.nodes.get(parentPath ?? '')?.deadlineAtMs ?? null,
  });
}

/** A node closes with what is beneath it; its use, and what waits on it, becomes its parent's own. */
export function closeNode(team: TeamBooks, path: string, event: BursarEvent): void {
  const node = nodeAt(team, path, event);
  if (liveIn(team, node) > 0) throw new UnfitEventError(event, `${path} has live allocations`);
  for (const child of [...node.children]) closeNode(team, child, event);
  team.nodes.delete(path);
  const parentPath = parentPathOf(path);
  const parent = parentPath === undefined ? undefined : team.nodes.get(parentPath);
  if (parent === undefined) return;
  parent.children.delete(path);
  for (const [resource, sums] of node.sums) {
    changeSpent(parent, resource, sums.spent - (sums.uncounted - sums.carried));
    sumsOf(parent, resource).spentEver += sums.spentEver;
    sumsOf(parent, resource).earmarked += sums.earmarked;
  }
  for (const earmarked of team.earmarks.values()) {
    if (earmarked.path === path) earmarked.path = parent.path;
  }
}

/** Live allocations of a node and of all beneath it. */
export function liveIn(team: TeamBooks, node: NodeBooks): number {
  let count = node.liveOwn;
  for (const child of node.children) {
    const books = team.nodes.get(child);
    if (books !== undefined) count += liveIn(team, books);
  }
  return count;
}

/** Changes what a node itself holds; the tiers above note it for their peaks. */
export function changeHeld(
  team: TeamBooks,
  path: string,
  resource: string,
  change: number,
  event: BursarEvent,
): void {
  const own = sumsOf(nodeAt(team, path, event), resource);
  own.held = added(own.held, change);
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
    const sums = sumsOf(nodeAt(team, at, event), resource);
    sums.heldTree = added(sums.heldTree, change);
    sums.peakHeld = Math.max(sums.peakHeld, sums.heldTree);
  }
}

/** Changes what is booked on a node itself. */
export function changeSpent(node: NodeBooks, resource: string, change: number): void {
  const sums = sumsOf(node, resource);
  sums.spent = added(sums.spent, change);
}

/** The sums of a resource on a node, made when they are first needed. */
export function sumsOf(node: NodeBooks, resource: string): Sums {
  let sums = node.sums.get(resource);
  if (sums === undefined) {
    sums = {
      limit: null,
      base: null,
      granted: 0,
      guarantee: 0,
      lend: 0,
      held: 0,
      spent: 0,
      spentEver: 0,
      spentPast: 0,
      carried: 0,
      uncounted: 0,
      window: null,
      thresholds: null,
      earmarked: 0,
      booked: 0,
      reserved: 0,
      reserveTarget: 0,
      reserveDrawn: 0,
      heldTree: 0,
      peakHeld: 0,
    };
    node.sums.set(resource, sums);
  }
  return sums;
}

/** The open node of a path. Throws UnfitEventError. */
export function nodeAt(team: TeamBooks, path: string, event: BursarEvent): NodeBooks {
  const node = team.nodes.get(path);
  if (node === undefined) throw new UnfitEventError(event, `${path} is not open`);
  return node;
}

/** What a live allocation holds. Throws UnfitEventError. */
export function holdOf(team: TeamBooks, id: string, event: BursarEvent): Hold {
  const hold = team.holds.get(id);
  if (hold === undefined) throw new UnfitEventError(event, `${id} is not live`);
  return hold;
}

/** The path itself where it is open, else the nearest open one above. Throws UnfitEventError. */
export function nearestOpen(team: TeamBooks, path: string, event: BursarEvent): string {
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
    if (team.nodes.has(at)) return at;
  }
  throw new UnfitEventError(event, `no node of ${path} is open`);
}

/** A sum within the range of exact integers, or a RangeError. */
export function added(sum: number, change: number): number {
  const total = sum + change;
  if (!Number.isSafeInteger(total)) throw new RangeError(`${sum} + ${change} is no safe integer`);
  return total;
}
