import type { ResourceLimits } from '../../events/commands.ts';
import type { BursarEvent } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Amounts } from '../../events/resources.ts';
import { reclaimInProportion, reclaimWhole } from '../../resolver/reclaim-quota.ts';
import type { LiveAllocation, ResourceNode } from '../../resolver/types.ts';
import { isConsumable } from '../accounts/registry.ts';
import { endOf, noEarlierEnds } from '../allocations/end.ts';
import { stamp } from '../context.ts';
import { allocationsBeneath } from '../nodes/beneath.ts';
import type { Node } from '../nodes/node.ts';
import { reserveTarget } from '../reserves/reserve.ts';
import type { Allocation, Team } from '../team.ts';

/** What is taken back, and the events that take it. */
export interface Reclaim {
  readonly taken: Amounts;
  readonly events: readonly BursarEvent[];
}

/**
 * Takes back what is held above limits that were cut (semantics §6.6): of allocations that are
 * content with less in proportion to what each branch uses above its guarantee, then whole ones
 * that come closest to the rest without exceeding it. Only what is unspent, never below a guarantee
 * beneath, never what is reserved, about to leave, or not preemptible; at most
 * `LIMITS.victimsMax` allocations, the largest first.
 */
export function reclaimAbove(
  team: Team,
  node: Node,
  limits: ResourceLimits,
  atMs: number,
): Reclaim | undefined {
  return takeBack(team, node, excessOf(team, node, limits), atMs);
}

/** The same for an excess that is known, of any reason. */
export function takeBack(
  team: Team,
  node: Node,
  excess: Amounts,
  atMs: number,
): Reclaim | undefined {
  if (Object.keys(excess).length === 0) return undefined;
  const held = holdersOf(team, node, excess);
  if (held.length === 0) return undefined;
  const nodes = nodesOf(team, node, held, Object.keys(excess));
  const shrunk = shrinkInProportion(team, node, nodes, held, excess);
  const left: Record<string, number> = {};
  for (const resource in excess) {
    let amount = excess[resource] as number;
    for (const less of shrunk.values()) amount -= less[resource] ?? 0;
    if (amount > 0) left[resource] = amount;
  }
  const whole = reclaimWhole(
    nodes,
    held.map((one) => liveOf(team, one, shrunk.get(one.id))),
    { node: node.path, amounts: left },
  );
  const taken: Record<string, number> = {};
  for (const amounts of [...shrunk.values(), ...whole.victims.map((one) => one.amounts)]) {
    for (const resource in amounts) {
      taken[resource] = (taken[resource] ?? 0) + (amounts[resource] as number);
    }
  }
  const events: BursarEvent[] = held.flatMap(({ id, items }) => {
    const less = shrunk.get(id);
    return less === undefined ? [] : [shrinkOf(team, id, items, less, atMs)];
  });
  const earlier = noEarlierEnds();
  for (const { id } of whole.victims) {
    const victim = team.allocations.get(id);
    if (victim !== undefined) events.push(...endOf(team, victim, 'reclaimed', atMs, earlier));
  }
  return events.length === 0 ? undefined : { taken, events };
}

/** By how much a node's own sums and those beneath it exceed its limits as they are set now. */
function excessOf(team: Team, node: Node, limits: ResourceLimits): Amounts {
  const excess: Record<string, number> = {};
  for (const [resource, { limit }] of Object.entries(limits)) {
    const account = node.accounts.get(resource);
    const most = limit === undefined ? (account?.limit ?? null) : limit;
    if (account === undefined || most === null) continue;
    // The reserve follows its limit down before anything is taken from anybody.
    const kept = Math.min(account.reserved, reserveTarget(team, node, resource, most));
    const committed = account.committed - account.reserved + kept;
    if (committed > most) excess[resource] = committed - most;
  }
  return excess;
}

/** Who holds something unspent of what exceeds, the largest first. */
function holdersOf(team: Team, node: Node, excess: Amounts): Allocation[] {
  const sizes = new Map<Allocation, number>();
  for (const one of allocationsBeneath(node)) {
    if (one.yieldsTo !== null || one.reservation !== null || one.ask.preemptible === false)
      continue;
    let size = 0;
    for (const resource in excess) size = Math.max(size, unspentOf(team, one, resource));
    if (size > 0) sizes.set(one, size);
  }
  return [...sizes]
    .sort(([a, x], [b, y]) => y - x || (a.id < b.id ? -1 : 1))
    .slice(0, LIMITS.victimsMax)
    .map(([one]) => one);
}

