import { LIMITS } from '../events/limits.ts';
import { compareQueued } from './queue-order.ts';
import type { QuotaTree } from './quota-tree.ts';
import { type Trial, tried } from './trial.ts';
import type { Amounts, LiveAllocation, PendingRequest, PreemptionPlan } from './types.ts';

/** Plans evictions for one request, or none: `planClassic` or `planFair` with their policy. */
export type Planner = (
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
) => PreemptionPlan | undefined;

/** How a plan would be turned round. */
export interface Reversal {
  /** The victim that asks again and is helped. */
  readonly by: string;
  /** Whom it would evict, the beneficiary among them. */
  readonly evicts: readonly string[];
  /** Victims that have come back before it. */
  readonly after: readonly string[];
}

/**
 * How the victims of a plan could turn it round: after it they ask again one by one, in any order;
 * what fits is granted, and who then has a plan that contains the beneficiary is found. One
 * reversal for each such victim and set of those before it, whose turn in a queue comes first
 * first; none for a stable plan. Beyond `reversalStatesMax` sets of victims that have come back the
 * plan counts as reversible by the next.
 *
 * @param countMax how many are enough
 * @param plansMax plans of each victim that are looked at: its first one, then those that spare
 *   victims of those before. It may choose one of these where its first could be turned round in turn
 */
export function reversals(
  planner: Planner,
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  plan: PreemptionPlan,
  countMax = Infinity,
  plansMax = 1,
): Reversal[] {
  const before = new Map(live.map((one) => [one.id, one]));
  const victims = plan.victims.flatMap(({ id, take }): Leaver[] => {
    const holder = before.get(id);
    return holder === undefined ? [] : [{ holder, gives: take ?? holder.amounts }];
  });
  victims.sort((a, b) => compareQueued(asRequest(a), asRequest(b)));
  return tried(tree, (trial) => {
    for (const { holder, gives } of victims) {
      trial.remove({ node: holder.node, amounts: gives });
    }
    trial.add(request);
    const nowMs = laterThanAll(live, request);
    const beneficiary = asHolder(request, nowMs);
    const kept = keptBy(live, victims);
    return searchIn(planner, trial, { beneficiary, kept, victims, nowMs, countMax, plansMax });
  });
}

/** A victim with what it gives: all it has, or a part. */
interface Leaver {
  readonly holder: LiveAllocation;
  readonly gives: Amounts;
}

/** What there is after the plan. */
interface Aftermath {
  readonly beneficiary: LiveAllocation;
  readonly kept: readonly LiveAllocation[];
  readonly victims: readonly Leaver[];
  readonly nowMs: number;
  readonly countMax: number;
  readonly plansMax: number;
}

function searchIn(planner: Planner, trial: Trial, aftermath: Aftermath): Reversal[] {
  const { beneficiary, kept, victims, nowMs, countMax, plansMax } = aftermath;
  const found: Reversal[] = [];
  const seen = new Set<string>();
  const visit = (back: readonly Leaver[]): void => {
    const after = back.map(({ holder }) => holder.id);
    const key = [...after].sort().join('\n');
    if (seen.has(key)) return;
    seen.add(key);
    const live = [...kept, beneficiary, ...back.map((one) => asBack(one, nowMs))];
    for (const leaver of victims) {
      if (found.length >= countMax) return;
      if (back.includes(leaver)) continue;
      const request = asRequest(leaver);
      if (trial.tree.fits(request.node, request.amounts)) {
        if (seen.size >= LIMITS.reversalStatesMax) {
          found.push({ by: request.id, evicts: [beneficiary.id], after });
          return;
        }
        trial.add(request);
        visit([...back, leaver]);
        trial.remove(request);
        continue;
      }
      const evicts = planAgainst(planner, trial.tree, request, live, beneficiary.id, plansMax);
      if (evicts !== undefined) found.push({ by: request.id, evicts, after });
    }
  };
  visit([]);
  return found;
}

/** Whom a request would evict by one of its plans that contains a holder; undefined: none does. */
function planAgainst(
  planner: Planner,
  tree: QuotaTree,
  request: PendingRequest,
  live: readonly LiveAllocation[],
  holder: string,
  plansMax: number,
): readonly string[] | undefined {
  const spared: (readonly string[])[] = [[]];
  const asked = new Set<string>();
  for (let tries = 0; tries < plansMax; tries += 1) {
    const ids = spared.shift();
    if (ids === undefined) return undefined;
    const evicts = planner(tree, request, sparing(live, ids))?.victims.map(({ id }) => id) ?? [];
    if (evicts.includes(holder)) return evicts;
    for (const id of evicts) {
      const more = [...ids, id].sort();
      const key = more.join('\n');
      if (!asked.has(key)) spared.push(more);
      asked.add(key);
    }
  }
  return undefined;
}

/** The same holders, some of whom are out of everybody's reach. */
export function sparing(
  live: readonly LiveAllocation[],
  ids: readonly string[],
): readonly LiveAllocation[] {
  if (ids.length === 0) return live;
  return live.map((one) => (ids.includes(one.id) ? { ...one, preemptible: false } : one));
}

function keptBy(live: readonly LiveAllocation[], victims: readonly Leaver[]): LiveAllocation[] {
  const leaverOf = new Map(victims.map((one) => [one.holder.id, one]));
  return live.flatMap((one) => {
    const leaver = leaverOf.get(one.id);
    if (leaver === undefined) return [one];
    const left = Object.entries(one.amounts).map(
      ([resource, amount]) => [resource, amount - (leaver.gives[resource] ?? 0)] as const,
    );
    return left.every(([, amount]) => amount === 0)
      ? []
      : [{ ...one, amounts: Object.fromEntries(left) }];
  });
}

/** The beneficiary as a holder that has just been granted. */
function asHolder(request: PendingRequest, nowMs: number): LiveAllocation {
  const { id, node, priority, boost = 0, amounts, createdAtMs = nowMs } = request;
  const { preemptible = true } = request;
  return { id, node, priority, boost, amounts, preemptible, grantedAtMs: nowMs, createdAtMs };
}

function asBack({ holder, gives }: Leaver, nowMs: number): LiveAllocation {
  return { ...holder, amounts: gives, grantedAtMs: nowMs, state: 'active' };
}

/** A victim that asks again; it keeps the time at which it first asked. */
function asRequest({ holder, gives }: Leaver): PendingRequest {
  const { id, node, priority, boost = 0, grantedAtMs, createdAtMs = grantedAtMs } = holder;
  return { id, node, priority, boost, amounts: gives, createdAtMs };
}

function laterThanAll(live: readonly LiveAllocation[], request: PendingRequest): number {
  let latestMs = request.createdAtMs ?? 0;
  for (const { grantedAtMs } of live) latestMs = Math.max(latestMs, grantedAtMs);
  return latestMs + 1;
}
