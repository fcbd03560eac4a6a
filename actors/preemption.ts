import { LIMITS } from '../events/limits.ts';
import type { Policy } from '../events/policy.ts';
import type { Priority } from '../events/priority.ts';
import { fits, Overlay } from './admission.ts';
import type { Contest } from './contention.ts';
import { slackMsOf } from './deadline.ts';
import { growthOf, reportedOf } from './end.ts';
import { nodeOf } from './evolve-node.ts';
import { compareCosts, holdersOf } from './holders.ts';
import { mergedInOrder } from './merged-in-order.ts';
import { ratesFit } from './rates.ts';
import type { Allocation, Team } from './team.ts';

/** Allocations that would have to yield so that a request fits. */
export interface PreemptionPlan {
  readonly victims: readonly Allocation[];
  /** Time the victims get, ms; 0: they lose it in this decision. */
  readonly graceMs: number;
}

/**
 * Whom to evict by the priority right, or undefined where it would not be enough or not legal.
 * Cheapest first (lower priority, then youngest), until the request fits; then every
 * victim that turns out not to be needed is put back, dearest first. Victims are strictly legal by
 * policy, and a plan that a victim could turn round at once is not made. Looks at no more holders
 * than it takes, and those that it must pass over.
 */
export function planPreemption(team: Team, contest: Contest): PreemptionPlan | undefined {
  const { candidate, short } = contest;
  const { withinNode, minRuntimeMs, graceMsMax } = team.policy.preemption;
  if (withinNode === 'never' || short.length === 0) return undefined;
  // Nobody who ends gives a rate back.
  const { place, rates } = candidate;
  if (!ratesFit(place.anchor, rates, candidate.atMs)) return undefined;
  const { priority, atMs } = candidate;
  const victims = leastVictims(contest, legalVictims(team, contest));
  if (victims === undefined || victims.length > LIMITS.victimsMax) return undefined;
  // The beneficiary as a holder, if it can be evicted as soon as it has its grant.
  const isSafe = candidate.ask.preemptible === false || minRuntimeMs > 0;
  const holder = { priority, grantedAtMs: atMs };
  if (!isSafe && victims.some((one) => mayEvict(one.priority, atMs, holder, withinNode))) {
    return undefined;
  }
  let graceMs = 0;
  for (const { ask } of victims) graceMs = Math.max(graceMs, ask.graceMs ?? 0);
  return {
    victims,
    graceMs: Math.min(graceMs, graceMsMax, slackMsOf(candidate.ask, candidate.place.anchor, atMs)),
  };
}

/** The holder that would be evicted first, if any may be. Costs no more than looking for it. */
export function firstVictim(team: Team, contest: Contest): Allocation | undefined {
  if (team.policy.preemption.withinNode === 'never') return undefined;
  for (const victim of legalVictims(team, contest)) return victim;
  return undefined;
}

/** Holders of what is short that may be evicted, cheapest first, each once. */
function* legalVictims(team: Team, { candidate, short }: Contest): Generator<Allocation> {
  const { withinNode, minRuntimeMs } = team.policy.preemption;
  const { priority, atMs } = candidate;
  const lists = short.map(({ path, resource }) => holdersOf(nodeOf(team, path), resource).byCost);
  let last: Allocation | undefined;
  for (const holder of mergedInOrder(lists, compareCosts)) {
    // Whoever holds on two short accounts comes twice in a row.
    if (holder === last) continue;
    last = holder;
    // Those that follow are as high or higher.
    if (withinNode !== 'any' && holder.priority > priority) return;
    if (holder.yieldsTo !== null || atMs - holder.grantedAtMs < minRuntimeMs) continue;
    // What it gives back is its reservation's and nobody else's.
    if (holder.reservation !== null) continue;
    if (mayEvict(priority, atMs, holder, withinNode)) yield holder;
  }
}

/** Victims of which some may be put back: beyond it there is no plan of so few as are allowed. */
const CHOSEN_MAX = 4 * LIMITS.victimsMax;

function leastVictims(contest: Contest, legal: Iterable<Allocation>): Allocation[] | undefined {
  const { wanted, place } = contest.candidate;
  const overlay = new Overlay();
  const chosen: Allocation[] = [];
  let isEnough = false;
  for (const victim of legal) {
    chosen.push(victim);
    giveBack(overlay, victim, 1);
    isEnough = fits(place.anchor, wanted, overlay);
    if (isEnough || chosen.length === CHOSEN_MAX) break;
  }
  if (!isEnough) return undefined;
  const needed: Allocation[] = [];
  for (const victim of chosen.reverse()) {
    giveBack(overlay, victim, -1);
    if (fits(place.anchor, wanted, overlay)) continue;
    giveBack(overlay, victim, 1);
    needed.push(victim);
  }
  return needed.reverse();
}

/**
 * What an eviction returns: all of a capacity, of a consumable what was not reported as used; of
 * what was reported beyond the hold its end takes even more. `sign` -1 takes it back.
 */
function giveBack(overlay: Overlay, victim: Allocation, sign: 1 | -1): void {
  overlay.addAll(victim.node, growthOf(victim.items, reportedOf(victim)), sign);
}

type WithinNode = Policy['preemption']['withinNode'];

/** The priority right: compares base priorities, aging gives no right to evict. */
function mayEvict(
  priority: Priority,
  atMs: number,
  holder: Pick<Allocation, 'priority' | 'grantedAtMs'>,
  withinNode: WithinNode,
): boolean {
  switch (withinNode) {
    case 'never':
      return false;
    case 'lower':
      return holder.priority < priority;
    case 'lowerOrNewerEqual':
      return (
        holder.priority < priority || (holder.priority === priority && holder.grantedAtMs > atMs)
      );
    case 'any':
      return true;
    default:
      return withinNode satisfies never;
  }
}