function unspentOf(team: Team, { items, reported }: Allocation, resource: string): number {
  const isSpent = isConsumable(team.resources, resource);
  return Math.max(0, (items[resource] ?? 0) - (isSpent ? (reported[resource] ?? 0) : 0));
}

/** By how much an allocation may shrink and still be of use to its holder. */
function spareOf(team: Team, one: Allocation, resource: string): number {
  const least = one.ask.items[resource]?.min;
  if (least === undefined) return 0;
  return Math.max(0, Math.min(unspentOf(team, one, resource), (one.items[resource] ?? 0) - least));
}

/**
 * The nodes from the holders up to the one that is cut. What of a guarantee is covered by use that
 * stays in any case need not be kept of what is held.
 */
function nodesOf(
  team: Team,
  top: Node,
  held: readonly Allocation[],
  resources: string[],
): ResourceNode[] {
  const unspent = new Map<Node, Record<string, number>>();
  for (const one of held) {
    for (let at: Node | undefined = one.node; at !== undefined; at = at.parent) {
      const sums = unspent.get(at) ?? {};
      unspent.set(at, sums);
      for (const resource of resources) {
        sums[resource] = (sums[resource] ?? 0) + unspentOf(team, one, resource);
      }
      if (at === top) break;
    }
  }
  return [...unspent].map(([node, sums]) => {
    const quotas: Record<string, { nominal: number }> = {};
    for (const resource of resources) {
      const account = node.accounts.get(resource);
      if (account === undefined) continue;
      const staying = account.heldTree + account.spentTree - (sums[resource] ?? 0);
      const nominal = node === top ? 0 : Math.max(0, account.guarantee - staying);
      quotas[resource] = { nominal };
    }
    return { id: node.path, parent: node === top ? null : (node.parent as Node).path, quotas };
  });
}

/** By allocation how much it gives; each is a leaf of the tree with what it needs as guarantee. */
function shrinkInProportion(
  team: Team,
  top: Node,
  nodes: readonly ResourceNode[],
  held: readonly Allocation[],
  excess: Amounts,
): Map<string, Record<string, number>> {
  const shrunk = new Map<string, Record<string, number>>();
  for (const resource in excess) {
    const leaves: ResourceNode[] = [];
    const holds: LiveAllocation[] = [];
    for (const one of held) {
      const spare = spareOf(team, one, resource);
      const unspent = unspentOf(team, one, resource);
      const id = spare === 0 ? one.node.path : leafOf(one);
      holds.push({ ...liveOf(team, one), node: id, amounts: { [resource]: unspent } });
      if (spare === 0) continue;
      const quotas = { [resource]: { nominal: unspent - spare } };
      leaves.push({ id, parent: one.node.path, quotas });
    }
    const takes = reclaimInProportion(
      [...nodes, ...leaves],
      holds,
      { node: top.path, amounts: excess },
      resource,
    );
    for (const one of held) {
      const amount = takes.get(leafOf(one)) ?? 0;
      if (amount > 0) shrunk.set(one.id, { ...shrunk.get(one.id), [resource]: amount });
    }
  }
  return shrunk;
}

/** `#` is in no path. */
function leafOf({ node, id }: Allocation): string {
  return `${node.path}#${id}`;
}

/** An allocation as the planner takes it; one that shrinks stays. */
function liveOf(team: Team, one: Allocation, less?: Amounts): LiveAllocation {
  const { id, node, priority, grantedAtMs } = one;
  const amounts: Record<string, number> = {};
  for (const resource in one.items) {
    amounts[resource] = unspentOf(team, one, resource) - (less?.[resource] ?? 0);
  }
  const preemptible = less === undefined;
  return { id, node: node.path, priority, grantedAtMs, amounts, preemptible };
}

function shrinkOf(
  team: Team,
  allocation: string,
  held: Amounts,
  less: Amounts,
  atMs: number,
): BursarEvent {
  const items: Record<string, number> = {};
  for (const resource in less) {
    items[resource] = (held[resource] ?? 0) - (less[resource] as number);
  }
  return { ...stamp('AllocationResized', team, atMs), allocation, items, reclaimed: true };
}
