import { LIMITS } from '../../events/limits.ts';
import type { Amounts } from '../../events/resources.ts';
import { mayPreempt } from '../../resolver/may-preempt.ts';
import { planClassic } from '../../resolver/plan-classic.ts';
import { FAIR_POLICY, planFair } from '../../resolver/plan-fair.ts';
import type { Planner } from '../../resolver/reversals.ts';
import { planStable } from '../../resolver/stability.ts';
import type { PendingRequest, PreemptionPlan as Plan, Victim } from '../../resolver/types.ts';
import { fits, Overlay } from '../accounts/admission.ts';
import { growthOf, isAny, reportedOf } from '../allocations/end.ts';
import { compareCosts, holdersOf } from '../allocations/holders.ts';
import { slackMsOf } from '../nodes/deadline.ts';
import { nodeOf } from '../nodes/evolve-node.ts';
import { mergedInOrder } from '../nodes/merged-in-order.ts';
import type { Node } from '../nodes/node.ts';
import { ratesFit } from '../rates/rates.ts';
import { slowStartFits } from '../recovery/slow-start.ts';
import type { Allocation, Team } from '../team.ts';
import type { Contest } from './contention.ts';
import {
  hasUnusedGuarantee,
  type PreemptionAt,
  preemptionAt,
  reclaimAlone,
} from './preemption-policy.ts';
import { type Giver, quotaSnapshot } from './quota-snapshot.ts';

/** An allocation that would have to yield, and by which right. */
export interface PlannedVictim extends Pick<Victim, 'right' | 'reason'> {
  readonly allocation: Allocation;
}

/** Allocations that would have to yield so that a request fits. */
export interface PreemptionPlan {
  readonly victims: readonly PlannedVictim[];
  /** Time the victims get, ms; 0: they lose it in this decision. */
  readonly graceMs: number;
}

/** What a plan costs its victims: time since their grants, ms, and use that was reported. */
export function costOf(
  { victims }: PreemptionPlan,
  atMs: number,
): { readonly lostWorkMs: number; readonly sunk: Amounts } {
  let lostWorkMs = 0;
  const sunk: Record<string, number> = {};
  for (const { allocation } of victims) {
    lostWorkMs += atMs - allocation.grantedAtMs;
    for (const [resource, used] of Object.entries(reportedOf(allocation))) {
      sunk[resource] = (sunk[resource] ?? 0) + used;
    }
  }
  return { lostWorkMs, sunk };
}

/** The right that a plan is named by: the strongest that one of its victims is taken by. */
export function rightOf({ victims }: PreemptionPlan): Victim['right'] {
  const rights = new Set(victims.map(({ right }) => right));
  return rights.has('priority') ? 'priority' : rights.has('reclaim') ? 'reclaim' : 'fair';
}

/** Never below a guarantee, and where sets of few differ in cost the cheapest (semantics §7). */
const FAIR = { ...FAIR_POLICY, keepsGuarantees: true } as const;
const CLASSIC = { refines: true, keepsGuarantees: true, claimsContested: true } as const;

const PLANNERS: Readonly<Record<'classic' | 'fair', Planner>> = {
  classic: (tree, request, live) => planClassic(tree, request, live, CLASSIC),
  fair: (tree, request, live) => planFair(tree, request, live, FAIR),
};

/**
 * Whether no victim could ever evict the beneficiary: all rank lower, nobody takes from his like, and
 * none has a guarantee by which to take anything back. Then the plan need not be tried against them.
 */
function arePowerless(
  { policy: { preemption } }: Team,
  victims: readonly PlannedVictim[],
): boolean {
  const { by, withinNode, nodes } = preemption;
  const isByRank = withinNode === 'lower' || withinNode === 'never';
  if (by !== 'classic' || !isByRank || Object.keys(nodes).length > 0) return false;
  return victims.every(({ allocation: { node, items } }) => {
    for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
      for (const resource in items) {
        if ((at.accounts.get(resource)?.guarantee ?? 0) > 0) return false;
      }
    }
    return true;
  });
}

/** Holders that a first plan looks at; where they are not enough, four times as many, and so on. */
const CANDIDATES_AT_FIRST = 16;

/**
 * Whom to evict for a request, or undefined where no legal and stable set of holders is enough: by
 * the planners of resolver/, over the part of the team that can give. Looks at the cheapest holders
 * first, and at no more than it needs to.
 * @param isReclaim takes back nothing but what is lent, whatever the priorities
 */
export function planPreemption(
  team: Team,
  contest: Contest,
  isReclaim = false,
): PreemptionPlan | undefined {
  const { candidate, short } = contest;
  if (short.length === 0) return undefined;
  const { place, rates, atMs } = candidate;
  // Nobody who ends gives a rate back, or hastens a slow start.
  if (!ratesFit(place.anchor, rates, atMs) || !slowStartFits(candidate)) return undefined;
  const givers: Giver[] = [];
  let isWaitingFor = CANDIDATES_AT_FIRST;
  const plan = () => planAmong(team, contest, givers, isReclaim);
  for (const giver of giversFor(team, contest)) {
    givers.push(giver);
    if (givers.length < isWaitingFor) continue;
    const found = plan();
    if (found !== undefined || givers.length >= LIMITS.candidatesMax) return found;
    isWaitingFor *= 4;
  }
  return givers.length === 0 ? undefined : plan();
}

/** The holder that would be asked first, if any may be. Costs no more than looking for it. */
export function firstVictim(team: Team, contest: Contest): Allocation | undefined {
  for (const { allocation } of giversFor(team, contest)) return allocation;
  return undefined;
}

