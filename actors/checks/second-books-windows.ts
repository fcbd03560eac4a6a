import type { Earlier, EventOf } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Node } from '../nodes/node.ts';
import type { Position, Team } from '../team.ts';
import { carry, compare, countedOf, resum, type SecondBooks } from './second-books.ts';

/** What of an amount that an event states was used now. */
export function nowOf(amounts: Amounts, earlier: Earlier | undefined, resource: string): number {
  let amount = amounts[resource] ?? 0;
  for (const part of earlier ?? []) amount -= part.amounts[resource] ?? 0;
  return amount;
}

/** Lays what was used before into the second books; the tiers are compared by what follows. */
export function layEarlier(node: Node, earlier: Earlier | undefined, sign: 1 | -1): void {
  for (const { usedAtMs, amounts } of earlier ?? []) {
    for (const resource in amounts) {
      layAt(node, resource, sign * (amounts[resource] as number), usedAtMs);
    }
  }
}

/** Where it counts, tier by tier from the root: in every window that had begun when it was used. */
function layAt(node: Node, resource: string, amount: number, usedAtMs: number): void {
  const counts = new Map<Node, boolean>();
  const path: Node[] = [];
  for (let on: Node | undefined = node; on !== undefined; on = on.parent) path.push(on);
  let sinceMs = 0;
  for (const on of path.toReversed()) {
    sinceMs = on.accounts.get(resource)?.second.sinceMs ?? sinceMs;
    counts.set(on, usedAtMs >= sinceMs);
  }
  let growth = 0;
  for (const [depth, on] of path.entries()) {
    const second = on.accounts.get(resource)?.second;
    if (second === undefined) return;
    const [below, above] = [path[depth - 1], path[depth + 1]];
    const isFirst = below === undefined || !counts.get(below);
    second.spentTotal += amount;
    second.below += growth;
    if (counts.get(on)) {
      second.spentTree += amount;
      if (isFirst) second.spent += amount;
      if (above !== undefined && !counts.get(above)) second.uncounted += amount;
    }
    growth = resum(second);
  }
}

/** A window ends: nothing is spent in the next by all that share it; the tier above keeps the use. */
export function carryWindow(team: Team, event: EventOf<'WindowOpened'>, at: Position): void {
  const { path, resource, span, carried = 0 } = event;
  const node = team.nodes.get(path);
  const second = node?.accounts.get(resource)?.second;
  if (node === undefined || second === undefined) return;
  const [share, handedUp] = [second.share, countedOf(second)];
  second.sinceMs = span.startsAtMs;
  second.carried = carried;
  second.uncounted = carried;
  restart(node, resource);
  compareBeneath(event, at, node, resource);
  const above = node.parent?.accounts.get(resource)?.second;
  if (node.parent === undefined || above === undefined) return;
  above.spent += handedUp;
  above.below += second.share - share;
  carry(event, at, node.parent, resource, 0, 0, 0, 0);
}

/** What grants add to a limit, and what debt is left of earlier windows. */
export function carryGrants(team: Team, event: EventOf<'GrantsCounted'>, at: Position): void {
  const node = team.nodes.get(event.path);
  const second = node?.accounts.get(event.resource)?.second;
  if (node === undefined || second === undefined) return;
  second.granted += event.change;
  setLimit(second);
  if (event.carried !== undefined) {
    second.uncounted += event.carried - second.carried;
    second.carried = event.carried;
  }
  carry(event, at, node, event.resource, 0, 0, 0, 0);
}

/** The limit that a base and grants make. */
export function setLimit(second: SecondBooks): void {
  const { base, granted } = second;
  second.limit = base === null ? null : Math.min(Number.MAX_SAFE_INTEGER, base + granted);
}

/** Each account from its children's, beneath before above. */
function restart(node: Node, resource: string): void {
  const second = node.accounts.get(resource)?.second;
  if (second === undefined) return;
  let below = 0;
  for (const child of node.children) {
    const under = child.accounts.get(resource)?.second;
    if (under === undefined) continue;
    if (under.sinceMs === null) restart(child, resource);
    else under.uncounted = under.carried + under.spentTree;
    resum(under);
    below += under.share;
  }
  second.below = below;
  second.spent = 0;
  second.spentTree = 0;
  resum(second);
}

function compareBeneath(
  event: EventOf<'WindowOpened'>,
  at: Position,
  node: Node,
  resource: string,
): void {
  if (!node.accounts.has(resource)) return;
  compare(event, at, node, resource);
  for (const child of node.children) {
    if (child.accounts.get(resource)?.second.sinceMs === null) {
      compareBeneath(event, at, child, resource);
    }
  }
}
