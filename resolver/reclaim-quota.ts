import { closestSubset, type SizeAtLimit, type SubsetItem } from './closest-subset.ts';
import { useByNode } from './node-use.ts';
import { QuotaTree } from './quota-tree.ts';
import { compareIds } from './ratio.ts';
import { shareProportional } from './share-proportional.ts';
import type { Amounts, LiveAllocation, ResourceNode } from './types.ts';

/** What has to be given back beneath a node after its quota was cut. */
export interface Excess {
  readonly node: string;
  readonly amounts: Amounts;
}

/**
 * Takes an excess back from the nodes beneath in proportion to what each uses above its guarantee,
 * level by level; the parts add up exactly, and no node is pushed below its guarantee. What cannot
 * be had that way is left. (YuniKorn's quota change preemption rounds each part by itself, so that
 * it collects less than it should, and may reach below a guarantee.)
 * @returns how much of the resource each node gives back, groups with all beneath them
 */
export function reclaimInProportion(
  nodes: readonly ResourceNode[],
  allocations: readonly LiveAllocation[],
  { node, amounts }: Excess,
  resource: string,
): ReadonlyMap<string, number> {
  const tree = QuotaTree.ofQuotas(nodes);
  const spareOf = spareBeneath(tree, nodes, allocations, resource);
  const takes = new Map<string, number>();
  const take = (id: string, amount: number): void => {
    takes.set(id, amount);
    const children = tree.childrenOf(id);
    const claims = children.map((child) => ({ id: child, demand: spareOf(child) }));
    for (const [child, part] of shareProportional(amount, claims, 'need')) take(child, part);
  };
  take(node, Math.min(amounts[resource] ?? 0, spareOf(node)));
  return takes;
}

/**
 * Takes whole allocations: those that together come closest to the excess without exceeding it in
 * any resource, and without pushing a node below its guarantee. Of equal sets the one that takes
 * lower priorities, then younger ones. What already leaves counts as given back.
 */
export function reclaimWhole(
  nodes: readonly ResourceNode[],
  allocations: readonly LiveAllocation[],
  { node, amounts }: Excess,
): {
  readonly victims: readonly LiveAllocation[];
  readonly collected: Amounts;
  readonly isExact: boolean;
} {
  const tree = QuotaTree.ofQuotas(nodes);
  const beneath = allocations.filter((one) => tree.pathOf(one.node).includes(node));
  const candidates = beneath
    .filter(({ state, preemptible }) => state !== 'evicting' && preemptible !== false)
    .sort(compareVictims);
  const resources = Object.keys(amounts).sort();
  const all = resources.flatMap((resource) =>
    limitsOf(tree, nodes, allocations, { node, amounts }, resource),
  );
  const most = useByNode(nodes, candidates);
  const limits = all.filter((one) => one.node === node || isBinding(one, most));
  const placesOf = placesByNode(limits);
  const items = candidates.map((one): SubsetItem => {
    const sizes = tree.pathOf(one.node).flatMap((id) =>
      (placesOf.get(id) ?? []).map((place): SizeAtLimit => {
        return [place, one.amounts[limits[place]?.resource ?? ''] ?? 0];
      }),
    );
    return { id: one.id, sizes, worth: worthOf(one.amounts, amounts) };
  });
  const ceilings = limits.filter((one) => one.node === node);
  const subset = closestSubset(
    items.filter(({ worth }) => worth > 0n),
    limits.map(({ amount }) => amount),
    worthOf(Object.fromEntries(ceilings.map((one) => [one.resource, one.amount])), amounts),
  );
  const ids = new Set(subset.ids);
  const victims = candidates.filter(({ id }) => ids.has(id));
  const collected = useByNode(nodes, victims).get(node) ?? {};
  return { victims, collected, isExact: subset.isExact };
}

/** Most that each node can give back without falling below its or an inner guarantee. */
function spareBeneath(
  tree: QuotaTree,
  nodes: readonly ResourceNode[],
  allocations: readonly LiveAllocation[],
  resource: string,
): (id: string) => number {
  const uses = useByNode(nodes, allocations);
  const guarantees = new Map(nodes.map(({ id, quotas }) => [id, quotas[resource]?.nominal ?? 0]));
  const spareOf = (id: string): number => {
    const children = tree.childrenOf(id);
    const beneath = children.reduce((sum, child) => sum + spareOf(child), 0);
    const above = Math.max(0, (uses.get(id)?.[resource] ?? 0) - (guarantees.get(id) ?? 0));
    return children.length === 0 ? above : Math.min(above, beneath);
  };
  return spareOf;
}

interface NodeLimit {
  readonly node: string;
  readonly resource: string;
  readonly amount: number;
}

/** The excess itself, and what every node beneath holds above its guarantee. */
function limitsOf(
  tree: QuotaTree,
  nodes: readonly ResourceNode[],
  allocations: readonly LiveAllocation[],
  excess: Excess,
  resource: string,
): NodeLimit[] {
  const staying = useByNode(
    nodes,
    allocations.filter(({ state }) => state !== 'evicting'),
  );
  const all = useByNode(nodes, allocations);
  const leaving =
    (all.get(excess.node)?.[resource] ?? 0) - (staying.get(excess.node)?.[resource] ?? 0);
  const asked = Math.max(0, (excess.amounts[resource] ?? 0) - leaving);
  return nodes
    .filter(({ id }) => tree.pathOf(id).includes(excess.node))
    .map(({ id, quotas }) => {
      const held = (staying.get(id)?.[resource] ?? 0) - (quotas[resource]?.nominal ?? 0);
      const above = Math.max(0, held);
      return { node: id, resource, amount: id === excess.node ? Math.min(asked, above) : above };
    });
}

function placesByNode(limits: readonly NodeLimit[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [place, { node }] of limits.entries()) {
    const others = places.get(node);
    if (others) others.push(place);
    else places.set(node, [place]);
  }
  return places;
}

/** Whether taking all candidates would exceed it. */
function isBinding(
  { node, resource, amount }: NodeLimit,
  most: ReadonlyMap<string, Amounts>,
): boolean {
  return (most.get(node)?.[resource] ?? 0) > amount;
}

/** Of several resources each counts by the part of its excess that it covers. */
function worthOf(amounts: Amounts, excess: Amounts): bigint {
  let worth = 0n;
  for (const resource of Object.keys(excess)) {
    let part = BigInt(amounts[resource] ?? 0);
    for (const [other, amount] of Object.entries(excess)) {
      if (other !== resource && amount > 0) part *= BigInt(amount);
    }
    worth += part;
  }
  return worth;
}

function compareVictims(a: LiveAllocation, b: LiveAllocation): number {
  const priorityOf = ({ priority, boost = 0 }: LiveAllocation) => priority + boost;
  return priorityOf(a) - priorityOf(b) || b.grantedAtMs - a.grantedAtMs || compareIds(a.id, b.id);
}