function planAmong(
  team: Team,
  { candidate, short }: Contest,
  givers: readonly Giver[],
  isReclaim: boolean,
): PreemptionPlan | undefined {
  const { id, place, wanted, priority, atMs, ask } = candidate;
  const { boost, preemption } = preemptionAt(team, place.anchor);
  const rules = isReclaim ? reclaimAlone(preemption) : preemption;
  // What a guarantee takes back is the same whoever has the larger share.
  const by = isReclaim ? 'classic' : team.policy.preemption.by;
  const resources = by === 'fair' ? allResources(team, wanted) : Object.keys(wanted);
  const seeker = { from: place.anchor, resources, rules };
  const { tree, live, seat } = quotaSnapshot(team, seeker, givers);
  const contested = [...new Set(short.map(({ resource }) => resource))].sort();
  const request = {
    id,
    node: seat,
    priority,
    boost,
    amounts: wanted,
    contested,
    createdAtMs: atMs,
  };
  const { graceMsMax, minRuntimeMs } = team.policy.preemption;
  const byId = new Map(givers.map(({ allocation }) => [allocation.id, allocation]));
  const victimsOf = (plan: Plan | undefined): readonly PlannedVictim[] =>
    plan?.victims.map(({ id: victim, right, reason }) => ({
      allocation: byId.get(victim) as Allocation,
      right,
      reason,
    })) ?? [];
  const planner = PLANNERS[by];
  let victims = victimsOf(planner(tree, request, live));
  // One that cannot be evicted for a while cannot be turned round at once.
  const isSafe = ask.preemptible === false || minRuntimeMs > 0;
  if (!isSafe && !arePowerless(team, victims)) {
    victims = victimsOf(planStable(planner, tree, request, live));
  }
  if (victims.length === 0 || victims.length > LIMITS.victimsMax) return undefined;
  if (!isEnough(place.anchor, wanted, victims)) return undefined;
  let graceMs = 0;
  for (const { allocation } of victims) graceMs = Math.max(graceMs, allocation.ask.graceMs ?? 0);
  return { victims, graceMs: Math.min(graceMs, graceMsMax, slackMsOf(ask, place.anchor, atMs)) };
}

/** A share is of whatever a branch has most of, asked for or not. */
function allResources({ name, nodes }: Team, wanted: Amounts): string[] {
  const known = nodes.get(name)?.accounts.keys() ?? [];
  return [...new Set([...known, ...Object.keys(wanted)])].sort();
}

/** The plan, tried on the books themselves: there a report beyond a hold takes what it says. */
function isEnough(from: Node, wanted: Amounts, victims: readonly PlannedVictim[]): boolean {
  const overlay = new Overlay();
  for (const { allocation } of victims) {
    overlay.addAll(allocation.node, growthOf(allocation.items, reportedOf(allocation)));
  }
  return fits(from, wanted, overlay);
}

/** Holders of what is short that some right may take from, cheapest first, each once. */
function* giversFor(team: Team, contest: Contest): Generator<Giver> {
  const { candidate, short } = contest;
  const { atMs, place } = candidate;
  const { by, minRuntimeMs, nodes } = team.policy.preemption;
  const at = preemptionAt(team, place.anchor);
  const request = { ...candidate, boost: at.boost, createdAtMs: atMs };
  const resources = short.map(({ resource }) => resource);
  // The planner looks itself at whose the guarantee is, and at whose share is larger.
  const canReclaim =
    at.preemption.reclaim !== 'never' &&
    (by === 'fair' || hasUnusedGuarantee(place.anchor, resources));
  const isByPriorityAlone = !canReclaim && Object.keys(nodes).length === 0;
  const lists = short.map(({ path, resource }) => holdersOf(nodeOf(team, path), resource).byCost);
  let last: Allocation | undefined;
  for (const holder of mergedInOrder(lists, compareCosts)) {
    // Whoever holds on two short accounts comes twice in a row.
    if (holder === last) continue;
    last = holder;
    const mayTake = canReclaim || mayTakeByPriority(team, at, request, holder);
    if (!mayTake && isByPriorityAlone && isBeyond(holder, candidate, at)) return;
    if (!mayTake || holder.yieldsTo !== null) continue;
    if (atMs - holder.grantedAtMs < minRuntimeMs) continue;
    // What it gives back is its reservation's and nobody else's.
    if (holder.reservation !== null) continue;
    const gives = whatItGives(holder);
    if (gives !== undefined) yield { allocation: holder, gives };
  }
}

/** Whether all that follow in order of cost rank as high as the request, or higher. */
function isBeyond(
  { priority, grantedAtMs }: Allocation,
  asked: Contest['candidate'],
  { preemption: { withinNode } }: PreemptionAt,
): boolean {
  if (priority !== asked.priority) return priority > asked.priority;
  // Of its own rank the youngest come first.
  return withinNode !== 'any' && !(withinNode === 'lowerOrNewerEqual' && grantedAtMs > asked.atMs);
}

function mayTakeByPriority(
  team: Team,
  { preemption: { withinNode, whileBorrowing } }: PreemptionAt,
  request: Pick<PendingRequest, 'priority' | 'boost' | 'createdAtMs'>,
  holder: Allocation,
): boolean {
  const { priority, grantedAtMs } = holder;
  const other = { priority, grantedAtMs, boost: preemptionAt(team, holder.node).boost };
  return (
    mayPreempt(withinNode, request, other) || mayPreempt(whileBorrowing.policy, request, other)
  );
}

/**
 * What an eviction returns: of consumables what was not used, below 0 where more was than was held.
 * Undefined where it returns nothing.
 */
function whatItGives(allocation: Allocation): Amounts | undefined {
  const growth = growthOf(allocation.items, reportedOf(allocation));
  const gives: Record<string, number> = {};
  for (const resource in growth) gives[resource] = -(growth[resource] as number);
  return isAny(gives) ? gives : undefined;
}
