import type { Earlier, EventOf } from '../events/events.ts';
import { parentPathOf } from '../events/names.ts';
import type { Amounts } from '../events/resources.ts';
import {
  added,
  changeSpent,
  type NodeBooks,
  nodeAt,
  type OwnWindow,
  type Sums,
  sumsOf,
  type TeamBooks,
} from './books.ts';
import { UnfitEventError } from './projection.ts';

/** Books what an event states, or with -1 takes it back: the parts used earlier at their time. */
export function bookUse(
  team: TeamBooks,
  node: NodeBooks,
  amounts: Amounts,
  earlier: Earlier | undefined,
  sign: 1 | -1,
): void {
  const now: Record<string, number> = { ...amounts };
  for (const part of earlier ?? []) {
    for (const [resource, amount] of Object.entries(part.amounts)) {
      now[resource] = (now[resource] ?? 0) - amount;
      bookAt(team, node, resource, sign * amount, part.usedAtMs);
    }
  }
  for (const [resource, amount] of Object.entries(now)) {
    changeSpent(node, resource, sign * amount);
    sumsOf(node, resource).spentEver += sign * amount;
  }
}

/** Puts the windows of a node's limits in force. */
export function setWindows(node: NodeBooks, event: EventOf<'NodeOpened' | 'LimitsSet'>): void {
  for (const [resource, span] of Object.entries(event.windows ?? {})) {
    const window = event.limits?.[resource]?.window;
    const sums = sumsOf(node, resource);
    if (window === undefined) throw new UnfitEventError(event, `no window of ${resource} is set`);
    const pastStartsAtMs = sums.window?.pastStartsAtMs ?? span.startsAtMs;
    sums.window = { ...window, ...span, pastStartsAtMs };
  }
}

/** A window ends: what was spent in it is the tier above's own use, and nothing of the next. */
export function openWindow(team: TeamBooks, event: EventOf<'WindowOpened'>): void {
  const node = nodeAt(team, event.path, event);
  const { resource, span, carried = 0 } = event;
  const sums = sumsOf(node, resource);
  const { window } = sums;
  if (window === null) throw new UnfitEventError(event, `${event.path} has no window`);
  const isSkipped = event.by === undefined && window.endsAtMs !== span.startsAtMs;
  const spent = restart(team, node, resource, isSkipped);
  if (spent !== event.spent) throw new UnfitEventError(event, `${spent} were spent in it`);
  const handedUp = spent - (sums.uncounted - sums.carried);
  sums.carried = carried;
  sums.uncounted = carried;
  // Of a window that took no time: the instant before it ended, at which what it held counts.
  const beganAtMs = (isSkipped ? window.endsAtMs : null) ?? window.startsAtMs;
  const pastStartsAtMs = Math.max(0, Math.min(beganAtMs, span.startsAtMs - 1));
  sums.window = { ...window, ...span, pastStartsAtMs };
  const above = team.nodes.get(parentPathOf(event.path) ?? '');
  if (above !== undefined) changeSpent(above, resource, handedUp);
}

/** What grants add to a limit, and what is left of debt. */
export function countGrants(team: TeamBooks, event: EventOf<'GrantsCounted'>): void {
  const sums = sumsOf(nodeAt(team, event.path, event), event.resource);
  sums.granted = added(sums.granted, event.change);
  setLimit(sums, sums.base);
  if (event.carried === undefined) return;
  sums.uncounted += event.carried - sums.carried;
  sums.carried = event.carried;
}

/** Sets the base limit; what grants add comes on top, as far as integers are exact. */
export function setLimit(sums: Sums, base: number | null): void {
  sums.base = base;
  sums.limit = base === null ? null : Math.min(base + sums.granted, Number.MAX_SAFE_INTEGER);
}

/** What a child has spent that counts in its parent's window too. */
export function countedAbove(spentTree: number, sums: Sums | undefined): number {
  return sums === undefined ? spentTree : spentTree - (sums.uncounted - sums.carried);
}

/** Counts anew from nothing all that share a window; gives what was spent in the one before. */
function restart(team: TeamBooks, node: NodeBooks, resource: string, isSkipped: boolean): number {
  let spent = node.sums.get(resource)?.spent ?? 0;
  for (const path of node.children) {
    const child = team.nodes.get(path);
    const below = child?.sums.get(resource);
    if (child === undefined) continue;
    if (below?.window == null) {
      spent += restart(team, child, resource, isSkipped);
      continue;
    }
    const beneath = spentIn(team, child, resource);
    spent += countedAbove(beneath, below);
    below.uncounted = below.carried + beneath;
  }
  // Where only something beneath was used, nothing is kept of the node itself yet.
  const sums = spent === 0 ? node.sums.get(resource) : sumsOf(node, resource);
  if (sums !== undefined) {
    sums.spent = 0;
    sums.spentPast = isSkipped ? 0 : spent;
  }
  return spent;
}

function spentIn(team: TeamBooks, node: NodeBooks, resource: string): number {
  let spent = node.sums.get(resource)?.spent ?? 0;
  for (const path of node.children) {
    const child = team.nodes.get(path);
    if (child === undefined) continue;
    spent += countedAbove(spentIn(team, child, resource), child.sums.get(resource));
  }
  return spent;
}

/** One earlier part: own use of the lowest tier in each run of windows that had begun by then. */
function bookAt(
  team: TeamBooks,
  node: NodeBooks,
  resource: string,
  amount: number,
  usedAtMs: number,
): void {
  sumsOf(node, resource).spentEver += amount;
  let isCountedBelow = false;
  for (let on: NodeBooks | undefined = node; on !== undefined; on = above(team, on)) {
    const sums = sumsOf(on, resource);
    const window = windowOver(team, on, resource);
    const isCounted = usedAtMs >= (window?.startsAtMs ?? 0);
    if (isCounted && !isCountedBelow) sums.spent = added(sums.spent, amount);
    if (!isCounted && usedAtMs >= (window?.pastStartsAtMs ?? Infinity)) sums.spentPast += amount;
    const outer = above(team, on);
    const outerStartMs = outer && windowOver(team, outer, resource)?.startsAtMs;
    if (isCounted && sums.window !== null && usedAtMs < (outerStartMs ?? 0)) {
      sums.uncounted += amount;
    }
    isCountedBelow = isCounted;
  }
}

function above(team: TeamBooks, node: NodeBooks): NodeBooks | undefined {
  return team.nodes.get(parentPathOf(node.path) ?? '');
}

function windowOver(team: TeamBooks, from: NodeBooks, resource: string): OwnWindow | undefined {
  for (let on: NodeBooks | undefined = from; on !== undefined; on = above(team, on)) {
    const window = on.sums.get(resource)?.window;
    if (window != null) return window;
  }
  return undefined;
}
