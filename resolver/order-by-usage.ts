import type { QuotaTree } from './quota-tree.ts';
import { compareFractions, compareIds, type Fraction, fractionOf, NOTHING } from './ratio.ts';
import type { Amounts, PendingRequest } from './types.ts';

/** Somebody whose requests are served by how little it used of late. */
export interface Tenant {
  readonly id: string;
  /** Thousandths; default 1000. */
  readonly weightMilli?: number;
  /** Decayed past use; see usage-decay.ts. */
  readonly pastUse: Amounts;
}

export interface UsageOrder {
  /** How much a unit of each resource counts, in thousandths; default 1000 each. */
  readonly resourceWeightsMilli?: Amounts;
}

/** Past use over weight, summed over resources: Kueue's admission fair sharing (KEP 4136). */
export function effectiveUse(
  { weightMilli = 1000, pastUse }: Tenant,
  { resourceWeightsMilli = {} }: UsageOrder = {},
): Fraction {
  let sum = 0n;
  for (const [resource, amount] of Object.entries(pastUse)) {
    sum += BigInt(amount) * BigInt(resourceWeightsMilli[resource] ?? 1000);
  }
  return fractionOf(sum, weightMilli);
}

/**
 * Requests of whoever used least come first, whatever their priority; of equals the higher
 * priority, then the longer in the queue, then the id.
 */
export function orderByUsage<Request extends PendingRequest>(
  requests: readonly Request[],
  tenants: readonly Tenant[],
  options: UsageOrder = {},
): Request[] {
  const uses = new Map(tenants.map((tenant) => [tenant.id, effectiveUse(tenant, options)]));
  const queuedAtMs = ({ queuedAtMs: at, createdAtMs = 0 }: Request) => at ?? createdAtMs;
  return [...requests].sort(
    (a, b) =>
      compareFractions(uses.get(a.node) ?? NOTHING, uses.get(b.node) ?? NOTHING) ||
      b.priority - a.priority ||
      queuedAtMs(a) - queuedAtMs(b) ||
      compareIds(a.id, b.id),
  );
}

/** What became of the requests of one round. */
export interface ServedRound<Request> {
  readonly granted: readonly Request[];
  readonly waiting: readonly Request[];
}

/**
 * One round: again and again the first of the order is granted where it fits. A grant counts as
 * past use of its tenant at once (the entry penalty), so that nobody is served twice before an
 * equal is served once. Whoever does not fit waits and holds up nobody.
 */
export function serveByUsage<Request extends PendingRequest>(
  tree: QuotaTree,
  requests: readonly Request[],
  tenants: readonly Tenant[],
  options: UsageOrder = {},
): ServedRound<Request> {
  const trial = tree.clone();
  const current = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  const [granted, waiting]: [Request[], Request[]] = [[], []];
  let left: readonly Request[] = requests;
  while (left.length > 0) {
    const [first, ...others] = orderByUsage(left, [...current.values()], options);
    left = others;
    if (first === undefined) break;
    if (!trial.fits(first.node, first.amounts)) {
      waiting.push(first);
      continue;
    }
    trial.use(first.node, first.amounts, 1);
    granted.push(first);
    const tenant = current.get(first.node) ?? { id: first.node, pastUse: {} };
    current.set(tenant.id, { ...tenant, pastUse: sumOf(tenant.pastUse, first.amounts) });
  }
  return { granted, waiting };
}

function sumOf(a: Amounts, b: Amounts): Amounts {
  const sum: Record<string, number> = { ...a };
  for (const [resource, amount] of Object.entries(b)) sum[resource] = (sum[resource] ?? 0) + amount;
  return sum;
}
